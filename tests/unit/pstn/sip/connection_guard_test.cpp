// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/connection_guard.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace tollgate::pstn::sip {
namespace {

using std::chrono::seconds;

const auto start = std::chrono::steady_clock::time_point(seconds(1'000));
const auto nobody = [](const source_address&) { return false; };

struct guarded_port {
  connection_guard guard{{4, 2, seconds(32)}};
  std::array<char, 8> transports{};

  bool open(std::size_t which, const source_address& from, std::chrono::steady_clock::time_point at = start) {
    if (!guard.admits(from)) return false;
    guard.opened(&transports.at(which), from, at);
    return true;
  }
};

TEST(ConnectionGuard, BoundsEachSourceAndAll) {
  guarded_port one;
  EXPECT_TRUE(one.open(0, {"192.0.2.1", 1}));
  EXPECT_TRUE(one.open(1, {"192.0.2.1", 2}));
  EXPECT_FALSE(one.open(2, {"192.0.2.1", 3})) << "a third of one source";
  EXPECT_TRUE(one.open(2, {"192.0.2.2", 3}));
  EXPECT_TRUE(one.open(3, {"192.0.2.3", 4}));
  EXPECT_FALSE(one.open(4, {"192.0.2.4", 5})) << "a fifth in all";
  one.guard.closed(&one.transports[0]);
  one.guard.closed(&one.transports[0]);
  EXPECT_EQ(one.guard.size(), 3U);
  EXPECT_TRUE(one.open(4, {"192.0.2.1", 6}));
  EXPECT_FALSE(one.guard.admits({"192.0.2.5", 7}));
}

TEST(ConnectionGuard, TakesTheUpperHalfOfAnIpv6AddressForTheSource) {
  guarded_port one;
  EXPECT_TRUE(one.open(0, {"2001:db8::1", 1}));
  EXPECT_TRUE(one.open(1, {"2001:db8::2:0:0:7", 2}));
  EXPECT_FALSE(one.open(2, {"2001:db8:0:0:ffff::1", 3}));
  EXPECT_TRUE(one.open(2, {"2001:db8:0:1::1", 3}));
}

TEST(ConnectionGuard, CutsWhatIsSilentAndForgetsIt) {
  guarded_port one;
  one.open(0, {"192.0.2.1", 1});
  one.open(1, {"192.0.2.1", 2});
  one.open(2, {"192.0.2.2", 1});
  one.guard.heard({"192.0.2.1", 2}, start + seconds(20));
  EXPECT_TRUE(one.guard.take_idle(start + seconds(31), nobody).empty());
  const auto spared = [](const source_address& from) { return from.ip == "192.0.2.2"; };
  const std::vector<const void*> first{&one.transports[0]};
  EXPECT_EQ(one.guard.take_idle(start + seconds(32), spared), first);
  EXPECT_EQ(one.guard.size(), 1U) << "who is no stranger any more is not looked after";
  const std::vector<const void*> second{&one.transports[1]};
  EXPECT_EQ(one.guard.take_idle(start + seconds(52), nobody), second);
  EXPECT_EQ(one.guard.size(), 0U);
  EXPECT_TRUE(one.guard.admits({"192.0.2.1", 9}));
}

TEST(ConnectionGuard, HearsOnlyTheConnectionThatSpeaks) {
  guarded_port one;
  one.open(0, {"192.0.2.1", 1});
  one.guard.heard({"192.0.2.1", 9}, start + seconds(30));
  one.guard.heard({"192.0.2.9", 1}, start + seconds(30));
  EXPECT_EQ(one.guard.take_idle(start + seconds(32), nobody).size(), 1U);
}

}  // namespace
}  // namespace tollgate::pstn::sip
