// SPDX-License-Identifier: Apache-2.0
// Amounts of money: whole micro-units (1 EUR = 1,000,000) of a currency that is known from the context. Free
// of IO.
#pragma once

#include <boost/system/result.hpp>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace tollgate::billing {

// An amount, positive or negative. Never a floating-point number. Sums are the caller's to bound: an account
// holds at most max_balance, a price is at most max_price.
struct money {
  std::int64_t micros = 0;

  constexpr auto operator<=>(const money&) const = default;
  constexpr money operator-() const { return {-micros}; }
  constexpr money& operator+=(money other) {
    micros += other.micros;
    return *this;
  }
  constexpr money& operator-=(money other) {
    micros -= other.micros;
    return *this;
  }
  friend constexpr money operator+(money left, money right) { return left += right; }
  friend constexpr money operator-(money left, money right) { return left -= right; }
};

inline constexpr std::int64_t micros_per_unit = 1'000'000;
// The dearest connection fee, and the dearest minute: a million units of the currency.
inline constexpr money max_price{1'000'000'000'000};
// The most that an account can hold, and the most that one payment can be: a milliard units.
inline constexpr money max_balance{1'000'000'000'000'000};

// A whole number of units: units(10) is EUR 10.
constexpr money units(std::int64_t count) {
  return {count * micros_per_unit};
}

// Reads a plain decimal such as "0.017", "20", "-3.5": at most six decimals, no exponent, no sign but a
// leading minus, no thousands separators, no white space. error::malformed for anything else or beyond ±
// max_balance.
boost::system::result<money> parse_money(std::string_view text);

// The shortest decimal that parse_money reads back to the same amount, with at least two decimals: "20.00",
// "0.017".
std::string to_string(money amount);

// Three capital ASCII letters (ISO 4217 form; the list itself is not checked).
bool is_currency(std::string_view text);

}  // namespace tollgate::billing
