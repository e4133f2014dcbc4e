// SPDX-License-Identifier: Apache-2.0
// Numbers of RFC 8489 and RFC 8445 shared by the STUN reader and writer, for the sources of this room only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tollgate::gateway::overlay::stun {

inline constexpr std::size_t header_bytes = 20;            // RFC 8489 §5
inline constexpr std::size_t attribute_header_bytes = 4;   // §14
inline constexpr std::uint32_t magic_cookie = 0x2112A442;  // §5
inline constexpr std::size_t integrity_bytes = 20;         // HMAC-SHA1, §14.5
inline constexpr std::size_t fingerprint_bytes = 4;        // CRC-32, §14.7
inline constexpr std::uint32_t fingerprint_xor = 0x5354554E;
inline constexpr std::size_t message_max_bytes = 2048;  // longer ones are refused: none is needed here

enum attribute : std::uint16_t {
  username = 0x0006,            // §14.3
  message_integrity = 0x0008,   // §14.5
  error_code = 0x0009,          // §14.8
  unknown_attributes = 0x000A,  // §14.13
  xor_mapped_address = 0x0020,  // §14.2
  priority = 0x0024,            // RFC 8445 §16.1
  use_candidate = 0x0025,       // RFC 8445 §16.1
  software = 0x8022,            // §14.14
  fingerprint = 0x8028,         // §14.7
  ice_controlled = 0x8029,      // RFC 8445 §16.1
  ice_controlling = 0x802A,     // RFC 8445 §16.1
};

inline std::uint16_t load16(const std::byte* from) noexcept {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(from[0]) << 8 |
                                    std::to_integer<unsigned>(from[1]));
}
inline std::uint32_t load32(const std::byte* from) noexcept {
  return static_cast<std::uint32_t>(load16(from)) << 16 | load16(from + 2);
}
inline void store16(std::byte* to, std::uint16_t value) noexcept {
  to[0] = static_cast<std::byte>(value >> 8);
  to[1] = static_cast<std::byte>(value & 0xff);
}
inline void store32(std::byte* to, std::uint32_t value) noexcept {
  store16(to, static_cast<std::uint16_t>(value >> 16));
  store16(to + 2, static_cast<std::uint16_t>(value & 0xffff));
}

// CRC-32 of ITU-T V.42, as FINGERPRINT wants it.
std::uint32_t crc32(std::span<const std::byte> octets) noexcept;

// HMAC-SHA1 over the message up to `integrity_offset`, its length field set as if the message ended with
// MESSAGE-INTEGRITY (§14.5). False when the library fails or the message is longer than message_max_bytes.
bool message_hmac(std::span<const std::byte> message, std::size_t integrity_offset,
                  std::span<const std::byte> key, std::array<std::byte, integrity_bytes>& into) noexcept;

}  // namespace tollgate::gateway::overlay::stun
