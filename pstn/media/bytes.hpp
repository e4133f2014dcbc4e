// SPDX-License-Identifier: Apache-2.0
// Integers in network byte order. The caller has checked the length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tollgate::pstn::media {

inline std::uint16_t read_u16(std::span<const std::byte> in, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(in[at]) << 8 |
                                    std::to_integer<unsigned>(in[at + 1]));
}

inline std::uint32_t read_u32(std::span<const std::byte> in, std::size_t at) noexcept {
  return static_cast<std::uint32_t>(read_u16(in, at)) << 16 | read_u16(in, at + 2);
}

inline void write_u16(std::span<std::byte> out, std::size_t at, std::uint16_t value) noexcept {
  out[at] = static_cast<std::byte>(value >> 8);
  out[at + 1] = static_cast<std::byte>(value);
}

inline void write_u32(std::span<std::byte> out, std::size_t at, std::uint32_t value) noexcept {
  write_u16(out, at, static_cast<std::uint16_t>(value >> 16));
  write_u16(out, at + 2, static_cast<std::uint16_t>(value));
}

}  // namespace tollgate::pstn::media
