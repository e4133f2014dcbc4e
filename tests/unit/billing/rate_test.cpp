// SPDX-License-Identifier: Apache-2.0
// Billed seconds, price and affordable duration as tables, and their laws over many random rates.
#include "billing/rate.hpp"

#include <gtest/gtest.h>

#include <random>

namespace tollgate::billing {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

rate make_rate(std::int64_t fee, std::int64_t per_minute, int initial = 60, int next = 60, int free_start = 0,
               int included = 0) {
  return {.rate_id = 1,
          .prefix = "44",
          .destination = "somewhere",
          .connection_fee = {fee},
          .price_per_minute = {per_minute},
          .initial_increment = seconds{initial},
          .next_increment = seconds{next},
          .free_start = seconds{free_start},
          .included = seconds{included}};
}

struct call_row {
  const char* name;
  rate terms;
  std::int64_t talk_ms;
  std::int64_t billed_s;
  std::int64_t price_micros;
};

const call_row calls[] = {
    {"unanswered", make_rate(39'000, 17'000), 0, 0, 0},
    {"negative time", make_rate(39'000, 17'000), -5, 0, 0},
    {"one millisecond is a minute", make_rate(0, 17'000), 1, 60, 17'000},
    {"a whole minute", make_rate(0, 17'000), 60'000, 60, 17'000},
    {"a millisecond more", make_rate(0, 17'000), 60'001, 120, 34'000},
    {"fee once", make_rate(39'000, 17'000), 125'000, 180, 90'000},
    {"by the second, rounded up", make_rate(0, 17'000, 1, 1), 1'000, 1, 284},
    {"rounded once on the whole call", make_rate(0, 17'000, 1, 1), 59'000, 59, 16'717},
    {"30/6", make_rate(0, 60'000, 30, 6), 30'001, 36, 36'000},
    {"30/6 below the first", make_rate(0, 60'000, 30, 6), 2'000, 30, 30'000},
    {"free start", make_rate(39'000, 17'000, 60, 60, 4), 4'000, 0, 0},
    {"past the free start everything counts", make_rate(39'000, 17'000, 60, 60, 4), 4'001, 60, 56'000},
    {"included seconds cost nothing, the fee does", make_rate(39'000, 17'000, 60, 60, 0, 60), 50'000, 60,
     39'000},
    {"beyond the included", make_rate(0, 17'000, 60, 60, 0, 60), 61'000, 120, 17'000},
    {"toll-free", make_rate(0, 0), 600'000, 600, 0},
};

TEST(Rate, PricesCalls) {
  for (const auto& row : calls) {
    EXPECT_EQ(billed_seconds(row.terms, milliseconds{row.talk_ms}).count(), row.billed_s) << row.name;
    EXPECT_EQ(call_price(row.terms, milliseconds{row.talk_ms}).micros, row.price_micros) << row.name;
  }
}

TEST(Rate, DearestAndLongestDoesNotOverflow) {
  const auto dearest = make_rate(max_price.micros, max_price.micros, 3600, 3600);
  const auto longest = call_price(dearest, milliseconds::max());
  EXPECT_EQ(longest.micros, 527'041 * max_price.micros);
  EXPECT_EQ(longest, call_price(dearest, max_call_duration));
}

TEST(Rate, AffordableDurationInWholeIncrements) {
  struct row {
    const char* name;
    rate terms;
    std::int64_t credit;
    std::int64_t expected_s;
  };
  for (const auto& [name, terms, credit, expected_s] :
       {row{"no credit", make_rate(0, 17'000), 0, 0}, row{"a micro short", make_rate(0, 17'000), 16'999, 0},
        row{"one minute", make_rate(0, 17'000), 17'000, 60},
        row{"less than two", make_rate(0, 17'000), 33'999, 60}, row{"two", make_rate(0, 17'000), 34'000, 120},
        row{"the fee comes first", make_rate(39'000, 17'000), 55'999, 0},
        row{"fee and a minute", make_rate(39'000, 17'000), 56'000, 60},
        row{"by the second", make_rate(0, 17'000, 1, 1), 17'000, 60},
        row{"rounded up to the credit", make_rate(0, 17'000, 1, 1), 284, 1},
        row{"just not", make_rate(0, 17'000, 1, 1), 283, 0},
        row{"included seconds", make_rate(0, 17'000, 60, 60, 0, 120), 0, 120},
        row{"debt", make_rate(0, 0), -1, 0},
        row{"free calls have an end too", make_rate(0, 0), 0, max_call_duration.count()}})
    EXPECT_EQ(affordable_duration(terms, {credit}).count(), expected_s) << name;
}

TEST(Rate, AffordableIsTheLongestThatThePriceAllows) {
  std::mt19937_64 random(7);
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  for (int i = 0; i < 20'000; ++i) {
    const auto terms = make_rate(pick(0, 100'000), pick(1, 3'000'000), static_cast<int>(pick(1, 90)),
                                 static_cast<int>(pick(1, 90)), static_cast<int>(pick(0, 10)),
                                 static_cast<int>(pick(0, 100)));
    const money credit{pick(0, 20'000'000)};
    const auto longest = affordable_duration(terms, credit);
    if (longest > terms.free_start) {
      EXPECT_LE(call_price(terms, longest), credit);
      EXPECT_EQ(billed_seconds(terms, longest), longest);
    }
    if (longest < max_call_duration && longest >= terms.free_start) {
      EXPECT_GT(call_price(terms, longest + milliseconds{1}), credit);
    }
  }
}

TEST(Rate, BoundsAreChecked) {
  EXPECT_TRUE(is_valid(make_rate(0, 17'000)));
  EXPECT_FALSE(is_valid(make_rate(-1, 17'000)));
  EXPECT_FALSE(is_valid(make_rate(0, max_price.micros + 1)));
  EXPECT_FALSE(is_valid(make_rate(0, 1, 0, 60)));
  EXPECT_FALSE(is_valid(make_rate(0, 1, 60, 3601)));
  EXPECT_FALSE(is_valid(make_rate(0, 1, 60, 60, -1)));
}

}  // namespace
}  // namespace tollgate::billing
