// SPDX-License-Identifier: Apache-2.0
// Decimal text of amounts.
#include "billing/money.hpp"

#include <algorithm>

#include "billing/error.hpp"

namespace tollgate::billing {
namespace {

constexpr int decimals = 6;
constexpr std::size_t longest_text = 24;  // "-1000000000.000000" and some leading zeros

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

boost::system::result<money> parse_money(std::string_view text) {
  if (text.size() > longest_text) return error::malformed;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto point = std::min(text.find('.'), text.size());
  const auto whole = text.substr(0, point);
  const auto fraction = point < text.size() ? text.substr(point + 1) : std::string_view{};
  if (whole.empty() || (point < text.size() && fraction.empty()) || fraction.size() > decimals)
    return error::malformed;
  std::int64_t micros = 0;
  const auto append = [&micros](char c) {
    micros = micros * 10 + (c - '0');
    return micros <= max_balance.micros;
  };
  for (char c : whole)
    if (!is_digit(c) || !append(c)) return error::malformed;
  for (int place = 0; place < decimals; ++place) {
    const auto index = static_cast<std::size_t>(place);
    const char c = index < fraction.size() ? fraction[index] : '0';
    if (!is_digit(c) || !append(c)) return error::malformed;
  }
  return money{negative ? -micros : micros};
}

std::string to_string(money amount) {
  // Unsigned, so that the least value has a magnitude too.
  const auto magnitude = amount.micros < 0 ? 0 - static_cast<std::uint64_t>(amount.micros)
                                           : static_cast<std::uint64_t>(amount.micros);
  auto fraction = std::to_string(magnitude % micros_per_unit);
  fraction.insert(0, decimals - fraction.size(), '0');
  while (fraction.size() > 2 && fraction.back() == '0')
    fraction.pop_back();
  return (amount.micros < 0 ? "-" : "") + std::to_string(magnitude / micros_per_unit) + "." + fraction;
}

bool is_currency(std::string_view text) {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace tollgate::billing
