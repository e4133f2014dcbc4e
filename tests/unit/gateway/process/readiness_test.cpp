// SPDX-License-Identifier: Apache-2.0
#include "gateway/readiness.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tollgate::gateway {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class Readiness : public testing::Test {
 protected:
  bool database_ = true, draining_ = false, sip_ = true, trunk_ = true;
  int looks_ = 0;
  readiness::time_point now_{};
  readiness node_{{[this] { return database_; }, [this] { return draining_; }, [this] { return ++looks_, sip_; }, [this] { return trunk_; }}};
};

TEST_F(Readiness, TellsAllThatIsInTheWay) {
  EXPECT_THAT(node_.reasons(now_), IsEmpty());
  database_ = sip_ = trunk_ = false;
  draining_ = true;
  EXPECT_THAT(node_.reasons(now_ + readiness::kept), ElementsAre("database", "sip", "draining", "trunks"));
}

TEST_F(Readiness, IsLookedAtFourTimesASecondHoweverOftenItIsAskedFor) {
  for (int i = 0; i < 10'000; ++i)
    EXPECT_THAT(node_.reasons(now_ + i * 100us), IsEmpty());
  EXPECT_EQ(looks_, 4);
}

TEST_F(Readiness, AChangeIsSeenAfterAMomentAndADrainAtOnce) {
  EXPECT_THAT(node_.reasons(now_), IsEmpty());
  trunk_ = false;
  EXPECT_THAT(node_.reasons(now_ + 249ms), IsEmpty());
  draining_ = true;
  EXPECT_THAT(node_.reasons(now_ + 249ms), ElementsAre("draining"));
  draining_ = false;
  EXPECT_THAT(node_.reasons(now_ + 250ms), ElementsAre("trunks"));
  database_ = false;
  EXPECT_THAT(node_.reasons(now_ + 251ms), ElementsAre("database", "trunks"));
  trunk_ = true;
  EXPECT_THAT(node_.reasons(now_ + 499ms), ElementsAre("database", "trunks"));
  EXPECT_THAT(node_.reasons(now_ + 500ms), ElementsAre("database"));
}

}  // namespace
}  // namespace tollgate::gateway
