// SPDX-License-Identifier: Apache-2.0
// The sliding window and its bound.
#include "gateway/overlay/limits.hpp"

#include <gtest/gtest.h>

namespace tollgate::gateway::overlay {
namespace {

using namespace std::chrono_literals;
const rate_limiter::time_point start{1h};

TEST(RateLimiter, AllowsSoManyInAWindow) {
  rate_limiter limiter({2, 60s});
  EXPECT_TRUE(limiter.allow("a", start));
  EXPECT_TRUE(limiter.allow("a", start + 30s));
  EXPECT_TRUE(limiter.exhausted("a", start + 59s));
  EXPECT_FALSE(limiter.allow("a", start + 59s));
  EXPECT_TRUE(limiter.allow("b", start + 59s));
  EXPECT_TRUE(limiter.allow("a", start + 60s));
  EXPECT_FALSE(limiter.allow("a", start + 61s));
}

TEST(RateLimiter, EventsCanBeTakenBack) {
  rate_limiter limiter({1, 60s});
  EXPECT_TRUE(limiter.allow("a", start));
  limiter.take_back("a");
  limiter.take_back("a");
  EXPECT_EQ(limiter.size(), 0U);
  EXPECT_TRUE(limiter.allow("a", start));
  limiter.forget("a");
  EXPECT_FALSE(limiter.exhausted("a", start));
}

TEST(RateLimiter, ForgetsTheStalestKeyAtItsBound) {
  rate_limiter limiter({1, 60s}, 2);
  limiter.allow("a", start);
  limiter.allow("b", start + 1s);
  limiter.allow("c", start + 2s);
  EXPECT_EQ(limiter.size(), 2U);
  EXPECT_FALSE(limiter.exhausted("a", start + 2s));
  EXPECT_TRUE(limiter.exhausted("b", start + 2s));
}

TEST(RateLimiter, NothingIsAllowedByALimitOfNone) {
  rate_limiter limiter({0, 60s});
  EXPECT_FALSE(limiter.allow("a", start));
  EXPECT_TRUE(limiter.exhausted("a", start));
}

}  // namespace
}  // namespace tollgate::gateway::overlay
