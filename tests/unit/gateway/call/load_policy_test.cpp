// SPDX-License-Identifier: Apache-2.0
// The overload policy in virtual time: tables of loads and what becomes of the level.
#include "gateway/call/load_policy.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace tollgate::gateway::call;
using time_point = load_policy::time_point;

struct phase {
  load_sample load;
  int samples;          // half a second each
  load_level expected;  // after the last
};
struct row {
  const char* name;
  std::vector<phase> phases;
};

constexpr load_sample idle{0.02, 0ms}, busy{0.8, 1ms}, high{0.88, 2ms}, saturated{0.99, 30ms}, half{0.5, 1ms},
    moderate{0.6, 1ms}, brisk{0.7, 1ms};
constexpr load_sample few_calls_starved{0.29, 200ms}, starved{0.4, 200ms}, late{0.7, 12ms};

const std::vector<row> rows{
    {"StaysNormalWhileBusy", {{idle, 4, load_level::normal}, {busy, 100, load_level::normal}}},
    {"OneHighSampleIsNoOverload",
     {{high, 1, load_level::normal}, {busy, 1, load_level::normal}, {high, 1, load_level::normal}}},
    {"RefinesLessStepByStepThenRefuses",
     {{high, 2, load_level::reduced},
      {high, 1, load_level::reduced},
      {high, 1, load_level::least},
      {high, 3, load_level::least},
      {high, 1, load_level::refusing},
      {high, 50, load_level::refusing}}},
    {"SaturationCostsRefinementAtOnceButRefusesNobodyAtOnce",
     {{saturated, 1, load_level::reduced},
      {saturated, 1, load_level::least},
      {saturated, 3, load_level::least},
      {saturated, 1, load_level::refusing}}},
    {"ABriefBurstRefusesNobody",
     {{saturated, 5, load_level::least}, {half, 1, load_level::least}, {saturated, 3, load_level::least}}},
    {"FewCallsOnAMachineThatIsBusyWithOtherThings", {{few_calls_starved, 200, load_level::normal}}},
    {"LateByOthersDoingCostsRefinementOnly",
     {{starved, 2, load_level::reduced}, {starved, 2, load_level::least}, {starved, 200, load_level::least}}},
    {"LateByItsOwnDoingRefuses",
     {{late, 2, load_level::reduced}, {late, 2, load_level::least}, {late, 4, load_level::refusing}}},
    {"LatenessOfOthersDoesNotKeepCallsOut",
     {{high, 8, load_level::refusing}, {few_calls_starved, 21, load_level::normal}}},
    {"BetweenTheLimitsNothingChanges",
     {{high, 2, load_level::reduced}, {busy, 100, load_level::reduced}, {brisk, 100, load_level::reduced}}},
    {"FallsAfterThreeCalmSeconds",
     {{high, 2, load_level::reduced},
      {moderate, 6, load_level::reduced},
      {moderate, 1, load_level::normal},
      {idle, 100, load_level::normal}}},
    {"TheDearerEncoderMustFit",  // 0.6 at complexity 0 is 0.81 at 3
     {{high, 4, load_level::least}, {moderate, 100, load_level::least}, {half, 7, load_level::reduced}}},
    {"AcceptsCallsAgainBeforeItRefines",
     {{high, 8, load_level::refusing},
      {brisk, 6, load_level::refusing},
      {brisk, 1, load_level::least},
      {brisk, 100, load_level::least}}},
    {"ACalmThatIsBrokenBeginsAnew",
     {{high, 2, load_level::reduced},
      {idle, 6, load_level::reduced},
      {busy, 1, load_level::reduced},
      {idle, 6, load_level::reduced},
      {idle, 1, load_level::normal}}},
    {"RecoversFromTheWorstByItself", {{saturated, 6, load_level::refusing}, {idle, 21, load_level::normal}}},
};

class LoadPolicy : public testing::TestWithParam<row> {};

