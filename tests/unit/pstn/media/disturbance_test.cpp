// SPDX-License-Identifier: Apache-2.0
// Streams that stall, jump, drift, pause and begin anew.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "call.hpp"
#include "pstn/media/rtp.hpp"

namespace tollgate::pstn::media::test {
namespace {

using namespace std::chrono_literals;

double stall(double at_s, double begin_s, double length_s) {
  return at_s >= begin_s && at_s < begin_s + length_s ? (begin_s + length_s - at_s) * 1000 : 0;
}

TEST(Disturbance, ShortStallDamagesOneSecondOnlyAndLeavesTheDelay) {
  link network;
  network.more_ms = [](double at_s) { return stall(at_s, 6.02, 0.08); };
  call each(network);
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  each.talk(12);
  const comparison heard = each.at_the_phone();
  EXPECT_LE(heard.delay_spread_ms(), 20.5);
  int damaged = 0;
  for (const piece& each_second : heard.pieces)
    if (each_second.likeness < 0.94) ++damaged;
  EXPECT_LE(damaged, 1);
  EXPECT_NEAR(heard.pieces.front().delay_ms, heard.pieces.back().delay_ms, 20.5);
}

TEST(Disturbance, LongerWayIsFollowedWithinASecond) {
  link network;
  network.more_ms = [](double at_s) { return at_s > 4 ? 120.0 : 0.0; };
  call each(network);
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  each.talk(12);
  const comparison heard = each.at_the_phone();
  EXPECT_LE(heard.pieces.back().delay_ms, 2 * 120 + 100);
  int damaged = 0;
  for (const piece& each_second : heard.pieces)
    if (each_second.likeness < 0.9) ++damaged;
  EXPECT_LE(damaged, 2);
}

TEST(Disturbance, DelayFallsAgainAfterJitter) {
  link network;
  network.more_ms = [](double at_s) { return at_s > 2 && at_s < 6 ? std::fmod(at_s * 977, 1.0) * 80 : 0.0; };
  call each(network);
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  each.talk(30);
  const comparison heard = each.at_the_phone();
  for (const side which : {side::overlay, side::trunk})
    EXPECT_LE(each.gateway.statistics(which).playout_delay, 14ms);
  EXPECT_GE(heard.mean_likeness(), 0.9);
}

TEST(Disturbance, SilenceIsNotSentButHeardAsTime) {
  call each;
  each.gateway.connect_voice(true);
  each.time.run(20);
  // 0.4 s of silence is sent, then a frame of comfort in 0.4 s.
  EXPECT_LE(each.gateway.statistics(side::overlay).packets_received, 20u + 50u + 10u);
  EXPECT_EQ(each.gateway.statistics(side::overlay).lost, 0u);
  EXPECT_NEAR(static_cast<double>(each.heard_by_phone->samples.size()), 20 * 8000, 400);
  each.talk(8);
  EXPECT_GE(each.at_the_phone().least_likeness(), 0.94);
  EXPECT_LE(each.at_the_phone().delay_ms(), 90);
}

// Packets made by hand, so that clock, numbers and SSRC are ours.
struct by_hand {
  by_hand() : under(told, 5), sink(std::make_shared<memory_sink>()) {
    under.attach(side::trunk, make_leg(codec_id::pcma), {}, {});
    under.record(side::trunk, sink);
    time.add(under);
  }
  void send(double pace_ms, int count) {
    for (int i = 0; i < count; ++i) {
      std::vector<std::byte> packet(rtp_header_bytes + 160, std::byte{0xd5});
      for (std::size_t k = rtp_header_bytes; k < packet.size(); ++k)
        packet[k] = k % 16 < 8 ? std::byte{0x35} : std::byte{0xb5};
      write_rtp_header({false, 8, sequence_number++, timestamp, ssrc},
                       std::span(packet).first<rtp_header_bytes>());
      timestamp += 160;
      under.receive_rtp(side::trunk, packet, time.now());
      time.run(pace_ms / 1000);
    }
  }
  // Milliseconds of silence in what was recorded from a sample on.
  double silent_ms(std::size_t from) const {
    int silent = 0;
    for (std::size_t i = from; i < sink->samples.size(); ++i)
      if (std::abs(sink->samples[i]) < 500) ++silent;
    return silent / 8.0;
  }

