// SPDX-License-Identifier: Apache-2.0
// What the benchmark tells of a stream: loss, lateness and delay of streams in which they are known.
#include "stream.hpp"

#include <gtest/gtest.h>
#include <opus.h>
#include <spandsp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <random>

namespace tollgate::bench {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t frame_ns = frame_ms * ms;
constexpr std::size_t offset = 40;  // frame of the material that is sent first

// Noise through a resonance that wanders: it is like itself at one place only.
material make_said(int seconds) {
  material said;
  std::mt19937 random(2);
  std::normal_distribution<double> noise(0, 1500);
  double first = 0, second = 0;
  for (int i = 0; i < seconds * narrow_rate_hz; ++i) {
    const double angle = 0.3 + 0.2 * std::sin(i * 0.0004);
    const double now = noise(random) + 1.6 * std::cos(angle) * first - 0.64 * second;
    second = first;
    first = now;
    said.samples.push_back(static_cast<std::int16_t>(std::clamp(now, -30000.0, 30000.0)));
  }
  for (std::size_t at = 0; at + narrow_frame_samples <= said.samples.size(); at += narrow_frame_samples) {
    packet_bytes& packet = said.alaw.emplace_back();
    for (std::size_t i = at; i < at + narrow_frame_samples; ++i)
      packet.push_back(linear_to_alaw(said.samples[i]));
  }
  return said;
}

struct sent_stream {
  std::int64_t delay_ns = 25 * ms;
  std::size_t frames = 300;
  std::size_t lost_each = 0, late_each = 0;  // 0: none

  template <class Payload>
  stream run(coding arriving, Payload payload) const {
    stream made(arriving, true, offset);
    for (std::size_t i = 0; i < frames; ++i) {
      const std::int64_t sent_ns = 5'000'000'000 + static_cast<std::int64_t>(i) * frame_ns;
      made.sent(sent_ns);
      if (lost_each != 0 && i % lost_each == lost_each - 1) continue;
      const bool late = late_each != 0 && i % late_each == late_each - 1;
      const auto units = static_cast<std::uint32_t>(arriving == coding::opus ? 960 : 160);
      made.received(
          {sent_ns + delay_ns + (late ? 21 * ms : 0), 0xffffff00u + static_cast<std::uint32_t>(i) * units,
           static_cast<std::uint16_t>(65'500 + i)},
          payload(i));
    }
    return made;
  }
};

TEST(Stream, CountsWhatIsLostAndLate) {
  const material said = make_said(10);
  const auto payload = [&](std::size_t i) { return std::span(said.alaw[offset + i]); };
  const auto good = sent_stream{}.run(coding::alaw, payload).count();
  EXPECT_EQ(good.received, 300u);
  EXPECT_EQ(good.lost, 0u);
  EXPECT_EQ(good.late, 0u);
  EXPECT_EQ(good.bytes, 300u * 160);
  const auto bad = sent_stream{.lost_each = 50, .late_each = 20}.run(coding::alaw, payload).count();
  EXPECT_EQ(bad.received, 294u);
  EXPECT_EQ(bad.lost, 5u);   // that the last one is missing, nobody can tell
  EXPECT_EQ(bad.late, 12u);  // those at 100, 200 and 300 are lost
}

TEST(Stream, FindsTheDelayOfG711) {
  const material said = make_said(10);
  const auto payload = [&](std::size_t i) { return std::span(said.alaw[offset + i]); };
  for (const std::int64_t delay_ns : {1 * ms, 7 * ms, 60 * ms}) {
    const auto found = sent_stream{.delay_ns = delay_ns}.run(coding::alaw, payload).measure(said);
    ASSERT_GE(found.likeness.size(), 4u);
    for (const double likeness : found.likeness)
      EXPECT_GT(likeness, 0.95);
    ASSERT_FALSE(found.ns.empty());
    // A frame is carried by the packet of its own number here: within half of a frame.
    for (const std::int64_t ns : found.ns)
      EXPECT_NEAR(static_cast<double>(ns), static_cast<double>(delay_ns), frame_ns / 2.0);
  }
}

TEST(Stream, FindsTheDelayThroughOpus) {
  const material said = make_said(10);
  int error = OPUS_OK;
  const std::unique_ptr<OpusEncoder, void (*)(OpusEncoder*)> encoder(
      opus_encoder_create(narrow_rate_hz, 1, OPUS_APPLICATION_VOIP, &error), opus_encoder_destroy);
  opus_encoder_ctl(encoder.get(), OPUS_SET_BITRATE(24'000));
  std::array<unsigned char, 1500> packet{};
  const auto payload = [&](std::size_t i) {
    const auto length = opus_encode(encoder.get(), said.samples.data() + (offset + i) * narrow_frame_samples,
                                    narrow_frame_samples, packet.data(), 1500);
    return std::span(packet).first(static_cast<std::size_t>(std::max(length, 1)));
  };
  const stream heard = sent_stream{.delay_ns = 33 * ms}.run(coding::opus, payload);
  EXPECT_EQ(heard.opus_bandwidth_hz(), 4000);
  EXPECT_EQ(heard.opus_channels(), 1);
  const auto found = heard.measure(said);
  ASSERT_FALSE(found.ns.empty());
  for (const std::int64_t ns : found.ns)
    EXPECT_NEAR(static_cast<double>(ns), 33.0 * ms, frame_ns / 2.0);
}

TEST(Stream, ThatIsSomethingElseHasNoDelay) {
  const material said = make_said(10);
  std::mt19937 random(8);
  packet_bytes other(narrow_frame_samples);
  const auto payload = [&](std::size_t) {
    std::generate(other.begin(), other.end(), [&random] { return static_cast<unsigned char>(random()); });
    return std::span(other);
  };
  EXPECT_TRUE(sent_stream{}.run(coding::alaw, payload).measure(said).ns.empty());
}

}  // namespace
}  // namespace tollgate::bench
