// SPDX-License-Identifier: Apache-2.0
#include "pstn/identity/passport.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "pstn/identity/encoding.hpp"
#include "pstn/identity/es256.hpp"

namespace tollgate::pstn::identity {
namespace {

namespace json = boost::json;
using boost::system::result;

constexpr std::size_t number_most_digits = 15;  // E.164 §6.2.1

std::string base64url(std::string_view text) {
  return to_base64url(std::as_bytes(std::span(text.data(), text.size())));
}

result<json::object> object_in(std::string_view part) {
  const auto octets = from_base64url(part);
  if (!octets) return identity_error::malformed;
  json::parse_options options;
  options.max_depth = 8;
  boost::system::error_code failure;
  auto value =
      json::parse({reinterpret_cast<const char*>(octets->data()), octets->size()}, failure, {}, options);
  if (failure || !value.is_object()) return identity_error::malformed;
  return std::move(value.get_object());
}

std::optional<std::string> text_in(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

const json::object* object_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr ? value->if_object() : nullptr;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= number_most_digits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::vector<std::string>> numbers_in(const json::object& destination) {
  const auto* list = destination.if_contains("tn");
  if (list == nullptr || !list->is_array()) return std::nullopt;
  std::vector<std::string> numbers;
  for (const auto& each : list->get_array()) {
    if (!each.is_string() || !is_number(each.get_string()) || numbers.size() == destinations_most)
      return std::nullopt;
    numbers.emplace_back(each.get_string());
  }
  if (numbers.empty()) return std::nullopt;
  return numbers;
}

result<passport> claims_of(const json::object& claims) {
  const auto* origin = object_at(claims, "orig");
  const auto* destination = object_at(claims, "dest");
  const auto* issued = claims.if_contains("iat");
  const auto attest = text_in(claims, "attest");
  const auto origin_id = text_in(claims, "origid");
  if (origin == nullptr || destination == nullptr || issued == nullptr || !attest || !origin_id)
    return identity_error::malformed;
  const auto number = text_in(*origin, "tn");
  auto numbers = numbers_in(*destination);
  const auto known = attestation_lettered(*attest);
  boost::system::error_code failure;
  const auto seconds = issued->to_number<std::int64_t>(failure);
  constexpr std::int64_t latest = 9'000'000'000;  // the year 2255: the clock counts nanoseconds in 64 bits
  if (failure || seconds < 0 || seconds > latest || !number || !is_number(*number) || !numbers || !known)
    return identity_error::malformed;
  passport said;
  said.attest = *known;
  said.origin = *number;
  said.destinations = std::move(*numbers);
  said.issued_at = wall_time(std::chrono::seconds(seconds));
  said.origin_id = *origin_id;
  return said;
}

}  // namespace

char letter(attestation value) {
  switch (value) {
    case attestation::full:
      return 'A';
    case attestation::partial:
      return 'B';
    case attestation::gateway:
      return 'C';
  }
  return 'C';
}

std::optional<attestation> attestation_lettered(std::string_view text) {
  for (const auto value : {attestation::full, attestation::partial, attestation::gateway})
    if (text == std::string_view{std::string{letter(value)}}) return value;
  return std::nullopt;
}

// RFC 8225 §9: keys in lexicographic order, no white space. boost::json keeps the order of insertion.
std::string sign(const passport& what, evp_pkey_st* key) {
  const json::object header{
      {"alg", "ES256"}, {"ppt", "shaken"}, {"typ", "passport"}, {"x5u", what.certificate_url}};
  json::array numbers(what.destinations.begin(), what.destinations.end());
  std::sort(numbers.begin(), numbers.end(),
            [](const json::value& a, const json::value& b) { return a.get_string() < b.get_string(); });
  const auto issued = std::chrono::floor<std::chrono::seconds>(what.issued_at).time_since_epoch().count();
  const json::object claims{{"attest", std::string{letter(what.attest)}},
                            {"dest", json::object{{"tn", std::move(numbers)}}},
                            {"iat", issued},
                            {"orig", json::object{{"tn", what.origin}}},
                            {"origid", what.origin_id}};
  auto token = base64url(json::serialize(header)) + '.' + base64url(json::serialize(claims));
  const auto signature = sign_es256(key, token);
  token += '.';
  return token += to_base64url(signature);
}

result<unverified_passport> read_passport(std::string_view token) {
  if (token.size() > passport_size_max_bytes) return identity_error::malformed;
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (first == std::string_view::npos || first == last) return identity_error::malformed;
  const auto claims_part = token.substr(first + 1, last - first - 1);
  auto signature = from_base64url(token.substr(last + 1));
  if (!signature || claims_part.find('.') != std::string_view::npos) return identity_error::malformed;

  const auto header = object_in(token.substr(0, first));
  if (!header) return header.error();
  const auto url = text_in(*header, "x5u");
  if (text_in(*header, "typ") != "passport" || !url) return identity_error::malformed;
  if (text_in(*header, "alg") != "ES256" || text_in(*header, "ppt") != "shaken" || header->contains("crit"))
    return identity_error::unsupported;

  const auto claims = object_in(claims_part);
  if (!claims) return claims.error();
  auto said = claims_of(*claims);
  if (!said) return said.error();
  said->certificate_url = *url;
  return unverified_passport{std::move(*said), std::string(token.substr(0, last)), std::move(*signature)};
}

bool is_signed_by(const unverified_passport& what, evp_pkey_st* key) {
  return verify_es256(key, what.signed_part, what.signature);
}

}  // namespace tollgate::pstn::identity
