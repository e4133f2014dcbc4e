// SPDX-License-Identifier: Apache-2.0
// Signing and checking call tokens; the replay cache.
#include "gateway/overlay/call_token.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "gateway/overlay/encoding.hpp"
#include "gateway/overlay/frame.hpp"
#include "gateway/overlay/jws.hpp"

namespace tollgate::gateway::overlay {
namespace {

constexpr std::string_view call_type = "tollgate-call";
constexpr std::int64_t token_version = 1;
constexpr std::size_t token_id_max_bytes = 64;
constexpr auto replay_memory = 2 * token_freshness;

std::string_view to_text(call_role role) noexcept {
  switch (role) {
    case call_role::offer:
      return "offer";
    case call_role::answer:
      return "answer";
  }
  return "";
}

// RFC 8225 §5.2.1: an identity is {"uri":…}; "dest" holds a list of them.
boost::json::object identity(std::string_view uri) {
  return {{"uri", uri}};
}

std::optional<std::string_view> find_origin(const boost::json::object& claims) {
  const auto* origin = claims.if_contains("orig");
  return origin != nullptr && origin->is_object() ? find_text(origin->get_object(), "uri") : std::nullopt;
}

std::optional<std::string_view> find_destination(const boost::json::object& claims) {
  const auto* destination = claims.if_contains("dest");
  if (destination == nullptr || !destination->is_object()) return std::nullopt;
  const auto* uris = destination->get_object().if_contains("uri");
  if (uris == nullptr || !uris->is_array() || uris->get_array().size() != 1 ||
      !uris->get_array().front().is_string())
    return std::nullopt;
  return uris->get_array().front().get_string();
}

// RFC 8225 §5.2.2: "mky" lists {"alg","dig"}; exactly one here.
std::optional<fingerprint> find_fingerprint(const boost::json::object& claims) {
  const auto* keys = claims.if_contains("mky");
  if (keys == nullptr || !keys->is_array() || keys->get_array().size() != 1 ||
      !keys->get_array().front().is_object())
    return std::nullopt;
  const auto& key = keys->get_array().front().get_object();
  if (find_text(key, "alg") != "sha-256") return std::nullopt;
  const auto digest = fingerprint::from_text(find_text(key, "dig").value_or(""));
  return digest ? std::optional(*digest) : std::nullopt;
}

boost::system::result<void> check(const boost::json::object& claims, const call_claims& expected) {
  if (find_integer(claims, "ver") != token_version || find_text(claims, "srtp") != required_srtp_profile)
    return overlay_error::token_wrong_profile;
  if (find_origin(claims) != expected.origin) return overlay_error::token_wrong_origin;
  if (find_destination(claims) != expected.destination || find_text(claims, "aud") != expected.audience)
    return overlay_error::token_wrong_destination;
  if (find_text(claims, "call") != expected.call || find_text(claims, "role") != to_text(expected.role))
    return overlay_error::token_wrong_call;
  if (find_text(claims, "ofr").value_or("") != expected.offer_token_id)
    return overlay_error::token_wrong_offer;
  if (find_fingerprint(claims) != expected.certificate) return overlay_error::token_wrong_fingerprint;
  if (find_text(claims, "sdp") != to_base64url(sha256(expected.sdp)))
    return overlay_error::token_wrong_description;
  return {};
}

}  // namespace

bool replay_cache::remember(std::string_view token_id, wall_time now) {
  while (!by_age_.empty() && now - by_age_.front().first > replay_memory) {
    ids_.erase(by_age_.front().second);
    by_age_.pop_front();
  }
  if (ids_.size() >= entries_max_ || !ids_.emplace(token_id).second) return false;
  by_age_.emplace_back(now, token_id);
  return true;
}

signed_call_token sign_call_token(const private_key& key, const call_claims& claims, wall_time now) {
  auto token_id = claims.token_id.empty() ? random_token(16) : claims.token_id;
  const auto issued = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  boost::json::object content{
      {"aud", claims.audience},
      {"call", claims.call},
      {"dest", {{"uri", boost::json::array{boost::json::string(claims.destination)}}}},
      {"iat", issued},
      {"jti", token_id},
      {"mky",
       boost::json::array{boost::json::object{{"alg", "sha-256"}, {"dig", claims.certificate.to_text()}}}},
      {"orig", identity(claims.origin)},
      {"role", to_text(claims.role)},
      {"sdp", to_base64url(sha256(claims.sdp))},
      {"srtp", required_srtp_profile},
      {"ver", token_version}};
  if (!claims.offer_token_id.empty()) content["ofr"] = claims.offer_token_id;
  return {sign_jws(key, call_type, content), std::move(token_id)};
}

boost::system::result<std::string> verify_call_token(std::string_view token, const public_key& signer,
                                                     const call_claims& expected, wall_time now,
                                                     replay_cache& seen) {
  const auto claims = verify_jws(token, signer, call_type);
  if (!claims) return claims.error();
  const auto issued = find_integer(*claims, "iat");
  const auto token_id = find_text(*claims, "jti");
  if (!issued || !token_id || token_id->empty() || token_id->size() > token_id_max_bytes)
    return overlay_error::token_malformed;
  const auto current = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (*issued < current - token_freshness.count() || *issued > current + token_freshness.count())
    return overlay_error::token_stale;
  if (const auto checked = check(*claims, expected); !checked) return checked.error();
  if (!seen.remember(*token_id, now)) return overlay_error::token_replayed;
  return std::string(*token_id);
}

}  // namespace tollgate::gateway::overlay
