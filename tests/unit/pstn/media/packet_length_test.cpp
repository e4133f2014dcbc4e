// SPDX-License-Identifier: Apache-2.0
// Packets of every length, in either direction, and changes of length, payload type and codec in mid-call.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <utility>

#include "call.hpp"
#include "pstn/media/codec.hpp"
#include "pstn/media/rtp.hpp"

namespace tollgate::pstn::media::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

struct lengths {
  codec_id codec;
  milliseconds phone_sends;      // whatever it was asked for
  milliseconds gateway_sends;    // as the telephone asks
  std::size_t packets_a_second;  // that the gateway then sends

  friend void PrintTo(const lengths& row, std::ostream* out) {
    *out << encoding_name(row.codec) << " " << row.phone_sends.count() << " ms, " << row.gateway_sends.count()
         << " ms";
  }
};

// The telephone's codec, packet length and payload types from now on, at both ends.
void change_trunk(call& each, codec_id codec, milliseconds phone_sends, milliseconds gateway_sends,
                  int type = 0) {
  auto at_the_gateway = make_leg(codec), at_the_phone = make_leg(codec);
  at_the_phone.ptime = phone_sends;
  at_the_gateway.ptime = gateway_sends;
  if (type != 0) {  // asymmetric: the telephone wants `type`, and sends the usual
    at_the_gateway.payload_type_received = at_the_gateway.codec.payload_type;
    at_the_gateway.codec.payload_type = static_cast<std::uint8_t>(type);
    at_the_phone.payload_type_received = static_cast<std::uint8_t>(type);
    at_the_gateway.telephone_event_payload_type_received = 101;
    at_the_gateway.telephone_event_payload_type = 119;
    at_the_phone.telephone_event_payload_type_received = 119;
  }
  each.gateway.attach(side::trunk, at_the_gateway, each.time.connect({}, each.phone, side::trunk, false),
                      each.time.connect({}, each.phone, side::trunk, true));
  each.phone.attach(side::trunk, at_the_phone, each.time.connect({}, each.gateway, side::trunk, false),
                    each.time.connect({}, each.gateway, side::trunk, true));
}

void expect_speech(const call& each, double least) {
  EXPECT_GE(each.at_the_phone().least_likeness(), least);
  EXPECT_GE(each.at_the_peer().least_likeness(), least);
  EXPECT_GE(each.at_the_phone().pieces.size(), 3u);
}

// Likeness of waveforms, of which those of low rate keep less than of what is heard.
double least_of(codec_id codec) {
  if (codec == codec_id::g729) return 0.55;
  return codec == codec_id::gsm || codec == codec_id::opus ? 0.75 : 0.9;
}

class PacketLength : public testing::TestWithParam<lengths> {};

