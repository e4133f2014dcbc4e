// SPDX-License-Identifier: Apache-2.0
// The two families of IP addresses, told by a literal. Free of IO.
#pragma once

#include <cstdint>
#include <string_view>

namespace tollgate::pstn::sip {

enum class address_family : std::uint8_t { ipv4, ipv6 };

/// Of an IP literal without brackets; ipv4 for any other text.
constexpr address_family family_of(std::string_view literal) {
  return literal.find(':') == std::string_view::npos ? address_family::ipv4 : address_family::ipv6;
}

/// Those that we can reach.
struct address_families {
  bool ipv4 = true;
  bool ipv6 = false;
};

}  // namespace tollgate::pstn::sip
