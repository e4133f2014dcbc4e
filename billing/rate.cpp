// SPDX-License-Identifier: Apache-2.0
// Price of a call; the same arithmetic as billed_seconds, price_of and affordable_seconds in
// migrations/0001_billing.sql.
#include "billing/rate.hpp"

#include <algorithm>

namespace tollgate::billing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Whole minutes and the rest apart, so that the product of the dearest price and the longest call stays below
// 2^63.
money price_of(const rate& terms, seconds billed) {
  if (billed <= seconds{0}) return {};
  const std::int64_t charged = std::max(billed - terms.included, seconds{0}).count();
  const std::int64_t per_minute = terms.price_per_minute.micros;
  return {terms.connection_fee.micros + per_minute * (charged / 60) +
          (per_minute * (charged % 60) + 59) / 60};
}

bool within(money price) {
  return price >= money{} && price <= max_price;
}

}  // namespace

bool is_valid(const rate& terms) {
  const auto increment = [](seconds value) { return value >= seconds{1} && value <= max_increment; };
  const auto allowance = [](seconds value) { return value >= seconds{0} && value <= max_increment; };
  return within(terms.connection_fee) && within(terms.price_per_minute) &&
         increment(terms.initial_increment) && increment(terms.next_increment) &&
         allowance(terms.free_start) && allowance(terms.included);
}

seconds billed_seconds(const rate& terms, milliseconds talk) {
  if (talk <= milliseconds{0} || talk <= terms.free_start) return seconds{0};
  if (talk <= terms.initial_increment) return terms.initial_increment;
  const milliseconds rest = std::min<milliseconds>(talk, max_call_duration) - terms.initial_increment;
  const milliseconds step = terms.next_increment;
  return terms.initial_increment + (rest + step - milliseconds{1}) / step * terms.next_increment;
}

money call_price(const rate& terms, milliseconds talk) {
  return price_of(terms, billed_seconds(terms, talk));
}

seconds affordable_duration(const rate& terms, money credit) {
  const std::int64_t budget = (credit - terms.connection_fee).micros;
  if (budget < 0) return seconds{0};
  std::int64_t longest = max_call_duration.count();
  if (const std::int64_t per_minute = terms.price_per_minute.micros; per_minute > 0) {
    const std::int64_t minutes = std::min(budget / per_minute, longest / 60);
    longest =
        std::min(longest, minutes * 60 + budget % per_minute * 60 / per_minute + terms.included.count());
  }
  const seconds affordable{longest};
  if (affordable < terms.initial_increment) return seconds{0};
  return terms.initial_increment +
         (affordable - terms.initial_increment) / terms.next_increment * terms.next_increment;
}

}  // namespace tollgate::billing
