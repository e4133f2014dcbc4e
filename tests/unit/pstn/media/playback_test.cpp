// SPDX-License-Identifier: Apache-2.0
// Playing, recording, reports and changes of a bridge in mid-call.
#include <gtest/gtest.h>

#include "call.hpp"
#include "pstn/media/rtcp.hpp"
#include "pstn/media/rtp.hpp"
#include "pstn/media/telephone_event.hpp"

namespace tollgate::pstn::media::test {
namespace {

using namespace std::chrono_literals;

struct constant final : audio_source {
  constant(std::int16_t level, std::size_t count) : level_(level), left_(count) {}
  std::size_t read(std::span<std::int16_t> frame, int) override {
    const std::size_t count = std::min(frame.size(), left_);
    std::fill_n(frame.begin(), count, level_);
    left_ -= count;
    return count;
  }
  std::int16_t level_;
  std::size_t left_;
};

TEST(Playback, EndsOnceAndIsTold) {
  call each;
  each.gateway.play(side::trunk, std::make_shared<constant>(1000, 8000), play_mode::replace);
  each.time.run(0.9);
  EXPECT_TRUE(each.gateway.playing(side::trunk));
  EXPECT_EQ(each.at_gateway.finished, 0);
  each.time.run(0.2);
  EXPECT_FALSE(each.gateway.playing(side::trunk));
  EXPECT_EQ(each.at_gateway.finished, 1);
  const auto& heard = each.heard_by_phone->samples;
  EXPECT_NEAR(static_cast<double>(std::count_if(heard.begin(), heard.end(), [](auto s) { return s > 900; })),
              8000, 400);
}

TEST(Playback, MixedIsHeardWithTheVoice) {
  call each;
  each.gateway.connect_voice(true);
  each.time.run(0.3);
  each.phone.play(side::trunk, std::make_shared<constant>(1000, 80000), play_mode::replace);
  each.gateway.play(side::trunk, std::make_shared<constant>(2000, 4000), play_mode::mix);
  each.peer.play(side::overlay,
                 make_pcm_source(std::make_shared<pcm_audio>(pcm_audio{make_speech(2, 16000, 3), 16000})),
                 play_mode::replace);
  each.time.run(2);
  EXPECT_EQ(each.at_gateway.finished, 1);
  EXPECT_EQ(each.at_peer.finished, 0);
}

TEST(Recording, IsContinuousAndKeepsTheTail) {
  listener told;
  bridge under(told, 3);
  world time;
  time.add(under);
  listener phone_told;
  bridge phone(phone_told, 4);
  time.add(phone);
  link network{20, 15, 0};
  under.attach(side::trunk, make_leg(codec_id::pcmu), time.connect(network, phone, side::trunk, false), {});
  phone.attach(side::trunk, make_leg(codec_id::pcmu), time.connect(network, under, side::trunk, false), {});
  time.run(1);
  auto recorded = std::make_shared<memory_sink>();
  under.record(side::trunk, recorded);
  const auto speech = std::make_shared<pcm_audio>(pcm_audio{make_speech(5, 8000, 9), 8000});
  phone.play(side::trunk, make_pcm_source(speech), play_mode::replace);
  time.run(5);
  phone.detach(side::trunk);
  time.run(0.040);  // the last packets and the BYE of the signalling
  under.detach(side::trunk);
  const comparison heard = compare(speech->samples, recorded->samples, 150);
  ASSERT_GE(heard.pieces.size(), 4u);
  EXPECT_GE(heard.least_likeness(), 0.97);
  EXPECT_LE(heard.delay_spread_ms(), 21);
  EXPECT_GE(recorded->samples.size(), 5u * 8000 + 20 * 8);
}

TEST(Recording, BeginsInSilenceBeforeTheFirstPacket) {
  listener told;
  bridge under(told, 3);
  world time;
  time.add(under);
  auto recorded = std::make_shared<memory_sink>();
  under.attach(side::overlay, make_leg(codec_id::opus), {}, {});
  under.record(side::overlay, recorded);
  time.run(2);
  EXPECT_NEAR(static_cast<double>(recorded->samples.size()), 2 * 16000, 640);
}

TEST(Reports, TellRoundTripLossAndJitter) {
  call each({30, 0, 0.05});
  each.gateway.connect_voice(true);
  each.talk(30);
  for (const side which : {side::overlay, side::trunk}) {
    const leg_statistics of = each.gateway.statistics(which);
    ASSERT_TRUE(of.round_trip_ms.has_value());
    EXPECT_NEAR(*of.round_trip_ms, 60, 2);
    ASSERT_TRUE(of.remote_loss.has_value());
    EXPECT_NEAR(*of.remote_loss, 0.05, 0.06);
    EXPECT_NEAR(static_cast<double>(of.lost) / static_cast<double>(of.lost + of.packets_received), 0.05,
                0.02);
    EXPECT_LT(of.jitter_ms, 1);
    EXPECT_GT(of.mos, 2.5);
    EXPECT_LT(of.mos, 4.3);
  }
}

TEST(Reports, CleanCallIsRatedWell) {
  call each;
  each.gateway.connect_voice(true);
  each.talk(15);
  EXPECT_GT(each.gateway.statistics(side::trunk).mos, 4.3);
  EXPECT_EQ(each.gateway.statistics(side::trunk).lost, 0u);
  EXPECT_EQ(each.gateway.statistics(side::trunk).late, 0u);
  EXPECT_EQ(each.gateway.statistics(side::trunk).concealed, 0ms);
}

struct captured {
  packet_sink sink() {
    return [this](std::span<const std::byte> packet) { packets.emplace_back(packet.begin(), packet.end()); };
  }
  std::vector<std::vector<std::byte>> packets;
};

TEST(Sending, TimestampsGoOnThroughDigitsAndTheMarkerIsOnTheFirst) {
  listener told;
  bridge under(told, 3);
  world time;
  time.add(under);
  captured rtp, rtcp;
  under.attach(side::trunk, make_leg(codec_id::pcma), rtp.sink(), rtcp.sink());
  time.run(1.01);
  under.send_digits(side::trunk, "5", 100ms);
  time.run(1);
  ASSERT_EQ(rtp.packets.size(), 101u);
  const rtp_packet first = parse_rtp(rtp.packets[0]).value();
  EXPECT_TRUE(first.header.marker);
  int events = 0, ends = 0;
  for (std::size_t i = 1; i < rtp.packets.size(); ++i) {
    const rtp_packet packet = parse_rtp(rtp.packets[i]).value();
    EXPECT_EQ(packet.header.sequence_number, static_cast<std::uint16_t>(first.header.sequence_number + i));
    if (packet.header.payload_type == 101) {
      const auto event = parse_telephone_event(packet.payload).value();
      EXPECT_EQ(packet.header.timestamp, static_cast<std::uint32_t>(first.header.timestamp + 51 * 160));
      EXPECT_EQ(packet.header.marker, events == 0);
      EXPECT_EQ(event.duration, std::min(160 * (events + 1), 800));
      EXPECT_EQ(event.end, events >= 4);
      ++events;
      ends += event.end ? 1 : 0;
    } else {
      EXPECT_EQ(packet.header.timestamp, static_cast<std::uint32_t>(first.header.timestamp + i * 160));
      EXPECT_EQ(packet.header.marker,
                events > 0 && parse_rtp(rtp.packets[i - 1])->header.payload_type == 101);
    }
  }
  EXPECT_EQ(events, 7);
  EXPECT_EQ(ends, 3);
  under.detach(side::trunk);
  ASSERT_FALSE(rtcp.packets.empty());
  EXPECT_TRUE(parse_rtcp(rtcp.packets.back(), 1)->goodbye);
}

TEST(Sending, LegOnHoldSendsNoVoice) {
  listener told;
  bridge under(told, 3);
  world time;
  time.add(under);
  captured rtp;
  leg_parameters parameters = make_leg(codec_id::pcma);
  parameters.sending = false;
  under.attach(side::trunk, parameters, rtp.sink(), {});
  time.run(1);
  EXPECT_TRUE(rtp.packets.empty());
  parameters.sending = true;
  under.attach(side::trunk, parameters, rtp.sink(), {});
  time.run(1);
  EXPECT_EQ(rtp.packets.size(), 50u);
}

TEST(Changing, CodecAndPtimeInMidCallIsHardlyHeard) {
  call each;
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  each.time.after(5.0, [&each] {
    leg_parameters changed = make_leg(codec_id::pcmu);
    changed.ptime = 30ms;
    each.join(each.phone, side::trunk, each.gateway, side::trunk, changed, {});
  });
  each.talk(12);
  EXPECT_GE(each.at_the_phone().mean_likeness(), 0.9);
  EXPECT_GE(each.at_the_peer().mean_likeness(), 0.9);
  EXPECT_EQ(each.phone.statistics(side::trunk).lost, 0u);
}

TEST(Changing, TrunkThatComesLaterMakesTheBridgeNarrow) {
  call each;
  each.gateway.detach(side::trunk);
  each.time.run(1);
  each.join(each.phone, side::trunk, each.gateway, side::trunk, make_leg(codec_id::pcma), {});
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  each.talk(8);
  EXPECT_GE(each.at_the_phone().least_likeness(), 0.93);
  EXPECT_GE(each.at_the_peer().least_likeness(), 0.93);
}

}  // namespace
}  // namespace tollgate::pstn::media::test
