// SPDX-License-Identifier: Apache-2.0
// Opus between two legs of Opus: packets go through as they are, and coding begins and ends in mid-call
// without a gap.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "call.hpp"
#include "pstn/media/codec.hpp"
#include "pstn/media/rtp.hpp"

namespace tollgate::pstn::media::test {
namespace {

using namespace std::chrono_literals;

struct sent_packet {
  double at_s;
  rtp_header header;
  std::vector<std::byte> payload;
};

// A call whose peer and gateway are listened to on their way to the telephone.
struct tapped_call : call {
  explicit tapped_call(link network = {}, const std::string& phone_takes = {},
                       std::chrono::milliseconds ptime = 20ms)
      : call(network, codec_id::opus) {
    auto parameters = make_leg(codec_id::opus);
    peer.attach(side::overlay, parameters, tap(by_peer, time.connect(network, gateway, side::overlay, false)),
                time.connect(network, gateway, side::overlay, true));
    parameters.codec.parameters += phone_takes;
    parameters.codec.payload_type = 120;  // as the telephone has answered
    parameters.payload_type_received = 111;
    parameters.ptime = ptime;
    gateway.attach(side::trunk, parameters, tap(by_gateway, time.connect(network, phone, side::trunk, false)),
                   time.connect(network, phone, side::trunk, true));
    auto at_the_phone = make_leg(codec_id::opus);
    at_the_phone.payload_type_received = 120;
    phone.attach(side::trunk, at_the_phone, time.connect(network, gateway, side::trunk, false),
                 time.connect(network, gateway, side::trunk, true));
    gateway.connect_voice(true);
    time.run(0.5);
  }

  packet_sink tap(std::vector<sent_packet>& into, packet_sink onward) {
    return [this, &into, onward = std::move(onward)](std::span<const std::byte> packet) {
      const auto read = parse_rtp(packet).value();
      into.push_back({time.seconds(), read.header, {read.payload.begin(), read.payload.end()}});
      onward(packet);
    };
  }

  // How many of the packets that the gateway has sent are the peer's own.
  double passed() const {
    std::size_t same = 0;
    for (const sent_packet& packet : by_gateway)
      same += std::any_of(by_peer.begin(), by_peer.end(),
                          [&](const sent_packet& of) { return of.payload == packet.payload; })
                  ? 1
                  : 0;
    return static_cast<double>(same) / static_cast<double>(by_gateway.size());
  }

  // One stream, whoever has made its packets.
  void expect_one_stream() const {
    for (std::size_t i = 1; i < by_gateway.size(); ++i) {
      const auto &before = by_gateway[i - 1].header, &now = by_gateway[i].header;
      EXPECT_EQ(now.payload_type, 120);
      EXPECT_EQ(now.ssrc, before.ssrc);
      EXPECT_EQ(static_cast<std::uint16_t>(now.sequence_number - before.sequence_number), 1)
          << by_gateway[i].at_s;
      const auto step = static_cast<std::int32_t>(now.timestamp - before.timestamp);
      EXPECT_GT(step, 0);
      // The clocks of both are one here: by and large timestamps go with time.
      EXPECT_NEAR(step / 48.0, (by_gateway[i].at_s - by_gateway[i - 1].at_s) * 1000, 50)
          << by_gateway[i].at_s;
    }
  }

