// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/failure.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tollgate::pstn::trunk {
namespace {

struct row {
  int sip_status;
  std::optional<int> q850;
  const char* code;
  bool retry;
  int q850_out;
};

TEST(Failure, IsHeardAsTheNetworkWouldTell) {
  struct heard_row {
    int sip_status;
    std::optional<int> q850;
    heard_as tone;
  };
  const heard_row rows[] = {
      {486, {}, heard_as::busy},       {600, {}, heard_as::busy},       {603, {}, heard_as::busy},
      {480, 19, heard_as::busy},       {404, {}, heard_as::vacant},     {484, {}, heard_as::vacant},
      {410, {}, heard_as::intercept},  {404, 22, heard_as::intercept},  {480, {}, heard_as::intercept},
      {403, {}, heard_as::intercept},  {503, 34, heard_as::no_circuit}, {503, 42, heard_as::congestion},
      {503, {}, heard_as::congestion}, {488, {}, heard_as::congestion}, {487, {}, heard_as::nothing},
      {0, {}, heard_as::congestion},
  };
  for (const heard_row& each : rows) {
    const classified what = classify(each.sip_status, each.q850);
    EXPECT_EQ(heard(what.reason, what.q850), each.tone) << each.sip_status << " " << each.q850.value_or(0);
    EXPECT_EQ(failure_reason_named(code(what.reason)), what.reason);
  }
  EXPECT_FALSE(failure_reason_named("normal"));
}

TEST(Failure, ClassifiesByTable) {
  const row rows[] = {
      {486, {}, "busy", false, 17},
      {486, 34, "busy", false, 34},  // final whatever the cause says
      {600, {}, "busy", false, 17},
      {603, {}, "declined", false, 21},
      {603, 41, "declined", false, 41},
      {604, {}, "number_unknown", false, 1},
      {606, {}, "media_refused", false, 58},
      {699, {}, "declined", false, 21},
      {404, {}, "number_unknown", false, 1},
      {404, 1, "number_unknown", false, 1},
      {404, 3, "network_failure", false, 3},  // told by the cause, but final by the status
      {410, {}, "number_unknown", false, 22},
      {484, {}, "number_incomplete", false, 28},
      {480, {}, "unavailable", true, 18},
      {480, 16, "unavailable", true, 16},
      {480, 18, "no_answer", false, 18},
      {480, 19, "no_answer", false, 19},
      {480, 20, "unavailable", false, 20},
      {480, 34, "congestion", true, 34},
      {487, {}, "cancelled", false, 127},
      {487, 19, "no_answer", false, 19},
      {488, {}, "media_refused", false, 79},
      {401, {}, "forbidden", false, 21},
      {403, {}, "forbidden", false, 21},
      {403, 21, "forbidden", false, 21},
      {407, {}, "forbidden", false, 21},
      {408, {}, "network_failure", true, 102},
      {408, 19, "no_answer", false, 19},  // it rang, and nobody came
      {500, {}, "network_failure", true, 41},
      {500, 17, "busy", false, 17},
      {502, 27, "unavailable", false, 27},
      {503, {}, "network_failure", true, 41},
      {503, 34, "congestion", true, 34},
      {503, 42, "congestion", true, 42},
      {504, {}, "network_failure", true, 102},
      {302, {}, "unavailable", false, 23},
      {499, {}, "network_failure", false, 41},
      {599, {}, "network_failure", true, 41},
      {0, {}, "network_failure", true, 102},
      {-1, {}, "network_failure", true, 102},
      {1000, {}, "network_failure", true, 102},
      {500, 0, "network_failure", true, 41},  // no cause of Q.850
      {500, 999, "network_failure", true, 41},
  };
  for (const row& one : rows) {
    const classified got = classify(one.sip_status, one.q850);
    const std::string what =
        std::to_string(one.sip_status) + " cause " + std::to_string(one.q850.value_or(-1));
    EXPECT_EQ(code(got.reason), one.code) << what;
    EXPECT_EQ(got.retry_next_trunk, one.retry) << what;
    EXPECT_EQ(got.q850, one.q850_out) << what;
  }
}

TEST(Failure, AnotherTrunkFollowsOnlyWhereTheStatusOrTheTrunkSaysSo) {
  for (int status = 300; status < 700; ++status) {
    const bool expected = status == 408 || status == 480 || (status >= 500 && status < 600);
    EXPECT_EQ(classify(status, std::nullopt).retry_next_trunk, expected) << status;
  }
  const int codes[] = {404, 403};
  EXPECT_TRUE(classify(404, std::nullopt, codes).retry_next_trunk);
  EXPECT_TRUE(classify(403, 21, codes).retry_next_trunk);
  EXPECT_FALSE(classify(410, std::nullopt, codes).retry_next_trunk);
  EXPECT_EQ(code(classify(404, std::nullopt, codes).reason), "number_unknown");
  EXPECT_FALSE(is_failover_code(200));
  // What is final stays so, whatever a configuration names.
  for (int status : {486, 487, 600, 603, 604, 606, 699}) {
    EXPECT_FALSE(is_failover_code(status));
    EXPECT_FALSE(classify(status, 34, std::span(&status, 1)).retry_next_trunk) << status;
  }
}

TEST(Failure, EveryStatusHasAReasonForTheSubscriber) {
  for (int status = -10; status < 1000; ++status) {
    for (int cause = 0; cause < 130; ++cause) {
      const classified got = classify(status, cause);
      ASSERT_FALSE(code(got.reason).empty());
      ASSERT_TRUE(sentence(got.reason).ends_with('.'));
      ASSERT_GE(got.q850, 1);
      ASSERT_LE(got.q850, 127);
    }
  }
}

TEST(Failure, SixHundredsAndBusyNeverGoToAnotherTrunk) {
  for (int cause = 1; cause < 128; ++cause) {
    EXPECT_FALSE(classify(486, cause).retry_next_trunk);
    for (int status = 600; status < 700; ++status)
      EXPECT_FALSE(classify(status, cause).retry_next_trunk);
  }
}

TEST(Failure, TellsTheStatusForARefusalOfOurs) {
  EXPECT_EQ(sip_status_of(failure_reason::busy), 486);
  EXPECT_EQ(sip_status_of(failure_reason::number_unknown), 404);
  EXPECT_EQ(sip_status_of(failure_reason::congestion), 503);
}

}  // namespace
}  // namespace tollgate::pstn::trunk
