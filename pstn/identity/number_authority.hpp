// SPDX-License-Identifier: Apache-2.0
// For which numbers a certificate may speak: the TNAuthorizationList extension of RFC 8226 §9. Free of IO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::pstn::identity {

/// The extension's object identifier, id-pe-TNAuthList.
inline constexpr const char* number_authority_oid = "1.3.6.1.5.5.7.1.26";

struct number_authority {
  struct range {
    std::string first;  ///< digits
    std::uint64_t count;
  };
  std::vector<std::string> providers;  ///< service provider codes: they say whose certificate it is
  std::vector<range> numbers;          ///< single ones are ranges of one

  /// A provider's certificate covers what that provider has numbered or attests (RFC 8588 §4), which no list
  /// tells; one for numbers alone covers just those. `number` is canonical: digits.
  bool covers(std::string_view number) const;
};

/// Reads the DER of the extension's value; nothing for what is not a TNAuthorizationList.
std::optional<number_authority> read_number_authority(std::span<const unsigned char> der);

}  // namespace tollgate::pstn::identity
