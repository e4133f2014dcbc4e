// SPDX-License-Identifier: Apache-2.0
// What live calls cost by now.
#include <gtest/gtest.h>

#include <boost/json/value.hpp>

#include "gateway/call/summary.hpp"

namespace tollgate::gateway::call {
namespace {

using namespace std::chrono_literals;
using billing::money;
using std::chrono::milliseconds;
using std::chrono::seconds;

billing::rate by_the_minute() {
  return {.connection_fee = money{50'000}, .price_per_minute = money{17'000}, .initial_increment = 60s, .next_increment = 60s};
}

TEST(RunningCost, IsWhatTheLedgerWouldChargeNow) {
  auto by_the_second = by_the_minute();
  by_the_second.initial_increment = by_the_second.next_increment = 1s;
  auto with_allowances = by_the_second;
  with_allowances.free_start = 5s;
  with_allowances.included = 10s;
  auto long_free_start = by_the_minute();
  long_free_start.free_start = 60s;
  struct row {
    const char* name;
    billing::rate rate;
    milliseconds talk;
    money held;
    seconds billed;
    std::int64_t cost_micros;
  };
  const money much{1'000'000};
  for (const auto& [name, rate, talk, held, billed, cost_micros] : {
           row{"not answered", by_the_minute(), 0ms, much, 0s, 0},
           row{"the first increment", by_the_minute(), 1ms, much, 60s, 67'000},
           row{"its end", by_the_minute(), 60'000ms, much, 60s, 67'000},
           row{"the second one", by_the_minute(), 60'001ms, much, 120s, 84'000},
           row{"the hold pays for one", by_the_minute(), 60'001ms, money{67'000}, 60s, 67'000},
           row{"rounded up", by_the_second, 1'000ms, much, 1s, 50'284},
           row{"rounded up once", by_the_second, 2'000ms, much, 2s, 50'567},
           row{"free start", with_allowances, 5'000ms, much, 0s, 0},
           row{"included", with_allowances, 5'001ms, much, 6s, 50'000},
           row{"beyond what is included", with_allowances, 11'000ms, much, 11s, 50'284},
           row{"a free start as long as the hold", long_free_start, 60'001ms, money{67'000}, 60s, 67'000},
       }) {
    EXPECT_EQ(billed_so_far(rate, talk, held), billed) << name;
    EXPECT_EQ(cost_so_far(rate, talk, held).micros, cost_micros) << name;
    const auto told = running_cost_body(rate, "EUR", talk, held);
    EXPECT_EQ(told.at("cost_micros").as_int64(), cost_micros) << name;
    EXPECT_EQ(told.at("billed_s").as_int64(), billed.count()) << name;
  }
}

TEST(RunningCost, StandsStillWhenTheCallHasEnded) {
  const auto answered = std::chrono::steady_clock::time_point(1h);
  call_facts call;
  EXPECT_EQ(running_cost(call, answered), std::nullopt) << "a call in";
  call.rate = by_the_minute();
  call.held = money{1'000'000};
  EXPECT_EQ(running_cost(call, answered), money{}) << "nobody has answered";
  EXPECT_EQ(talk_of(call, answered), 0ms);
  call.answered = answered;
  EXPECT_EQ(running_cost(call, answered + 61s), money{84'000});
  EXPECT_EQ(talk_of(call, answered + 61s), 61s);
  call.talked = 59s;
  EXPECT_EQ(running_cost(call, answered + 61s), money{67'000});
  EXPECT_EQ(talk_of(call, answered + 61s), 59s);
  call.emergency = true;
  EXPECT_EQ(running_cost(call, answered + 61s), std::nullopt);
}

}  // namespace
}  // namespace tollgate::gateway::call
