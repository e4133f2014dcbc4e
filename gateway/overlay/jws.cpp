// SPDX-License-Identifier: Apache-2.0
#include "gateway/overlay/jws.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "gateway/overlay/encoding.hpp"
#include "gateway/overlay/frame.hpp"
#include "pstn/identity/es256.hpp"

namespace tollgate::gateway::overlay {
namespace {

std::string header_of(std::string_view type) {
  return boost::json::serialize(boost::json::object{{"alg", "ES256"}, {"typ", type}});
}

// The JSON object in one base64url part.
boost::system::result<boost::json::object> decode_object(std::string_view part) {
  const auto octets = from_base64url(part);
  if (!octets) return overlay_error::token_malformed;
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = 8;
  auto value =
      boost::json::parse({reinterpret_cast<const char*>(octets->data()), octets->size()}, error, {}, options);
  if (error || !value.is_object()) return overlay_error::token_malformed;
  return std::move(value.get_object());
}

}  // namespace

std::string sign_jws(const private_key& key, std::string_view type, const boost::json::object& claims) {
  auto token =
      to_base64url(bytes_of(header_of(type))) + '.' + to_base64url(bytes_of(boost::json::serialize(claims)));
  const auto signature = pstn::identity::sign_es256(key.native(), token);
  token += '.';
  token += to_base64url(signature);
  return token;
}

boost::system::result<boost::json::object> verify_jws(std::string_view token, const public_key& key,
                                                      std::string_view type) {
  if (token.size() > jws_size_max_bytes) return overlay_error::token_malformed;
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (first == std::string_view::npos || first == last) return overlay_error::token_malformed;
  const auto claims_part = token.substr(first + 1, last - first - 1);
  const auto signature = from_base64url(token.substr(last + 1));
  if (!signature || claims_part.find('.') != std::string_view::npos) return overlay_error::token_malformed;

  const auto header = decode_object(token.substr(0, first));
  if (!header) return header.error();
  if (find_text(*header, "alg") != "ES256") return overlay_error::token_wrong_algorithm;
  if (find_text(*header, "typ") != type) return overlay_error::token_wrong_type;
  if (header->size() != 2)  // "crit", "jwk", "x5u", …: nothing of it is understood here
    return overlay_error::token_malformed;

  if (!pstn::identity::verify_es256(key.native(), token.substr(0, last), *signature))
    return overlay_error::token_bad_signature;
  return decode_object(claims_part);
}

}  // namespace tollgate::gateway::overlay
