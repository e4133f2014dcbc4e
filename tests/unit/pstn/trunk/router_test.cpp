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
    const auto cost = [&](const trunk& by) -> std::optional<std::int64_t> {
      const auto found = costs.find(by.id);
      return found == costs.end() ? std::nullopt : std::optional{found->second};
    };
    for (const trunk* one : route(number_of(number), trunks, lookup, cost, policy, chance))
      names += one->name.back();
    return names;
  }

  verdict verdict_of(std::size_t index) const {
    const auto lookup = [&](const uuid& id) {
      const auto found = states.find(id);
      return found == states.end() ? trunk_state{} : found->second;
    };
    for (const auto& one : consider(number_of("+442079460958"), trunks, lookup, {}, policy, 1))
      if (one.offered == &trunks[index]) return one.why;
    ADD_FAILURE() << "the trunk was not looked at";
    return verdict::chosen;
  }

  std::vector<trunk> trunks{example_trunk(1), example_trunk(2), example_trunk(3)};
  std::map<uuid, trunk_state> states;
  std::map<uuid, std::int64_t> costs;
  routing_policy policy;
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

TEST_F(Router, TheCheaperFirstAndTheUnknownLast) {
  costs = {{trunks[0].id, 30'000}, {trunks[2].id, 20'000}};
  EXPECT_EQ(order("+442079460958"), "312");
  trunks[1].priority = 0;
  trunks[0].priority = trunks[2].priority = 1;
  EXPECT_EQ(order("+442079460958"), "231");  // as the policy has it: the priority first
  policy.order = {criterion::cost, criterion::priority};
  EXPECT_EQ(order("+442079460958"), "312");
  policy.order = {};
  std::map<char, int> first;
  for (std::uint64_t chance = 0; chance < 3'000; ++chance)
    ++first[order("+442079460958", chance).front()];
  EXPECT_GT(std::min({first['1'], first['2'], first['3']}), 800);  // by weight alone
}

TEST_F(Router, TheBetterAnsweredFirst) {
  policy.order = {criterion::quality, criterion::cost};
  const auto quality = [](int answered, std::chrono::milliseconds delay) {
    trunk_state state;
    state.quality = {.attempts = 100, .answered = answered, .post_dial_delay = delay, .known = true};
    return state;
  };
  using std::chrono::milliseconds;
  states[trunks[0].id] = quality(40, milliseconds{900});
  states[trunks[1].id] = quality(70, milliseconds{3'500});
  states[trunks[2].id] = quality(71, milliseconds{1'200});
  EXPECT_EQ(order("+442079460958"), "321");
  states[trunks[2].id] = quality(75, milliseconds{3'900});  // no step apart: the cost decides
  costs = {{trunks[1].id, 1}, {trunks[2].id, 2}};
  EXPECT_EQ(order("+442079460958"), "231");
  states[trunks[0].id].quality.known = false;  // it must get calls to be known
  EXPECT_EQ(order("+442079460958"), "123");
}

TEST_F(Router, TellsWhyATrunkIsLeftOut) {
  trunks[0].served_prefixes = {"33"};
  EXPECT_EQ(verdict_of(0), verdict::other_destinations);
  EXPECT_EQ(verdict_of(1), verdict::chosen);
  states[trunks[1].id].up = false;
  EXPECT_EQ(verdict_of(1), verdict::down);
  states[trunks[2].id].resting = true;
  EXPECT_EQ(verdict_of(2), verdict::resting);
  EXPECT_EQ(verdict_of(1), verdict::chosen) << "the last one is tried, down as it is";
  states[trunks[2].id] = {.carrier_live_calls = 7, .carrier_calls_last_second = 3};
  trunks[2].carrier_capacity_calls = 7;
  EXPECT_EQ(verdict_of(2), verdict::carrier_full);
  trunks[2].carrier_capacity_calls = 8;
  EXPECT_EQ(verdict_of(2), verdict::chosen);
  trunks[2].carrier_capacity_calls_per_second = 3;
  EXPECT_EQ(verdict_of(2), verdict::carrier_too_fast);
  trunks[2].enabled = false;
  EXPECT_EQ(verdict_of(2), verdict::disabled);
}

TEST_F(Router, WhatIsPassedOverStandsWhereItWouldHaveGone) {
  trunk first = example_trunk(1), second = example_trunk(2), third = example_trunk(3),
        other = example_trunk(4);
  second.priority = 1;
  third.priority = 2;
  other.served_prefixes = {"999"};
  const std::vector<trunk> all{third, second, first, other};
  const auto state = [&](const uuid& id) {
    trunk_state told;
    told.resting = id == second.id;
    told.up = id != first.id;
    return told;
  };
  const auto seen = consider(*phone_number::parse("+442079460958"), all, state, {}, {}, 0);
  std::vector<std::tuple<uuid, verdict, std::size_t>> told;
  for (const auto& one : seen)
    told.emplace_back(one.offered->id, one.why, one.turn);
  EXPECT_EQ(told, (std::vector<std::tuple<uuid, verdict, std::size_t>>{
                      {third.id, verdict::chosen, 0},
                      {first.id, verdict::down, 0},
                      {second.id, verdict::resting, 0},
                      {other.id, verdict::other_destinations, 0}}));
  const auto last = consider(
      *phone_number::parse("+442079460958"), all,
      [&](const uuid& id) { return trunk_state{.up = id != third.id}; }, {}, {}, 0);
  ASSERT_EQ(last.size(), 4U);
  EXPECT_EQ(last[2].offered->id, third.id);
  EXPECT_EQ(last[2].turn, 2U);
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
