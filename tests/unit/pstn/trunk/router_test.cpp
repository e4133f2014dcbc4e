// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/router.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "example_trunk.hpp"

namespace tollgate::pstn::trunk {
namespace {

class Router : public testing::Test {
 protected:
  std::string order(const char* number, std::uint64_t chance = 1) const {
    std::string names;
    const auto lookup = [&](const uuid& id) {
      const auto found = states.find(id);
      return found == states.end() ? trunk_state{} : found->second;
    };
    for (const trunk* one : route(number_of(number), trunks, lookup, chance))
      names += one->name.back();
    return names;
  }

  std::vector<trunk> trunks{example_trunk(1), example_trunk(2), example_trunk(3)};
  std::map<uuid, trunk_state> states;
};

TEST_F(Router, LongestPrefixThenPriority) {
  trunks[0].priority = 5;
  trunks[1].priority = 1;
  trunks[2].priority = 9;
  trunks[2].served_prefixes = {"44", "4420"};
  EXPECT_EQ(order("+442079460958"), "321");
  EXPECT_EQ(order("+16505550100"), "21");
}

TEST_F(Router, LeavesOutDisabledAndFullTrunks) {
  trunks[0].enabled = false;
  trunks[1].priority = 1;
  EXPECT_EQ(order("+442079460958"), "32");
  trunks[2].capacity_calls = 2;
  states[trunks[2].id] = {.live_calls = 2};
  EXPECT_EQ(order("+442079460958"), "2");
  trunks[1].capacity_calls_per_second = 3;
  states[trunks[1].id] = {.calls_last_second = 3};
  EXPECT_EQ(order("+442079460958"), "");
}

TEST_F(Router, LeavesOutTrunksThatAreDownUnlessAllAre) {
  trunks[1].priority = 1;
  trunks[2].priority = 2;
  states[trunks[0].id].up = false;
  EXPECT_EQ(order("+442079460958"), "23");
  states[trunks[1].id].up = false;
  states[trunks[2].id].up = false;
  EXPECT_EQ(order("+442079460958"), "123");
}

TEST_F(Router, SharesByWeightAmongEquals) {
  trunks[0].weight = 1;
  trunks[1].weight = 8;
  trunks[2].weight = 1;
  std::map<char, int> first;
  for (std::uint64_t chance = 0; chance < 10'000; ++chance) {
    const std::string names = order("+442079460958", chance);
    ASSERT_EQ(names.size(), 3U);
    ++first[names.front()];
  }
  EXPECT_NEAR(first['2'], 8000, 300);
  EXPECT_NEAR(first['1'], 1000, 200);
  EXPECT_NEAR(first['3'], 1000, 200);
}

TEST_F(Router, NoTrunkNoRoute) {
  trunks.clear();
  EXPECT_EQ(order("+442079460958"), "");
  trunks = {example_trunk(1)};
  trunks[0].served_prefixes = {"1"};
  EXPECT_EQ(order("+442079460958"), "");
}

}  // namespace
}  // namespace tollgate::pstn::trunk
