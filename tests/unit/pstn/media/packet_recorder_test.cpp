// SPDX-License-Identifier: Apache-2.0
// A recording that waits: whatever arrives late, in bunches or out of order is in it, sample by sample where
// it was said.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "packets.hpp"
#include "pstn/media/packet_recorder.hpp"
#include "speech.hpp"

namespace tollgate::pstn::media::test {
namespace {

constexpr double frame_ms = 20;
constexpr std::size_t frame = 160;
constexpr double patience_ms = packet_recorder::patience.count();

// One far end whose packets arrive when a test says.
struct recording : hand_sender {
  explicit recording(codec_id codec = codec_id::pcma, record_mode mode = record_mode::whole)
      : hand_sender(codec, make_speech(6, 8000, 3)) {
    under.record(which, heard, mode);
    begun = time.seconds();
  }
  // What a far end hears that loses nothing.
  std::vector<std::int16_t> said(std::size_t packets) const {
    const auto coder = make_decoder(described, 8000).value();
    std::vector<std::int16_t> all, one(8000);
    for (std::size_t i = 0; i < packets; ++i) {
      const auto& payload = payloads[i % payloads.size()];
      const std::size_t count = coder->decode(described.payload_type, payload, one);
      all.insert(all.end(), one.begin(), one.begin() + static_cast<std::ptrdiff_t>(count));
    }
    return all;
  }
  // Each packet comes later than the sound that it ends by so many ms, 0 being punctual; below 0: never.
  template <typename lateness>
  void speak(int packets, lateness&& late_ms) {
    for (int i = 0; i < packets; ++i) {
      if (const double late = late_ms(i); late >= 0)
        deliver(described.payload_type, payloads[next % payloads.size()],
                begun_ms() + i * frame_ms + late - time.seconds() * 1000);
      ++next;
      ++sequence_number;
      timestamp += frame_units;
    }
    time.run(packets * frame_ms / 1000);
  }
  double begun_ms() const { return begun * 1000; }
  const std::vector<std::int16_t>& stop() {
    under.record(which, nullptr);
    return heard->samples;
  }