  world time;
  listener told;
  bridge under;
  std::shared_ptr<memory_sink> sink;
  std::uint16_t sequence_number = 65500;
  std::uint32_t timestamp = 0xfffff000;
  std::uint32_t ssrc = 77;
};

TEST(Disturbance, DriftOfTheSendersClockNeverCostsAFrame) {
  for (const double pace_ms : {19.99, 20.01}) {
    by_hand sender;
    sender.send(pace_ms, 100);
    const std::size_t from = sender.sink->samples.size();
    sender.send(pace_ms, 6000);  // 60 ms of drift in two minutes
    EXPECT_EQ(sender.under.statistics(side::trunk).concealed, 0ms) << pace_ms;
    EXPECT_EQ(sender.under.statistics(side::trunk).late, 0u) << pace_ms;
    EXPECT_LT(sender.silent_ms(from), 1) << pace_ms;
    EXPECT_LE(sender.under.statistics(side::trunk).playout_delay, 14ms) << pace_ms;
  }
}

TEST(Disturbance, AnotherSsrcIsHeardAsSoonAsTheOneBeforeIsGone) {
  by_hand sender;
  sender.send(20, 100);
  const std::size_t from = sender.sink->samples.size();
  sender.ssrc = 78;
  sender.sequence_number = 100;
  sender.timestamp = 5;
  sender.send(20, 100);
  EXPECT_LT(sender.silent_ms(from), 80);
  EXPECT_EQ(sender.under.statistics(side::trunk).lost, 0u);
  EXPECT_EQ(sender.under.statistics(side::trunk).stray, 2u);
  EXPECT_EQ(sender.under.statistics(side::trunk).packets_received, 198u);
}

TEST(Disturbance, PacketsOfAnotherSsrcChangeNothingWhileTheStreamGoesOn) {
  by_hand sender;
  sender.send(20, 100);
  const std::size_t from = sender.sink->samples.size();
  std::vector<std::byte> slipped(rtp_header_bytes + 160, std::byte{0x2a});  // loud
  for (int i = 0; i < 100; ++i) {
    sender.send(20, 1);
    for (int each = 0; each < 20; ++each) {
      write_rtp_header({false, 8, static_cast<std::uint16_t>(i * 20 + each),
                        static_cast<std::uint32_t>((i * 20 + each) * 160), 4711},
                       std::span(slipped).first<rtp_header_bytes>());
      EXPECT_EQ(packet_fate::stray, sender.under.receive_rtp(side::trunk, slipped, sender.time.now()));
    }
  }
  EXPECT_LT(sender.silent_ms(from), 1);
  const auto counted = sender.under.statistics(side::trunk);
  EXPECT_EQ(counted.stray, 2000u);
  EXPECT_EQ(counted.packets_received, 200u);
  EXPECT_EQ(counted.concealed, 0ms);
}

TEST(Disturbance, JumpOfTheTimestampsIsHeardAtOnce) {
  by_hand sender;
  sender.send(20, 100);
  for (const std::uint32_t jump : {900'000u, static_cast<std::uint32_t>(-900'000)}) {
    const std::size_t from = sender.sink->samples.size();
    sender.timestamp += jump;
    sender.send(20, 100);
    EXPECT_LT(sender.silent_ms(from), 80);
  }
}

TEST(Disturbance, JumpOfTheSequenceNumbersIsHeardAtOnce) {
  by_hand sender;
  sender.send(20, 100);
  const std::size_t from = sender.sink->samples.size();
  sender.sequence_number += 20'000;
  sender.send(20, 100);
  EXPECT_LT(sender.silent_ms(from), 80);
}

TEST(Disturbance, PauseOfTheSenderIsSilenceOfTheSameLength) {
  by_hand sender;
  sender.send(20, 50);
  sender.time.run(3);
  sender.timestamp += 3 * 8000;
  sender.send(20, 50);
  EXPECT_NEAR(static_cast<double>(sender.sink->samples.size()), 5 * 8000, 400);
  EXPECT_EQ(sender.under.statistics(side::trunk).lost, 0u);
}

TEST(Disturbance, OurOwnStallCostsNothingWhenPacketsComeFirst) {
  by_hand sender;
  sender.send(20, 100);
  const std::size_t from = sender.sink->samples.size();
  // Two hundred milliseconds in which nobody looked: the packets have waited in the socket.
  sender.send(0, 10);
  sender.time.run(0.2);
  sender.send(20, 20);
  EXPECT_LT(sender.silent_ms(from), 5);
}

TEST(Disturbance, GarbageIsCountedAndDropped) {
  by_hand sender;
  std::mt19937 random(4);
  sender.send(20, 10);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::byte> packet(random() % 300);
    for (std::byte& each : packet)
      each = static_cast<std::byte>(random());
    if (packet.size() > 1 && i % 2 == 0) {
      packet[0] = std::byte{0x80};
      packet[1] = static_cast<std::byte>(random() % 3 == 0 ? 8 : 101);
    }
    sender.under.receive_rtp(side::trunk, packet, sender.time.now());
    sender.under.receive_rtcp(side::trunk, packet, sender.time.now());
    if (i % 50 == 0) sender.time.run(0.02);
  }
  EXPECT_GT(sender.under.statistics(side::trunk).malformed, 5000u);
  const std::size_t from = sender.sink->samples.size();
  sender.ssrc = 79;
  sender.send(20, 100);
  EXPECT_LT(sender.silent_ms(from), 100);
}

}  // namespace
}  // namespace tollgate::pstn::media::test
