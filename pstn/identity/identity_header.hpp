// SPDX-License-Identifier: Apache-2.0
// The Identity header (RFC 8224 §4): a PASSporT and where its certificate is. Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/identity/passport.hpp"

namespace tollgate::pstn::identity {

/// "TOKEN;info=<URL>;alg=ES256;ppt=shaken", as RFC 8588 §5 shows it.
std::string write_identity(std::string_view token, std::string_view certificate_url);

/// Of the values of a message's Identity headers the first that bears a PASSporT of the kind "shaken"; those
/// of other kinds ("div", "rph", …) are for others. Errors: malformed, also when `info` is not the token's
/// x5u (RFC 8224 §6.2: one is the other) or no https URL; unsupported: there is none of that kind.
boost::system::result<unverified_passport> read_identity(const std::vector<std::string>& values);

inline constexpr std::size_t url_size_max_bytes = 512;

/// "https://host/…" without user, white space or control characters: a URL that may be asked for a
/// certificate at all (RFC 8224 §10.2).
bool is_certificate_url(std::string_view url);

}  // namespace tollgate::pstn::identity
