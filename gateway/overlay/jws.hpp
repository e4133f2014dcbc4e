// SPDX-License-Identifier: Apache-2.0
// Compact JWS (RFC 7515 §3.1) with ES256 (RFC 7518 §3.4) and nothing else: the algorithm is never chosen by
// the token. Free of IO.
#pragma once

#include <boost/json/fwd.hpp>
#include <boost/system/result.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/overlay/error.hpp"
#include "gateway/overlay/key.hpp"

namespace tollgate::gateway::overlay {

inline constexpr std::size_t jws_size_max_bytes = 8 * 1024;

// base64url(header).base64url(claims).base64url(r||s) with the header {"alg":"ES256","typ":<type>}.
std::string sign_jws(const private_key& key, std::string_view type, const boost::json::object& claims);

// The claims of a token that `key` has signed as `type`. The header must have exactly alg and typ: there is
// no "crit", no "jwk", no "none". Errors: token_malformed, token_wrong_algorithm, token_wrong_type,
// token_bad_signature.
boost::system::result<boost::json::object> verify_jws(std::string_view token, const public_key& key,
                                                      std::string_view type);

}  // namespace tollgate::gateway::overlay
