// SPDX-License-Identifier: Apache-2.0
// In virtual time.
#include "gateway/call/silence_watch.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using tollgate::gateway::call::silence_watch;

const silence_watch::time_point start{1h};

TEST(SilenceWatch, EndsASideThatSaysNothingMoreOnce) {
  silence_watch watch(30s);
  watch.arm(true, start);
  watch.heard(start + 10s, false);
  EXPECT_EQ(watch.due(), start + 40s);
  EXPECT_FALSE(watch.is_over(start + 40s - 1ns));
  EXPECT_TRUE(watch.is_over(start + 40s));
  EXPECT_FALSE(watch.is_over(start + 80s));
}

TEST(SilenceWatch, SleepsUntilItIsArmedAndAfterItIsDisarmed) {
  silence_watch watch(30s);
  watch.agreed(false, start);
  EXPECT_FALSE(watch.due());
  watch.arm(true, start + 1min);
  EXPECT_EQ(watch.due(), start + 90s);
  watch.arm(false, start + 80s);
  EXPECT_FALSE(watch.is_over(start + 1h));
}

TEST(SilenceWatch, AReportIsLifeThoughItBreaksNoAnnouncedSilence) {
  silence_watch watch(30s);
  watch.arm(true, start);
  watch.reported(start + 20s);
  EXPECT_EQ(watch.due(), start + 50s);
  watch.heard(start + 30s, true);
  watch.reported(start + 40s);
  EXPECT_EQ(watch.due(), start + 40s + 300s);
}

TEST(SilenceWatch, SilenceThatWasAnnouncedMayLastUntilSomebodySpeaks) {
  silence_watch watch(30s);
  watch.arm(true, start);
  watch.heard(start + 5s, true);
  EXPECT_FALSE(watch.is_over(start + 300s));
  watch.heard(start + 300s, false);
  EXPECT_TRUE(watch.is_over(start + 330s));
}

TEST(SilenceWatch, AnAnnouncedSilenceHasItsEndToo) {
  silence_watch watch(30s);
  watch.arm(true, start);
  watch.heard(start, true);
  EXPECT_TRUE(watch.is_over(start + 300s));
}

TEST(SilenceWatch, ACallOnHoldIsNotWatchedUntilItIsResumed) {
  silence_watch watch(30s);
  watch.arm(true, start);
  watch.heard(start + 5s, true);  // does not outlive the hold
  watch.agreed(true, start + 10s);
  EXPECT_FALSE(watch.is_over(start + 10h));
  watch.agreed(false, start + 10h);
  EXPECT_EQ(watch.due(), start + 10h + 30s);
}

TEST(SilenceWatch, AnAnswerThatHoldsFromTheBeginningIsNotWatched) {
  silence_watch watch(30s);
  watch.agreed(true, start);
  watch.arm(true, start + 1s);
  EXPECT_FALSE(watch.due());
}

}  // namespace