TEST_P(PacketLength, OfEachEndIsItsOwn) {
  const lengths& row = GetParam();
  if (!codec_available(row.codec)) GTEST_SKIP();
  call each({}, row.codec);
  change_trunk(each, row.codec, row.phone_sends, row.gateway_sends);
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  const auto before = each.phone.statistics(side::trunk).packets_received;
  each.talk(6);
  expect_speech(each, least_of(row.codec));
  const auto packets = each.phone.statistics(side::trunk).packets_received - before;
  if (row.codec != codec_id::opus) {  // which is silent in silence
    EXPECT_NEAR(static_cast<double>(packets), static_cast<double>(6 * row.packets_a_second), 8);
  }
  EXPECT_EQ(each.gateway.statistics(side::trunk).malformed, 0u);
  EXPECT_EQ(each.phone.statistics(side::trunk).malformed, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, PacketLength,
    testing::Values(lengths{codec_id::pcma, 10ms, 60ms, 17}, lengths{codec_id::g722, 30ms, 10ms, 100},
                    lengths{codec_id::g726_32, 40ms, 30ms, 33}, lengths{codec_id::gsm, 60ms, 20ms, 50},
                    lengths{codec_id::gsm, 20ms, 50ms, 25}, lengths{codec_id::g729, 50ms, 10ms, 100},
                    lengths{codec_id::opus, 60ms, 20ms, 50}),
    [](const auto& of) {
      std::string name =
          std::string(encoding_name(of.param.codec)) + "_" + std::to_string(of.param.phone_sends.count());
      std::erase(name, '-');
      return name;
    });

TEST(PayloadTypes, MayDifferByDirection) {
  call each({}, codec_id::g726_32);
  change_trunk(each, codec_id::g726_32, 20ms, 20ms, 97);
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  each.time.after(4.2, [&] { each.phone.send_digits(side::trunk, "4", 100ms); });
  each.time.after(4.2, [&] { each.peer.send_digits(side::overlay, "7", 100ms); });
  each.talk(4);
  expect_speech(each, 0.9);
  each.time.run(1);
  EXPECT_EQ(each.at_phone.digits, "7");
  EXPECT_EQ(each.at_peer.digits, "4");
}

// Hold, a moved address or another packet length leave the coders as they are: speech does not even stumble.
TEST(Change, OfThePacketLengthKeepsTheCoders) {
  for (const codec_id codec : {codec_id::g722, codec_id::g726_32, codec_id::g729}) {
    if (!codec_available(codec)) continue;
    SCOPED_TRACE(std::string(encoding_name(codec)));
    call each({}, codec);
    each.gateway.connect_voice(true);
    each.time.run(0.5);
    each.time.after(2.5, [&] { change_trunk(each, codec, 20ms, 20ms); });
    each.talk(5);
    expect_speech(each, least_of(codec));
    EXPECT_LE(each.at_the_phone().delay_spread_ms(), 12);
  }
}

// RFC 3264 §7: each of the codecs of an answer may be used from any packet on.
TEST(Change, OfTheFarEndToAnotherAnsweredCodecIsFollowed) {
  call each({}, codec_id::pcma);
  const codec_id codecs[] = {codec_id::g722, codec_id::gsm, codec_id::opus, codec_id::g729, codec_id::pcma};
  auto at_the_gateway = make_leg(codec_id::pcma);
  for (const codec_id codec : codecs) {
    if (codec == codec_id::pcma || !codec_available(codec)) continue;
    const leg_parameters usual = make_leg(codec);
    at_the_gateway.alternatives.push_back(
        {usual.codec, usual.codec.payload_type, 101, 101, usual.codec.rtp_clock_hz});
  }
  each.gateway.attach(side::trunk, at_the_gateway, each.time.connect({}, each.phone, side::trunk, false),
                      each.time.connect({}, each.phone, side::trunk, true));
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  for (const codec_id codec : codecs) {
    if (!codec_available(codec)) continue;
    SCOPED_TRACE(encoding_name(codec));
    each.phone.attach(side::trunk, make_leg(codec), each.time.connect({}, each.gateway, side::trunk, false),
                      each.time.connect({}, each.gateway, side::trunk, true));
    each.time.run(0.5);
    const auto before = each.gateway.statistics(side::trunk);
    const auto heard_before = each.phone.statistics(side::trunk);
    each.talk(4);
    expect_speech(each, least_of(codec));
    each.phone.send_digits(side::trunk, "5", 100ms);
    each.time.run(0.5);
    EXPECT_EQ(std::exchange(each.at_gateway.digits, ""), "5");
    // It is followed in what we send as well.
    EXPECT_EQ(each.phone.statistics(side::trunk).malformed, heard_before.malformed);
    EXPECT_EQ(each.gateway.statistics(side::trunk).malformed, before.malformed);
  }
  EXPECT_EQ(each.gateway.statistics(side::trunk).lost, 0u);
}

TEST(Change, OfTheFarEndIsNotSeenInOnePacket) {
  call each({}, codec_id::pcma);
  auto at_the_gateway = make_leg(codec_id::pcma);
  at_the_gateway.alternatives.push_back(
      {default_description(codec_id::gsm), std::uint8_t{3}, 101, 101, 8000});
  each.gateway.attach(side::trunk, at_the_gateway, each.time.connect({}, each.phone, side::trunk, false), {});
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  std::uint16_t number = 0;
  std::uint32_t ssrc = 0;
  const packet_sink onward = each.time.connect({}, each.gateway, side::trunk, false);
  each.phone.attach(side::trunk, make_leg(codec_id::pcma),
                    [&](std::span<const std::byte> packet) {
                      const auto header = parse_rtp(packet)->header;
                      number = header.sequence_number;
                      ssrc = header.ssrc;
                      onward(packet);
                    },
                    {});
  for (int i = 0; i < 10; ++i)
    each.time.after(1 + 0.2 * i, [&] {
      std::vector<std::byte> packet(rtp_header_bytes + 33, std::byte{0xd0});
      write_rtp_header({false, 3, number, 0, ssrc}, std::span(packet).first<rtp_header_bytes>());
      each.gateway.receive_rtp(side::trunk, packet, each.time.now());
    });
  each.talk(4);
  EXPECT_EQ(each.phone.statistics(side::trunk).malformed, 0u);
  expect_speech(each, 0.9);
}

TEST(Change, OfTheCodecInMidCallLosesLittle) {
  call each({}, codec_id::pcma);
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  const codec_id codecs[] = {codec_id::g722, codec_id::gsm, codec_id::opus, codec_id::g729, codec_id::pcmu};
  double at_s = 1.5;
  for (const codec_id codec : codecs)
    if (codec_available(codec))
      each.time.after(at_s += 2, [&each, codec] { change_trunk(each, codec, 20ms, 20ms); });
  each.heard_by_phone->samples.reserve(1 << 20);
  each.from_peer = std::make_shared<pcm_audio>(pcm_audio{make_speech(14, 16000, 7), 16000});
  each.peer.play(side::overlay, make_pcm_source(each.from_peer), play_mode::replace);
  // The recording changes its rate with the codec: what is compared is what the telephone hears after the
  // last change.
  each.time.run(12);
  EXPECT_EQ(each.gateway.statistics(side::trunk).lost, 0u);
  const std::size_t begun = each.heard_by_phone->samples.size();
  EXPECT_EQ(each.heard_by_phone->rate_hz, 8000);
  each.talk(4);
  EXPECT_GE(
      compare(halved(each.from_peer->samples), call::since(each.heard_by_phone, begun)).least_likeness(),
      0.94);
  EXPECT_GE(each.at_the_peer().least_likeness(), 0.94);
}

}  // namespace
}  // namespace tollgate::pstn::media::test
