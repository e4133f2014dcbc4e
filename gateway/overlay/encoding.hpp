// SPDX-License-Identifier: Apache-2.0
// Octets as text (base64url of RFC 4648 §5 without padding, hexadecimal), SHA-256, random texts. Free of IO
// but for the system's randomness.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::gateway::overlay {

std::string to_base64url(std::span<const std::byte> octets);
// Strict: no padding, no other alphabet, no loose bits. Nothing when malformed.
std::optional<std::vector<std::byte>> from_base64url(std::string_view text);

// Base64 of RFC 4648 §4 with padding, for the audio in `voicemail` frames. Decoding is strict.
std::string to_base64(std::span<const std::byte> octets);
std::optional<std::vector<std::byte>> from_base64(std::string_view text);

using sha256_digest = std::array<std::byte, 32>;
sha256_digest sha256(std::span<const std::byte> octets);
sha256_digest sha256(std::string_view text);

void fill_random(std::span<std::byte> octets);  // from OpenSSL's generator; throws std::runtime_error without
std::string random_token(std::size_t octets);   // that many random octets as base64url

inline std::span<const std::byte> bytes_of(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace tollgate::gateway::overlay