TEST_P(LoadPolicy, FollowsTheLoad) {
  load_policy policy;
  time_point now{};
  int number = 0;
  for (const phase& each : GetParam().phases) {
    for (int i = 0; i < each.samples; ++i)
      policy.update(each.load, now += 500ms);
    EXPECT_EQ(to_string(each.expected), to_string(policy.level())) << "after phase " << number;
    ++number;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, LoadPolicy, testing::ValuesIn(rows),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(LoadPolicy, ComplexityFallsWithTheLevel) {
  EXPECT_EQ(5, opus_complexity(load_level::normal));
  EXPECT_EQ(3, opus_complexity(load_level::reduced));
  EXPECT_EQ(0, opus_complexity(load_level::least));
  EXPECT_EQ(0, opus_complexity(load_level::refusing));
}

// A constant offer of work, whose cost falls with the level, must settle instead of swinging.
TEST(LoadPolicy, SettlesUnderAnyConstantLoad) {
  for (double offered = 0.1; offered < 1.6; offered += 0.01) {
    load_policy policy;
    time_point now{};
    const double cost[] = {1.0, 0.86, 0.64, 0.64};
    int changes_late = 0;
    for (int i = 0; i < 400; ++i) {
      const auto before = policy.level();
      const double share = std::min(offered * cost[static_cast<int>(before)], 1.0);
      policy.update({share, share >= 1.0 ? 50ms : 1ms, 200}, now += 500ms);
      if (i > 100 && policy.level() != before) ++changes_late;
    }
    EXPECT_EQ(0, changes_late) << "offered " << offered;
  }
}

struct room_row {
  const char* name;
  load_prospect prospect;
  bool room;
};
TEST(LoadPolicy, ABurstOfRingingCallsCountsAsWhatItWillCost) {
  const room_row rooms[] = {
      {"idle", {load_level::normal, 0.0, 0.005, 0, 0}, true},
      {"half full, few ring", {load_level::normal, 0.5, 0.005, 100, 10}, true},
      {"half full, many ring", {load_level::normal, 0.5, 0.005, 100, 200}, false},
      {"nearly full, few ring", {load_level::least, 0.8, 0.005, 200, 5}, true},
      {"nearly full, many ring", {load_level::least, 0.8, 0.005, 200, 40}, false},
      {"all of a sudden", {load_level::normal, 0.0, 0.005, 0, 1000}, false},
      {"answered all of a sudden", {load_level::normal, 0.0, 0.005, 1000, 0}, false},
      {"refusing", {load_level::refusing, 0.0, 0.005, 0, 0}, false},
  };
  for (const auto& each : rooms)
    EXPECT_EQ(each.room, has_room({}, each.prospect)) << each.name;
}

TEST(LoadPolicy, LearnsWhatACallCosts) {
  load_policy policy;
  time_point now{};
  const double at_first = policy.share_of_a_call();
  policy.update({0.9, 0ms, 3}, now += 500ms);  // too few to tell
  EXPECT_EQ(at_first, policy.share_of_a_call());
  for (int i = 0; i < 20; ++i)
    policy.update({0.5, 0ms, 50}, now += 500ms);
  EXPECT_NEAR(0.008, policy.share_of_a_call(), 0.0005);
  for (int i = 0; i < 20; ++i)  // a burst's handshakes
    policy.update({0.8, 0ms, 10}, now += 500ms);
  EXPECT_LT(policy.share_of_a_call(), 0.016);
}

TEST(LoadPolicy, LimitsAreTheOperators) {
  load_limits limits;
  limits.share_high = 0.3;
  load_policy policy(limits);
  time_point now{};
  for (int i = 0; i < 8; ++i)
    policy.update({0.35, 0ms}, now += 500ms);
  EXPECT_EQ(load_level::refusing, policy.level());
  for (int i = 0; i < 21; ++i)
    policy.update({0.1, 0ms}, now += 500ms);
  EXPECT_EQ(load_level::normal, policy.level());
}

}  // namespace
