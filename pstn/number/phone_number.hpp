// SPDX-License-Identifier: Apache-2.0
// A telephone number of the world: E.164 (ITU-T E.164 §6), always well-formed. Free of IO.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tollgate::pstn::number {

/// "+442079460958": an assigned country code and at most 15 digits in all. Well-formed does not say that the
/// country's numbering plan has such a number: numbering_plan.hpp does. A small value, cheap to copy.
class phone_number {
 public:
  static constexpr std::size_t least_digits =
      5;  // shortest in use: country code 3, national 4 (and a margin)
  static constexpr std::size_t most_digits = 15;  // E.164 §6.2.1

  /// Reads strict E.164 with its plus and nothing else ("+442079460958"); what people type goes through
  /// dial_policy.hpp. Errors: empty, malformed, too_short, too_long, unknown_country_code.
  static boost::system::result<phone_number> parse(std::string_view e164);

  /// "+442079460958"
  std::string e164() const { return {text_.data(), size_}; }
  /// "442079460958": what rate prefixes are matched against.
  std::string digits() const { return {text_.data() + 1, size_ - 1U}; }
  /// 44
  int country_code() const;
  /// "2079460958": the national significant number, with the leading zero where it is a part of it (Italy).
  std::string national() const;

  friend bool operator==(const phone_number&, const phone_number&) = default;
  friend std::strong_ordering operator<=>(const phone_number&, const phone_number&) = default;

 private:
  phone_number() = default;
  std::array<char, most_digits + 1> text_{};  // with the plus, zero-filled
  std::uint8_t size_ = 0;
  std::uint8_t country_code_digits_ = 0;
};

/// For logs: country code and the last two digits, "+44********58".
std::string redacted(const phone_number& number);

}  // namespace tollgate::pstn::number

namespace tollgate::pstn {
using number::phone_number;
}

template <>
struct std::hash<tollgate::pstn::number::phone_number> {
  std::size_t operator()(const tollgate::pstn::number::phone_number& number) const {
    return std::hash<std::string>{}(number.e164());
  }
};
