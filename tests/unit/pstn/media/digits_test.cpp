// SPDX-License-Identifier: Apache-2.0
// Digits across a call: each exactly once, whatever the network does.
#include <gtest/gtest.h>

#include <ostream>

#include "call.hpp"

namespace tollgate::pstn::media::test {
namespace {

using namespace std::chrono_literals;

struct digits_case {
  const char* name;
  link network;
  bool phone_has_events;
};

std::ostream& operator<<(std::ostream& out, const digits_case& of) {
  return out << of.name;
}

class Digits : public testing::TestWithParam<digits_case> {};

TEST_P(Digits, ArriveExactlyOnceBothWays) {
  call each(GetParam().network, codec_id::pcma, GetParam().phone_has_events);
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  each.peer.send_digits(side::overlay, "1234567890*#ABCD", 100ms);
  each.time.run(5);
  EXPECT_EQ(each.at_phone.digits, "1234567890*#ABCD");
  EXPECT_EQ(each.at_gateway.digits, "1234567890*#ABCD");
  for (const auto duration : each.at_phone.durations)
    EXPECT_NEAR(static_cast<double>(duration.count()), 100, 25);
  each.phone.send_digits(side::trunk, "0099#", 80ms);
  each.time.run(3);
  EXPECT_EQ(each.at_gateway.digits, "1234567890*#ABCD0099#");
  EXPECT_EQ(each.at_peer.digits, GetParam().phone_has_events ? "0099#" : "");
}

INSTANTIATE_TEST_SUITE_P(Networks, Digits,
                         testing::Values(digits_case{"clean", {}, true},
                                         digits_case{"loss_10", {5, 5, 0.1}, true},
                                         digits_case{"loss_20_reordered", {5, 60, 0.2}, true},
                                         digits_case{"copies", {5, 10, 0, 0.5}, true},
                                         digits_case{"as_tones", {}, false}),
                         [](const testing::TestParamInfo<digits_case>& of) { return of.param.name; });

TEST(Digits, AreNotPassedOnWhileVoiceIsNotConnected) {
  call each;
  each.peer.send_digits(side::overlay, "12", 100ms);
  each.time.run(2);
  EXPECT_EQ(each.at_gateway.digits, "12");
  EXPECT_EQ(each.at_phone.digits, "");
}

TEST(Digits, QueueIsBounded) {
  call each;
  each.peer.send_digits(side::overlay, std::string(100'000, '5'), 60ms);
  each.time.run(30);
  EXPECT_EQ(each.at_gateway.digits.size(), 64u);
  EXPECT_FALSE(each.peer.sending_digits(side::overlay));
}

}  // namespace
}  // namespace tollgate::pstn::media::test
