// SPDX-License-Identifier: Apache-2.0
// Signing and checking credentials and attach proofs.
#include "gateway/overlay/credential.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "gateway/overlay/frame.hpp"
#include "gateway/overlay/jws.hpp"

namespace tollgate::gateway::overlay {
namespace {

constexpr std::string_view credential_type = "tollgate-credential";
constexpr std::string_view attach_type = "tollgate-attach";
constexpr std::size_t capabilities_max = 32;

std::string_view to_text(credential_role role) noexcept {
  switch (role) {
    case credential_role::subscriber:
      return "subscriber";
    case credential_role::node:
      return "node";
  }
  return "";
}

std::int64_t seconds_of(wall_time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// A time claim; nothing when it is absent or beyond what the clock can hold.
std::optional<wall_time> find_time(const boost::json::object& claims, std::string_view name) {
  const auto seconds = find_integer(claims, name);
  if (!seconds || *seconds < 0 || *seconds > 4'102'444'800)  // the year 2100
    return std::nullopt;
  return wall_time(std::chrono::seconds(*seconds));
}

}  // namespace

std::string sign_credential(const private_key& authority, const credential& content) {
  boost::json::array capabilities;
  for (const auto& capability : content.capabilities)
    capabilities.emplace_back(capability);
  boost::json::object claims{{"iss", authority.public_part().thumbprint()},
                             {"sub", content.name},
                             {"role", to_text(content.role)},
                             {"cnf", {{"jwk", content.holder.to_jwk()}}},
                             {"cap", std::move(capabilities)},
                             {"iat", seconds_of(content.issued_at)},
                             {"exp", seconds_of(content.expires_at)}};
  if (content.generation != 0) claims["gen"] = content.generation;
  return sign_jws(authority, credential_type, claims);
}

boost::system::result<credential> verify_credential(std::string_view token, const public_key& authority,
                                                    credential_role role, wall_time now) {
  const auto claims = verify_jws(token, authority, credential_type);
  if (!claims) return claims.error();
  if (find_text(*claims, "iss") != authority.thumbprint() || find_text(*claims, "role") != to_text(role))
    return overlay_error::credential_foreign;
  const auto name = find_text(*claims, "sub");
  const auto issued = find_time(*claims, "iat");
  const auto expires = find_time(*claims, "exp");
  const auto* confirmation = claims->if_contains("cnf");
  const auto* jwk = confirmation != nullptr && confirmation->is_object()
                        ? confirmation->get_object().if_contains("jwk")
                        : nullptr;
  const auto* capabilities = claims->if_contains("cap");
  const auto generation = claims->contains("gen") ? find_integer(*claims, "gen") : 0;
  if (!generation) return overlay_error::token_malformed;
  if (!name || name->empty() || !issued || !expires || jwk == nullptr || capabilities == nullptr ||
      !capabilities->is_array() || capabilities->get_array().size() > capabilities_max)
    return overlay_error::token_malformed;
  auto holder = public_key::from_jwk(*jwk);
  if (!holder) return holder.error();
  if (now + token_freshness < *issued || now >= *expires) return overlay_error::credential_expired;

  credential result{.name = std::string(*name), .role = role, .holder = std::move(*holder)};
  for (const auto& capability : capabilities->get_array()) {
    if (!capability.is_string()) return overlay_error::token_malformed;
    result.capabilities.emplace_back(capability.get_string());
  }
  result.issued_at = *issued;
  result.expires_at = *expires;
  result.generation = *generation;
  return result;
}

std::string sign_attach_proof(const private_key& device, std::string_view subscriber, std::string_view node,
                              std::string_view nonce, wall_time now) {
  return sign_jws(device, attach_type,
                  {{"sub", subscriber}, {"aud", node}, {"nonce", nonce}, {"iat", seconds_of(now)}});
}

boost::system::result<void> verify_attach_proof(std::string_view token, const credential& holder,
                                                std::string_view node, std::string_view nonce,
                                                wall_time now) {
  const auto claims = verify_jws(token, holder.holder, attach_type);
  if (!claims) return claims.error();
  const auto issued = find_time(*claims, "iat");
  if (!issued) return overlay_error::token_malformed;
  if (find_text(*claims, "sub") != holder.name) return overlay_error::token_wrong_origin;
  if (find_text(*claims, "aud") != node) return overlay_error::token_wrong_destination;
  if (find_text(*claims, "nonce") != nonce) return overlay_error::token_replayed;
  if (now - *issued > token_freshness || *issued - now > token_freshness) return overlay_error::token_stale;
  return {};
}

}  // namespace tollgate::gateway::overlay