  std::vector<sent_packet> by_peer, by_gateway;
};

TEST(Passage, PacketsOfOpusGoThroughAsTheyAreAndAtOnce) {
  tapped_call passing, coding({}, ";maxaveragebitrate=24000");
  for (tapped_call* each : {&passing, &coding}) {
    each->by_peer.clear();
    each->by_gateway.clear();
    each->talk(5);
    each->expect_one_stream();
    EXPECT_GE(each->at_the_phone().least_likeness(), 0.9);
    EXPECT_GE(each->at_the_peer().least_likeness(), 0.9);
  }
  EXPECT_GE(passing.passed(), 0.99);
  EXPECT_LE(coding.passed(), 0.1);
  EXPECT_NE(passing.by_gateway[0].header.ssrc, passing.by_peer[0].header.ssrc);
  // No jitter buffer and no look-ahead of another encoder.
  EXPECT_LE(passing.at_the_phone().delay_ms(), coding.at_the_phone().delay_ms() - 5);
  EXPECT_EQ(passing.gateway.statistics(side::overlay).playout_delay, 0ms);
}

TEST(Passage, LossIsCountedAndLeftToTheFarEnd) {
  link network{5, 4, 0.05, 0.02};
  tapped_call each(network);
  each.talk(12);
  const auto from_peer = each.gateway.statistics(side::overlay);
  const double lost =
      static_cast<double>(from_peer.lost) / static_cast<double>(from_peer.lost + from_peer.packets_received);
  EXPECT_NEAR(lost, 0.05, 0.03);
  EXPECT_GT(from_peer.duplicate, 0u);
  EXPECT_GT(from_peer.jitter_ms, 0.3);
  // Both ways' losses are gaps in the sequence numbers that the telephone sees.
  EXPECT_GT(each.phone.statistics(side::trunk).lost, from_peer.lost);
  EXPECT_GE(each.at_the_phone().mean_likeness(), 0.85);
}

// What the telephone reports lost is the business of the encoder that has made it: the peer's.
TEST(Passage, LossThatTheTrunkReportsReachesThePeersEncoder) {
  tapped_call each;
  auto parameters = make_leg(codec_id::opus);
  parameters.codec.payload_type = 120;
  parameters.payload_type_received = 111;
  link lossy{5};
  lossy.drops = [random = std::mt19937(4)](double at_s) mutable { return at_s > 6 && random() % 100 < 8; };
  each.gateway.attach(side::trunk, parameters, each.time.connect(lossy, each.phone, side::trunk, false),
                      each.time.connect({}, each.phone, side::trunk, true));
  const auto reader = make_decoder(default_description(codec_id::opus), 16000).value();
  const auto share_with_fec = [&](double seconds) {
    each.by_peer.clear();
    each.talk(seconds);
    std::size_t count = 0;
    for (const sent_packet& packet : each.by_peer)
      count += reader->has_fec(packet.payload) ? 1 : 0;
    return static_cast<double>(count) / static_cast<double>(each.by_peer.size());
  };
  EXPECT_EQ(share_with_fec(5), 0);
  share_with_fec(14);  // reports go up, and on
  EXPECT_GT(share_with_fec(8), 0.5);
  EXPECT_EQ(each.gateway.statistics(side::overlay).lost, 0u);
  EXPECT_NEAR(each.peer.statistics(side::overlay).remote_loss.value_or(0), 0.08, 0.05);
  EXPECT_NEAR(each.peer.statistics(side::overlay).remote_loss_total.value_or(0),
              each.gateway.statistics(side::trunk).remote_loss_total.value_or(1), 0.03);
  // The other way nothing is lost, and nothing told.
  EXPECT_EQ(each.phone.statistics(side::trunk).remote_loss.value_or(0), 0);
}

TEST(Passage, RecordingAndPlayingBeginAndEndWithoutAGap) {
  tapped_call each;
  const auto recorded = std::make_shared<memory_sink>();
  each.time.after(2.3, [&] { each.gateway.record(side::overlay, recorded); });
  each.time.after(4.6, [&] { each.gateway.record(side::overlay, nullptr); });
  const auto quiet = std::make_shared<pcm_audio>(pcm_audio{std::vector<std::int16_t>(8000, 0), 8000});
  each.time.after(6.9, [&] { each.gateway.play(side::trunk, make_pcm_source(quiet), play_mode::mix); });
  each.by_peer.clear();
  each.by_gateway.clear();
  each.talk(10);
  each.expect_one_stream();
  EXPECT_GT(each.passed(), 0.55);
  EXPECT_LT(each.passed(), 0.75);
  const auto heard = each.at_the_phone();
  // The delay differs by what coding takes, so that a second in which it changes is like the original in
  // parts only.
  EXPECT_GE(heard.least_likeness(), 0.65);
  EXPECT_GE(heard.mean_likeness(), 0.87);
  EXPECT_LE(heard.delay_spread_ms(), 45);
  EXPECT_EQ(each.at_gateway.finished, 1);
  EXPECT_NEAR(static_cast<double>(recorded->samples.size()) / recorded->rate_hz, 2.3, 0.05);
  const auto spoken = halved(each.from_peer->samples);
  const std::vector<std::int16_t> part(spoken.begin() + 2 * 8000, spoken.end());
  const auto taken = halved(recorded->samples);
  EXPECT_GE(compare(taken, part, 500).mean_likeness(), 0.9);
}

TEST(Passage, DigitsArriveOnceAndLeaveNoGap) {
  tapped_call each;
  each.time.after(1.0, [&] { each.peer.send_digits(side::overlay, "19", 120ms); });
  each.by_gateway.clear();
  each.talk(4);
  EXPECT_EQ(each.at_phone.digits, "19");
  EXPECT_EQ(each.at_gateway.digits, "19");
  EXPECT_EQ(each.phone.statistics(side::trunk).lost, 0u);
}

TEST(Passage, PacketsOfAnotherLengthAreMadeForAFarEndThatAsksForThem) {
  tapped_call each({}, "", 40ms);
  each.by_gateway.clear();
  each.talk(3);
  EXPECT_LE(each.passed(), 0.1);
  EXPECT_NEAR(static_cast<double>(each.by_gateway.size()), 3 * 25, 30);
  EXPECT_GE(each.at_the_phone().least_likeness(), 0.9);
}

TEST(Passage, AnotherStreamOfThePeersContinuesTheOneBefore) {
  tapped_call each;
  each.time.after(2, [&] {
    auto parameters = make_leg(codec_id::opus);
    parameters.local_ssrc = 4711;
    each.peer.attach(side::overlay, parameters,
                     each.tap(each.by_peer, each.time.connect({}, each.gateway, side::overlay, false)), {});
  });
  each.by_peer.clear();
  each.by_gateway.clear();
  each.talk(6);
  const std::uint32_t first = each.by_gateway.front().header.ssrc;
  for (std::size_t i = 1; i < each.by_gateway.size(); ++i) {
    EXPECT_EQ(each.by_gateway[i].header.ssrc, first);
    EXPECT_EQ(static_cast<std::uint16_t>(each.by_gateway[i].header.sequence_number -
                                         each.by_gateway[i - 1].header.sequence_number),
              1);
    EXPECT_GT(static_cast<std::int32_t>(each.by_gateway[i].header.timestamp -
                                        each.by_gateway[i - 1].header.timestamp),
              0);
  }
  EXPECT_GT(each.by_gateway.back().at_s - each.by_gateway.front().at_s, 5);
}

}  // namespace
}  // namespace tollgate::pstn::media::test
