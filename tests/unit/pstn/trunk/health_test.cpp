// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/health.hpp"

#include <gtest/gtest.h>

namespace tollgate::pstn::trunk {
namespace {

using std::chrono::seconds;

TEST(TrunkHealth, AnyAnswerIsLifeButFailureOfThePathIsNot) {
  for (int status : {200, 404, 405, 403, 486, 180, 603})
    EXPECT_TRUE(is_alive(status)) << status;
  for (int status : {0, 408, 500, 502, 503, 504, -1, 1000})
    EXPECT_FALSE(is_alive(status)) << status;
}

TEST(TrunkHealth, GoesDownAfterFailuresInARowAndComesBack) {
  trunk_health health{{.failures_to_go_down = 3, .successes_to_come_up = 2}};
  time_point now{};
  const auto probe = [&](int status) {
    health.probe_sent();
    now += seconds{1};
    health.probe_answered(status, now);
  };
  probe(408);
  probe(408);
  probe(200);  // breaks the row
  probe(408);
  probe(408);
  EXPECT_TRUE(health.up());
  probe(408);
  EXPECT_FALSE(health.up());
  probe(200);
  EXPECT_FALSE(health.up());
  probe(200);
  EXPECT_TRUE(health.up());
}

TEST(TrunkHealth, LiveCallsCountToo) {
  trunk_health health;
  const time_point now{};
  for (int call = 0; call < 3; ++call)
    health.call_answered(call_sign::dead, now);
  EXPECT_FALSE(health.up());
  health.call_answered(call_sign::alive, now);
  health.call_answered(call_sign::nothing, now);
  EXPECT_FALSE(health.up());
  health.call_answered(call_sign::alive, now);
  EXPECT_TRUE(health.up());
}

TEST(TrunkHealth, WhatACallTellsOfItsTrunk) {
  struct row {
    const char* name;
    int status;
    bool heard;
    call_sign sign;
  };
  for (const auto& row :
       {row{"rings", 180, true, call_sign::alive}, row{"answers", 200, true, call_sign::alive},
        row{"busy", 486, true, call_sign::alive}, row{"refused", 403, true, call_sign::alive},
        row{"declined", 603, true, call_sign::alive}, row{"silence", 408, false, call_sign::dead},
        row{"transport failed", 503, false, call_sign::dead},
        row{"a time-out behind the carrier", 408, true, call_sign::nothing},
        row{"congestion behind the carrier", 503, true, call_sign::nothing},
        row{"a broken route", 500, true, call_sign::nothing},
        row{"a dead next hop", 504, true, call_sign::nothing}})
    EXPECT_EQ(sign_of_call(row.status, row.heard), row.sign) << row.name;
}

// One destination that a carrier cannot reach, dialled again and again, says nothing of all others.
TEST(TrunkHealth, ACongestedDestinationTakesNoTrunkOut) {
  trunk_health health;
  for (int call = 0; call < 20; ++call)
    health.call_answered(sign_of_call(503, true), time_point{});
  EXPECT_TRUE(health.up());
}

TEST(TrunkHealth, OfACallTheFirstAnswerCountsAlone) {
  attempt_sign sign;
  EXPECT_EQ(sign.take(180, true), call_sign::alive);
  EXPECT_EQ(sign.take(408, true), call_sign::nothing);  // it rang out: nobody was there
  EXPECT_EQ(sign.take(408, false), call_sign::nothing);
  sign = {};
  EXPECT_EQ(sign.take(408, false), call_sign::dead);
}

TEST(TrunkHealth, ProbesOftenerWhileInDoubt) {
  trunk_health health{{.probe_interval_up = seconds{30}, .probe_interval_doubt = seconds{5}}};
  const time_point start = time_point{} + seconds{1000};
  EXPECT_LE(health.next_probe(), start);
  health.probe_sent();
  EXPECT_EQ(health.next_probe(), time_point::max());
  health.probe_answered(200, start);
  EXPECT_EQ(health.next_probe(), start + seconds{30});
  health.call_answered(call_sign::dead, start + seconds{1});
  EXPECT_EQ(health.next_probe(), start + seconds{6});
  health.probe_sent();
  health.call_answered(call_sign::dead, start + seconds{7});
  EXPECT_EQ(health.next_probe(), time_point::max());  // one is under way
  health.probe_answered(200, start + seconds{8});
  EXPECT_EQ(health.next_probe(), start + seconds{38});
}

}  // namespace
}  // namespace tollgate::pstn::trunk
