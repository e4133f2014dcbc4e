// SPDX-License-Identifier: Apache-2.0
// The outbound call's machine and its credit clock in virtual time.
#include "gateway/call/call_machine.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace tollgate::gateway::call {
namespace {

using namespace std::chrono_literals;
using time_point = credit_clock::time_point;

const time_point start{100s};

billing::rate per_minute(std::int64_t micros, std::chrono::seconds increment) {
  billing::rate rate{};
  rate.prefix = "44";
  rate.price_per_minute = billing::money{micros};
  rate.initial_increment = increment;
  rate.next_increment = increment;
  return rate;
}

template <class Action>
std::optional<Action> find(const call_actions& actions) {
  for (const auto& one : actions)
    if (const auto* found = std::get_if<Action>(&one)) return *found;
  return std::nullopt;
}

call_machine machine_with(const billing::rate& rate, billing::money credit, std::size_t trunks) {
  credit_clock clock(rate, {});
  const auto wanted = clock.wanted();
  clock.granted(std::min(wanted, credit), credit < wanted, start);
  return call_machine({}, clock, trunks);
}

// Runs a talking call until it ends by itself: answers every extension from `credit`, collects the warnings.
struct played {
  std::vector<std::chrono::seconds> warnings;
  int extensions = 0;
  time_point ended;
};
played play(call_machine& machine, billing::money credit, billing::money granted) {
  played result;
  for (int i = 0; i < 10000 && machine.current() != call_machine::state::ended; ++i) {
    const auto at = *machine.next_deadline();
    result.ended = at;
    const auto actions = machine.on_time(at);
    if (const auto warning = find<action::warn>(actions)) result.warnings.push_back(warning->left);
    if (const auto more = find<action::extend>(actions)) {
      ++result.extensions;
      const billing::money total{std::min(granted.micros + more->more.micros, credit.micros)};
      const bool final = total.micros < granted.micros + more->more.micros;
      granted = total;
      machine.on_extended(granted, final, at);
    }
  }
  return result;
}

TEST(CallMachine, TriesTheNextTrunkWhenTheFirstSaysNothingOfTheCall) {
  auto machine = machine_with(per_minute(17'000, 60s), billing::money{20'000'000}, 2);
  EXPECT_EQ(find<action::invite_trunk>(machine.start(start))->index, 0u);
  ASSERT_EQ(machine.next_deadline(), start + 12s);
  const auto actions = machine.on_time(start + 12s);
  EXPECT_TRUE(find<action::drop_trunk>(actions));
  EXPECT_EQ(find<action::invite_trunk>(actions)->index, 1u);
  // The last one has all the time that is left: nobody else could do better.
  ASSERT_EQ(machine.next_deadline(), start + 120s);
  EXPECT_FALSE(find<action::invite_trunk>(machine.on_time(start + 60s)));
  machine.on_time(start + 120s);
  EXPECT_EQ(machine.outcome().reason, "no_answer");
}

TEST(CallMachine, KeepsToATrunkThatRings) {
  auto machine = machine_with(per_minute(17'000, 60s), billing::money{20'000'000}, 2);
  machine.start(start);
  machine.on_provisional(180, false, start + 11s);
  EXPECT_EQ(machine.next_deadline(), start + 120s);
  EXPECT_TRUE(machine.on_time(start + 12s).empty());
}

TEST(CallMachine, ATrunkWithoutRoomIsPassedOverAndSaysNothing) {
  auto machine = machine_with(per_minute(17'000, 60s), billing::money{20'000'000}, 2);
  machine.start(start);
  EXPECT_EQ(find<action::invite_trunk>(machine.on_trunk_skipped(start))->index, 1u);
  EXPECT_TRUE(find<action::finish>(machine.on_trunk_skipped(start)));
  EXPECT_EQ(machine.outcome().reason, "congestion");
  EXPECT_TRUE(machine.exhausted());
  EXPECT_EQ(machine.outcome().sip_code, 0) << "no carrier has said a word";
  EXPECT_EQ(machine.outcome().q850, 34);

  auto refused = machine_with(per_minute(17'000, 60s), billing::money{20'000'000}, 2);
  refused.start(start);
  refused.on_trunk_failed(480, std::nullopt, start + 1s);
  refused.on_trunk_skipped(start + 1s);
  EXPECT_EQ(refused.outcome().sip_code, 480) << "what a carrier did say is kept";
}

TEST(CallMachine, TellsWhetherAnotherTrunkWouldHaveBeenTried) {
  for (const auto& [status, more_wanted] : {std::pair{503, true}, {408, true}, {486, false}, {404, false}}) {
    auto machine = machine_with(per_minute(17'000, 60s), billing::money{20'000'000}, 1);
    machine.start(start);
    machine.on_trunk_failed(status, std::nullopt, start + 1s);
    EXPECT_EQ(machine.exhausted(), more_wanted) << status;
  }
}

TEST(CallMachine, AnEmergencyGoesOnWhateverTheFirstTrunkSays) {
  for (const auto& [status, q850] : {std::pair<int, std::optional<int>>{403, {}}, {486, {}}, {503, 17}, {603, {}}}) {
    call_machine machine({.try_all = true}, credit_clock(per_minute(0, 60s), {}), 2);
    machine.start(start);
    machine.on_provisional(180, false, start);  // even if it rang
    const auto next = machine.on_trunk_failed(status, q850, start + 1s);
    ASSERT_TRUE(find<action::invite_trunk>(next)) << status;
    EXPECT_TRUE(find<action::finish>(machine.on_trunk_failed(status, q850, start + 2s))) << status;
    EXPECT_EQ(machine.outcome().sip_code, status);
  }
}

TEST(CallMachine, AnInviteAtTheEndOfAllPatienceIsNotSent) {
  call_machine machine({.progress = 12s, .ringing = 12s}, credit_clock(per_minute(0, 60s), {}), 2);
  machine.start(start);
  const auto actions = machine.on_time(start + 12s);
  EXPECT_TRUE(find<action::drop_trunk>(actions));
  EXPECT_FALSE(find<action::invite_trunk>(actions));
}

TEST(CallMachine, FailsOverOnlyWhereTheFailureIsTheTrunks) {
  struct row {
    int status;
    bool next_trunk;
    std::string reason;
  };
  for (const auto& row :
       {row{503, true, ""}, row{500, true, ""}, row{486, false, "busy"}, row{603, false, "declined"}}) {
    auto machine = machine_with(per_minute(17'000, 60s), billing::money{20'000'000}, 2);
    machine.start(start);
    machine.on_provisional(100, false, start);
    const auto actions = machine.on_trunk_failed(row.status, std::nullopt, start + 1s);
    EXPECT_EQ(find<action::invite_trunk>(actions).has_value(), row.next_trunk) << row.status;
    if (!row.next_trunk) {
      EXPECT_EQ(machine.outcome().reason, row.reason);
    }
  }
}

TEST(CallMachine, TimeOutAfterRingingIsNoAnswerAndNoTrunksFault) {
  auto machine = machine_with(per_minute(17'000, 60s), billing::money{20'000'000}, 2);
  machine.start(start);
  machine.on_provisional(180, false, start + 1s);
  EXPECT_FALSE(find<action::invite_trunk>(machine.on_trunk_failed(408, std::nullopt, start + 60s)));
  EXPECT_EQ(machine.outcome().reason, "no_answer");
}

TEST(CallMachine, FailsOverOnTheTrunksOwnCodesButNeverAfterItRangOrAnswered) {
  const int codes[] = {404};
  struct row {
    const char* name;
    int status;
    bool rang;
    bool next_trunk;
  };
  for (const auto& row :
       {row{"configured", 404, false, true}, row{"not configured", 403, false, false},
        row{"unavailable", 480, false, true}, row{"unavailable after it rang", 480, true, false},
        row{"failed after it rang", 503, true, true}}) {
    auto machine = machine_with(per_minute(17'000, 60s), billing::money{20'000'000}, 2);
    machine.start(start);
    if (row.rang) machine.on_provisional(180, false, start);
    const auto actions = machine.on_trunk_failed(row.status, std::nullopt, start + 1s, codes);
    EXPECT_EQ(find<action::invite_trunk>(actions).has_value(), row.next_trunk) << row.name;
  }
  auto machine = machine_with(per_minute(17'000, 60s), billing::money{20'000'000}, 2);
  machine.start(start);
  EXPECT_FALSE(find<action::invite_trunk>(machine.on_unusable_answer(start + 1s)));
  EXPECT_EQ(machine.outcome().reason, "media_refused");
  EXPECT_EQ(machine.talk_duration(), 0ms);
}

TEST(CallMachine, EndsWithTheLastFailureWhenNoTrunkIsLeft) {
  auto machine = machine_with(per_minute(17'000, 60s), billing::money{20'000'000}, 1);
  machine.start(start);
  const auto actions = machine.on_trunk_failed(503, std::nullopt, start + 1s);
  EXPECT_TRUE(find<action::finish>(actions));
  EXPECT_EQ(machine.outcome().sip_code, 503);
  EXPECT_EQ(machine.talk_duration(), 0ms);
}

TEST(CallMachine, CallerWhoGivesUpBeforeTheAnswerTalkedForNothing) {
  auto machine = machine_with(per_minute(17'000, 60s), billing::money{20'000'000}, 1);
  machine.start(start);
  EXPECT_TRUE(find<action::tell_ringing>(machine.on_provisional(180, false, start + 1s)));
  const auto actions = machine.on_caller_hung_up(start + 5s);
  EXPECT_TRUE(find<action::drop_trunk>(actions));
  EXPECT_TRUE(find<action::finish>(actions));
  EXPECT_EQ(machine.outcome().reason, "cancelled");
  EXPECT_TRUE(machine.on_answered(start + 6s).empty())
      << "an answer that crosses the hang-up must not start the meter";
  EXPECT_EQ(machine.talk_duration(), 0ms);
}

TEST(CallMachine, MeasuresFromTheAnswerToTheHangUp) {
  auto machine = machine_with(per_minute(17'000, 60s), billing::money{20'000'000}, 1);
  machine.start(start);
  machine.on_provisional(183, true, start + 1s);
  EXPECT_TRUE(find<action::connect>(machine.on_answered(start + 3s)));
  machine.on_trunk_hung_up(16, start + 3s + 61'250ms);
  EXPECT_EQ(machine.talk_duration(), 61'250ms);
  EXPECT_EQ(machine.outcome().by, party::callee);
  EXPECT_TRUE(machine.on_caller_hung_up(start + 100s).empty()) << "a call ends once";
}

TEST(CallMachine, WhatWasAnsweredHasBeenTalkedHoweverShort) {
  using std::chrono::microseconds;
  for (const auto& [talked, expected] : {std::pair{microseconds(1), 1ms}, {microseconds(999), 1ms}, {microseconds(1'999), 1ms}, {microseconds(2'000), 2ms}}) {
    auto machine = machine_with(per_minute(17'000, 60s), billing::money{20'000'000}, 1);
    machine.start(start);
    machine.on_answered(start + 3s);
    machine.on_caller_hung_up(start + 3s + talked);
    EXPECT_EQ(machine.talk_duration(), expected) << talked.count() << " us";
    EXPECT_EQ(billing::call_price(per_minute(17'000, 60s), machine.talk_duration()).micros, 17'000);
  }
}

TEST(CallMachine, ExtendsBeforeTheGrantRunsOutAndCutsAtThePaidSecond) {
  struct row {
    const char* name;
    std::int64_t price_per_minute;
    std::chrono::seconds increment;
    std::int64_t credit;
    std::chrono::seconds expected;
    std::vector<std::chrono::seconds> warnings;
  };
  const row rows[] = {
      {"twenty seconds in all: warned at the answer and at ten", 60'000, 1s, 20'000, 20s, {20s, 10s}},
      {"five minutes exactly", 60'000, 1s, 300'000, 300s, {60s, 10s}},
      {"whole minutes only", 60'000, 60s, 299'999, 240s, {60s, 10s}},
      {"one increment", 17'000, 60s, 17'000, 60s, {60s, 10s}},
  };
  for (const auto& row : rows) {
    const auto rate = per_minute(row.price_per_minute, row.increment);
    const billing::money credit{row.credit};
    auto machine = machine_with(rate, credit, 1);
    const auto granted = std::min(machine.credit().wanted(), credit);
    machine.start(start);
    machine.on_answered(start);
    const auto result = play(machine, credit, granted);
    EXPECT_EQ(result.ended - start, row.expected) << row.name;
    EXPECT_EQ(machine.talk_duration(), row.expected) << row.name;
    EXPECT_EQ(machine.outcome().reason, "credit_exhausted") << row.name;
    EXPECT_EQ(result.warnings, row.warnings) << row.name;
    EXPECT_LE(billing::call_price(rate, machine.talk_duration()), credit) << row.name;
  }
}

TEST(CallMachine, LateTimerIsNotChargedBeyondTheGrant) {
  auto machine = machine_with(per_minute(60'000, 1s), billing::money{20'000}, 1);
  machine.start(start);
  machine.on_answered(start);
  for (int i = 0; i < 10 && machine.current() != call_machine::state::ended; ++i)
    machine.on_time(start + 20'040ms);
  EXPECT_EQ(machine.talk_duration(), 20s);
}

TEST(CallMachine, TopUpInMidCallExtendsIt) {
  auto machine = machine_with(per_minute(60'000, 1s), billing::money{20'000}, 1);
  machine.start(start);
  machine.on_answered(start);
  std::chrono::seconds last_warning{0};
  bool topped_up = false;
  time_point ended = start;
  std::int64_t granted = 20'000;
  for (int i = 0; i < 100 && machine.current() != call_machine::state::ended; ++i) {
    ended = *machine.next_deadline();
    const auto actions = machine.on_time(ended);
    if (const auto warning = find<action::warn>(actions)) last_warning = warning->left;
    if (const auto more = find<action::extend>(actions)) {
      if (!topped_up && ended >= start + 15s) {
        topped_up = true;
        granted += more->more.micros;
        machine.on_extended(billing::money{granted}, false, ended);
      } else {
        machine.on_extended(billing::money{granted}, true, ended);
      }
    }
  }
  EXPECT_TRUE(topped_up);
  EXPECT_EQ(ended - start, 80s) << "20 s of old credit and one more unit";
  EXPECT_EQ(last_warning, 10s) << "warned again before the new end";
}

// What a call with 20 s of credit, every answer final, does until `when` or its end.
struct waited {
  std::vector<time_point> asked;
  std::vector<std::chrono::seconds> warnings;
};
waited wait_until(call_machine& machine, time_point when) {
  waited result;
  while (machine.current() != call_machine::state::ended && *machine.next_deadline() <= when) {
    const auto at = *machine.next_deadline();
    const auto actions = machine.on_time(at);
    if (const auto warning = find<action::warn>(actions)) result.warnings.push_back(warning->left);
    if (find<action::extend>(actions)) {
      result.asked.push_back(at);
      machine.on_extended(billing::money{20'000}, true, at);
    }
  }
  return result;
}

TEST(CallMachine, TopUpAfterTheLastWarningExtendsTheCallAtOnce) {
  auto machine = machine_with(per_minute(60'000, 1s), billing::money{20'000}, 1);
  machine.start(start);
  machine.on_answered(start);
  const auto before = wait_until(machine, start + 16s);
  EXPECT_EQ(before.warnings, (std::vector<std::chrono::seconds>{20s, 10s}));
  EXPECT_EQ(before.asked, (std::vector<time_point>{start + 15s})) << "and not again before the end";
  machine.on_credit_grew(start + 17s);
  ASSERT_EQ(machine.next_deadline(), start + 17s);
  const auto more = find<action::extend>(machine.on_time(start + 17s));
  ASSERT_TRUE(more);
  const auto actions = machine.on_extended(billing::money{20'000 + more->more.micros}, false, start + 17s);
  EXPECT_EQ(find<action::relieve>(actions)->left, 63s) << "the device is told that the warning holds no longer";
  EXPECT_EQ(play(machine, billing::money{80'000}, billing::money{80'000}).ended, start + 80s);
}

TEST(CallMachine, AsksOnceMoreJustBeforeItIsCutOff) {
  auto machine = machine_with(per_minute(60'000, 1s), billing::money{20'000}, 1);
  machine.start(start);
  machine.on_answered(start);
  EXPECT_EQ(wait_until(machine, start + 60s).asked, (std::vector<time_point>{start + 15s, start + 18s}));
  EXPECT_EQ(machine.outcome().reason, "credit_exhausted");
  EXPECT_EQ(machine.talk_duration(), 20s);
}

TEST(CallMachine, NewsOfCreditThatCrossesAFinalAnswerIsNotLost) {
  auto machine = machine_with(per_minute(60'000, 1s), billing::money{20'000}, 1);
  machine.start(start);
  machine.on_answered(start);
  wait_until(machine, start + 14s);
  ASSERT_TRUE(find<action::extend>(machine.on_time(start + 15s)));
  machine.on_credit_grew(start + 15s);
  machine.on_extended(billing::money{20'000}, true, start + 15'100ms);  // as it was before the top-up
  EXPECT_EQ(machine.next_deadline(), start + 15'100ms);
  EXPECT_TRUE(find<action::extend>(machine.on_time(start + 15'100ms)));
}

TEST(CallMachine, LimitsAreAskedAboutAlthoughTheCreditSuffices) {
  struct row {
    const char* name;
    billing::rate rate;
    std::chrono::seconds included;
  };
  for (const auto& row : {row{"no price", per_minute(0, 60s), 0s}, row{"an hour included", per_minute(60'000, 60s), 1h}}) {
    auto rate = row.rate;
    rate.included = row.included;
    credit_clock clock(rate, {.check = 120s});
    clock.granted(billing::money{0}, false, start);
    call_machine machine({}, clock, 1);
    machine.start(start);
    machine.on_answered(start);
    for (auto at = start + 120s; at <= start + 1200s; at += 120s) {
      ASSERT_EQ(machine.next_deadline(), at) << row.name;
      const auto asked = find<action::extend>(machine.on_time(at));
      ASSERT_TRUE(asked) << row.name;
      EXPECT_EQ(asked->more, billing::money{0}) << row.name;
      EXPECT_EQ(asked->used, at - start) << row.name;
      machine.on_extended(billing::money{0}, false, at);
    }
    EXPECT_TRUE(find<action::finish>(
        machine.on_gateway_ends("fraud_limit", "a limit", 21, start + 1201s)));
  }
}

TEST(CallMachine, CallThatCostsNothingIsStillBounded) {
  auto machine = machine_with(per_minute(0, 60s), billing::money{0}, 1);
  machine.start(start);
  machine.on_answered(start);
  const auto result = play(machine, billing::money{0}, billing::money{0});
  EXPECT_EQ(result.ended - start, 12h);
  EXPECT_EQ(machine.outcome().reason, "longest_duration");
  EXPECT_TRUE(result.warnings.empty());
}

TEST(CallMachine, KeepsTalkingWithinItsHoldWhenNoExtensionCanBeHad) {
  const auto rate = per_minute(60'000, 1s);
  auto machine = machine_with(rate, billing::money{1'000'000}, 1);
  machine.start(start);
  machine.on_answered(start);
  time_point ended = start;
  for (int i = 0; i < 100 && machine.current() != call_machine::state::ended; ++i) {
    ended = *machine.next_deadline();
    if (find<action::extend>(machine.on_time(ended))) machine.on_extension_failed(ended);
  }
  EXPECT_EQ(ended - start, 135s) << "what the first hold pays";
}

}  // namespace
}  // namespace tollgate::gateway::call
