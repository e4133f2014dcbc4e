// SPDX-License-Identifier: Apache-2.0
// RTP headers, reception statistics, RTCP.
#include "pstn/media/rtp.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "pstn/media/reception.hpp"
#include "pstn/media/rtcp.hpp"

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> made;
  for (const int value : values)
    made.push_back(static_cast<std::byte>(value));
  return made;
}

TEST(Rtp, HeaderIsReadAsWritten) {
  std::array<std::byte, rtp_header_bytes> packet{};
  write_rtp_header({true, 111, 0xfffe, 0x89abcdef, 0x12345678}, packet);
  const auto read = parse_rtp(packet).value();
  EXPECT_TRUE(read.header.marker);
  EXPECT_EQ(read.header.payload_type, 111);
  EXPECT_EQ(read.header.sequence_number, 0xfffe);
  EXPECT_EQ(read.header.timestamp, 0x89abcdefu);
  EXPECT_EQ(read.header.ssrc, 0x12345678u);
  EXPECT_TRUE(read.payload.empty());
}

TEST(Rtp, SourcesExtensionAndPaddingAreSteppedOver) {
  // P, X, one CSRC; extension of one word; payload 7 8; padding of two.
  const auto packet =
      bytes({0xb1, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9, 0xbe, 0xde, 0, 1, 1, 1, 1, 1, 7, 8, 0, 2});
  const auto read = parse_rtp(packet).value();
  EXPECT_EQ(std::vector<std::byte>(read.payload.begin(), read.payload.end()), bytes({7, 8}));
}

TEST(Rtp, ContradictionsAreRefused) {
  EXPECT_TRUE(parse_rtp(bytes({0x80, 8, 0, 1})).has_error());
  EXPECT_TRUE(parse_rtp(bytes({0x40, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3})).has_error());
  EXPECT_TRUE(parse_rtp(bytes({0x8f, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3})).has_error());
  EXPECT_TRUE(parse_rtp(bytes({0x90, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0xff, 0xff})).has_error());
  EXPECT_TRUE(parse_rtp(bytes({0xa0, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 5})).has_error());
  EXPECT_TRUE(parse_rtp(bytes({0xa0, 8, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 0})).has_error());
}

TEST(Reception, CountsAcrossTheWrapWithLossReorderingAndCopies) {
  reception of(8000);
  const clock::time_point start{100s};
  std::uint16_t number = 65530;
  for (int i = 0; i < 20; ++i, ++number) {
    if (i == 5 || i == 6) continue;  // lost
    of.take({false, 8, number, static_cast<std::uint32_t>(i * 160), 1}, start + i * 20ms, true);
  }
  EXPECT_EQ(of.expected(), 20);
  EXPECT_EQ(of.lost(), 2);
  EXPECT_NEAR(of.jitter_ms(), 0, 0.01);
  of.take({false, 8, static_cast<std::uint16_t>(65535), 5 * 160, 1}, start + 400ms, true);  // number 5, late
  EXPECT_EQ(of.extended_sequence(), 0x10000 + 65535);
  EXPECT_EQ(of.lost(), 1);
  const report_block block = of.make_block(start + 1s);
  EXPECT_EQ(block.cumulative_lost, 1);
  EXPECT_EQ(block.fraction_lost, 256 / 20);
  EXPECT_EQ(block.highest_sequence, 65549u);
  EXPECT_EQ(of.make_block(start + 2s).fraction_lost, 0);
}

TEST(Reception, JitterIsThatOfTheAppendix) {
  reception of(8000);
  const clock::time_point start{100s};
  double expected = 0;
  for (int i = 0; i < 200; ++i) {
    const bool late = i % 2 == 1;
    of.take({false, 8, static_cast<std::uint16_t>(i), static_cast<std::uint32_t>(i * 160), 1},
            start + i * 20ms + (late ? 10ms : 0ms), true);
    if (i > 0) expected += (10.0 - expected) / 16;
  }
  EXPECT_NEAR(of.jitter_ms(), expected, 0.1);
}

TEST(Rtcp, RoundTripIsArrivalLessReportLessDelay) {
  const clock::time_point sent{1000s};
  reception far(8000);
  far.take({false, 8, 1, 0, 42}, sent, true);
  far.take_sender_report(to_ntp(sent), sent + 30ms);
  const report_block block = far.make_block(sent + 2s);
  std::array<std::byte, rtcp_packet_max_bytes> packet{};
  const std::size_t length = write_rtcp({7, "name", sender_information{1, 2, 3, 4}, block, true}, packet);
  ASSERT_EQ(length % 4, 0u);
  const auto read = parse_rtcp(std::span(packet).first(length), 42).value();
  EXPECT_EQ(read.ssrc, 7u);
  EXPECT_EQ(read.sender->packets, 3u);
  EXPECT_TRUE(read.goodbye);
  ASSERT_TRUE(read.about_us);
  const auto trip = round_trip(*read.about_us, sent + 2s + 25ms);
  ASSERT_TRUE(trip);
  EXPECT_NEAR(static_cast<double>(trip->count()), 55'000, 100);
  EXPECT_FALSE(parse_rtcp(std::span(packet).first(length), 43)->about_us);
}

TEST(Rtcp, NegativeLossKeepsItsSign) {
  std::array<std::byte, rtcp_packet_max_bytes> packet{};
  report_block block;
  block.ssrc = 5;
  block.cumulative_lost = -3;
  const std::size_t length = write_rtcp({7, std::string(500, 'x'), {}, block, false}, packet);
  EXPECT_EQ(parse_rtcp(std::span(packet).first(length), 5)->about_us->cumulative_lost, -3);
}

TEST(Rtcp, SurvivesMutation) {
  std::mt19937 random(6);
  std::array<std::byte, rtcp_packet_max_bytes> packet{};
  for (int i = 0; i < 50'000; ++i) {
    std::size_t length = write_rtcp({7, "name", sender_information{}, report_block{}, true}, packet);
    for (int k = 0; k < 3; ++k)
      packet[random() % length] = static_cast<std::byte>(random());
    if (i % 2 == 0) length = random() % length;
    const auto read = parse_rtcp(std::span(packet).first(length), 0);
    if (read && read->about_us) (void)round_trip(*read->about_us, clock::time_point(5s));
  }
}

}  // namespace
}  // namespace tollgate::pstn::media
