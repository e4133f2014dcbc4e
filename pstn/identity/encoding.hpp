// SPDX-License-Identifier: Apache-2.0
// Octets as text by RFC 4648: base64url without padding (§5), as JWS wants it, and base64 (§4). Free of IO.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::pstn::identity {

std::string to_base64url(std::span<const std::byte> octets);
/// Strict: no padding, no other alphabet, no loose bits. Nothing when malformed.
std::optional<std::vector<std::byte>> from_base64url(std::string_view text);

std::string to_base64(std::span<const std::byte> octets);
/// Strict, with padding. Nothing when malformed.
std::optional<std::vector<std::byte>> from_base64(std::string_view text);

}  // namespace tollgate::pstn::identity
