// SPDX-License-Identifier: Apache-2.0
// What a call costs under one rate: integer arithmetic only, rounded up once on the whole call. Free of IO.
// The functions of the same names in migrations/0001_billing.sql compute the same; the tests compare the two.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "billing/money.hpp"

namespace tollgate::billing {

// The price of calls to one prefix. Valid rates: prices 0 … max_price, increments 1 … max_increment, the
// other two 0 … max_increment.
struct rate {
  std::int64_t rate_id = 0;
  std::string prefix{};       // E.164 digits without plus, 1 … 15
  std::string destination{};  // for people: "United Kingdom, London"
  money connection_fee{};     // once, when anything is billed at all
  money price_per_minute{};
  std::chrono::seconds initial_increment{60};  // the least that is billed
  std::chrono::seconds next_increment{60};     // and then in steps of
  std::chrono::seconds free_start{0};          // a call of at most so long costs nothing at all
  std::chrono::seconds included{0};            // billed seconds that cost nothing (the fee does)
  bool operator==(const rate&) const = default;
};

// What a carrier asks for calls to one prefix, by one of its cost decks.
struct cost_rate {
  std::string deck{};
  std::string currency{};
  rate terms{};
  bool operator==(const cost_rate&) const = default;
};

inline constexpr std::chrono::seconds max_increment{3600};
// Longer calls are billed as if they lasted so long: keeps every product below 2^63.
inline constexpr std::chrono::seconds max_call_duration{366 * 86400};

// True when every field is within its bounds (see rate).
bool is_valid(const rate& terms);

// Seconds that a call of this talk time is billed for: 0, the initial increment, or that and whole next
// increments.
std::chrono::seconds billed_seconds(const rate& terms, std::chrono::milliseconds talk);

// The price of a call of this talk time, rounded up to the next micro-unit.
money call_price(const rate& terms, std::chrono::milliseconds talk);

// The longest talk time whose price is within the credit, in whole increments, at most max_call_duration;
// 0 when not even the initial increment is affordable: the call cannot start.
std::chrono::seconds affordable_duration(const rate& terms, money credit);

}  // namespace tollgate::billing