  std::shared_ptr<memory_sink> heard = std::make_shared<memory_sink>();
  double begun = 0;
};

// As a thread that sends for sixty telephones does it: 20 ms late by turns, and once held up.
double bunched(int i) {
  const int due = i * 20, stalled_from = 2000, stalled_until = 2062;
  const int turn = i % 3 == 1 ? 22 : 0;
  return due >= stalled_from && due < stalled_until ? stalled_until - due : turn;
}

TEST(PacketRecorder, HasAllOfABunchedStreamOfWhichALivePlayerConceals) {
  recording whole, live(codec_id::pcma, record_mode::live);
  for (recording* each : {&whole, &live}) {
    each->speak(200, bunched);
    each->time.run(0.1);
  }
  EXPECT_EQ(whole.stop(), whole.said(200));
  live.stop();
  EXPECT_GT(live.statistics().concealed.count(), 0);
}

TEST(PacketRecorder, WaitsForWhatIsHeldUpAndPutsItInOrder) {
  for (const unsigned seed : {1u, 2u, 3u, 4u, 5u}) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> up_to(0, 0.9 * patience_ms);
    recording each;
    each.speak(300, [&](int i) { return i == 0 ? 0 : up_to(random); });
    each.time.run(1);
    const auto said = each.said(300);
    auto heard = each.stop();
    heard.resize(std::min(heard.size(), said.size()));  // without the silence after it
    EXPECT_EQ(heard, said) << seed;
  }
}

TEST(PacketRecorder, HasAllThatCameBeforeItWasStopped) {
  recording each;
  each.speak(100, [](int i) { return i == 0 || i >= 90 ? 0 : i == 89 ? 5000 : 3; });
  EXPECT_EQ(each.stop().size(), 100 * frame);
  // The first one after what is missing is faded into.
  const auto said = each.said(100);
  EXPECT_TRUE(std::equal(said.end() - 9 * frame, said.end(), each.heard->samples.end() - 9 * frame));
}

TEST(PacketRecorder, KeepsThePlaceOfWhatIsLost) {
  recording each;
  const auto lost = [](int i) { return i == 50 || (i >= 120 && i < 135); };
  const auto faded_into = [&](int i) { return lost(i - 1); };
  each.speak(200, [&](int i) { return lost(i) ? -1.0 : 0.0; });
  const auto said = each.said(200);
  const auto& heard = each.stop();
  ASSERT_EQ(heard.size(), said.size());
  for (std::size_t at = 0; at < said.size(); ++at) {
    const int i = static_cast<int>(at / frame);
    ASSERT_TRUE(heard[at] == said[at] || lost(i) || faded_into(i)) << at;
  }
  const auto hidden = std::span(heard).subspan(50 * frame, frame / 2);
  EXPECT_TRUE(std::any_of(hidden.begin(), hidden.end(), [](auto one) { return std::abs(one) > 200; }));
}

TEST(PacketRecorder, FillsWhatWasNotSentByTheTimestamps) {
  recording each;
  each.speak(50, [](int) { return 0; });
  each.timestamp += 150 * each.frame_units;  // three seconds of silence
  each.time.run(2);
  EXPECT_NEAR(static_cast<double>(each.heard->samples.size()), 8000 * (3 - patience_ms / 1000), 2 * frame);
  each.time.run(1);
  each.begun = each.time.seconds();
  each.speak(50, [](int) { return 0; });
  const auto said = each.said(100);
  const auto& heard = each.stop();
  ASSERT_EQ(heard.size(), said.size() + 150 * frame);
  EXPECT_TRUE(std::equal(heard.begin(), heard.begin() + 50 * frame, said.begin()));
  EXPECT_TRUE(std::equal(heard.end() - 50 * frame, heard.end(), said.end() - 50 * frame));
}

TEST(PacketRecorder, LosesNothingByALongerHoldUpAndGoesOnWithinTheUsual) {
  recording each;
  constexpr int held_up_from = 50, held_up_until = 150;
  each.speak(300, [](int i) {
    return i >= held_up_from && i < held_up_until ? (held_up_until - i) * frame_ms : i % 2 * 15.0;
  });
  const auto said = each.said(300);
  const auto& heard = each.stop();
  // Two seconds of which one was waited for: the other is heard as silence.
  const auto more = static_cast<std::ptrdiff_t>(heard.size() - said.size());
  EXPECT_NEAR(static_cast<double>(more), 8000, 2 * frame);
  EXPECT_TRUE(std::equal(said.begin(), said.begin() + held_up_from * frame, heard.begin()));
  EXPECT_TRUE(std::equal(said.begin() + held_up_from * frame, said.end(),
                         heard.begin() + held_up_from * frame + more));
}

TEST(PacketRecorder, RecordsSilenceOfAFarEndThatSendsNothing) {
  recording each;
  each.time.run(5);
  const auto& heard = each.stop();
  EXPECT_NEAR(static_cast<double>(heard.size()), 8000 * (5 - patience_ms / 1000), 2 * frame);
  EXPECT_TRUE(std::all_of(heard.begin(), heard.end(), [](auto one) { return one == 0; }));
}

TEST(PacketRecorder, TakesDigitsForNoLoss) {
  recording each;
  each.speak(50, [](int) { return 0; });
  for (int i = 0; i < 5; ++i) {  // RFC 4733 §2.3: 100 ms of digit 5, its timestamp stands still
    const std::array event{std::byte{5}, std::byte{static_cast<unsigned char>(i == 4 ? 0x8a : 0x0a)},
                           std::byte{static_cast<unsigned char>((i + 1) * 160 >> 8)},
                           std::byte{static_cast<unsigned char>((i + 1) * 160 & 255)}};
    each.deliver(101, event);
    ++each.sequence_number;
    each.time.run(frame_ms / 1000);
  }
  each.timestamp += 5 * each.frame_units;
  each.begun = each.time.seconds();
  each.speak(50, [](int) { return 0; });
  EXPECT_EQ(each.told.digits, "5");
  const auto said = each.said(100);
  const auto& heard = each.stop();
  ASSERT_EQ(heard.size(), said.size() + 5 * frame);
  EXPECT_TRUE(std::equal(heard.end() - 50 * frame, heard.end(), said.end() - 50 * frame));
}

TEST(PacketRecorder, GoesOnWithAnotherStreamAndAfterLeapsOfTheTimestamps) {
  recording each;
  each.speak(50, [](int) { return 0; });
  each.time.run(0.2);  // a stream that goes on would not be taken over
  each.ssrc = 78;
  each.sequence_number = 7;
  each.timestamp = 0x1234'5678;
  each.begun = each.time.seconds();
  each.speak(50, [](int) { return 0; });
  for (const std::uint32_t leap : {0x7000'0000u, 0x9000'0000u}) {  // forward and back, by hours
    each.timestamp += leap;
    each.begun = each.time.seconds();
    each.speak(50, [](int) { return 0; });
  }
  const auto said = each.said(200);
  const auto& heard = each.stop();
  EXPECT_TRUE(std::equal(heard.begin(), heard.begin() + 50 * frame, said.begin()));
  EXPECT_TRUE(std::equal(heard.end() - 50 * frame, heard.end(), said.end() - 50 * frame));
  EXPECT_LE(heard.size(), said.size() + 8000 * 3);
}

TEST(PacketRecorder, TakesInexactTimestampsForNoGap) {
  recording each;
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    const auto exact = each.timestamp;
    each.timestamp += static_cast<std::uint32_t>(random() % 41) - 20;
    each.deliver(8, each.payloads[each.next++ % each.payloads.size()]);
    each.timestamp = exact + each.frame_units;
    ++each.sequence_number;
    each.time.run(frame_ms / 1000);
  }
  EXPECT_EQ(each.stop(), each.said(200));
}

TEST(PacketRecorder, RecordsEveryCodec) {
  for (const codec_id codec : {codec_id::pcmu, codec_id::g722, codec_id::gsm, codec_id::opus}) {
    recording each(codec);
    each.speak(200, bunched);
    const auto& heard = each.stop();
    const bool wide = each.heard->rate_hz == 16000;
    const comparison compared = compare(each.said(200), wide ? halved(heard) : heard, 40);
    ASSERT_GE(compared.pieces.size(), 3u);
    EXPECT_GE(compared.least_likeness(), wide ? 0.97 : 0.99) << static_cast<int>(codec);
    EXPECT_LE(compared.delay_spread_ms(), 1) << static_cast<int>(codec);
  }
}

}  // namespace
}  // namespace tollgate::pstn::media::test
