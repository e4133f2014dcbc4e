// SPDX-License-Identifier: Apache-2.0
// Codecs: level, length, concealment, refusals; and the estimate of quality.
#include "pstn/media/codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include "pstn/media/audio.hpp"
#include "pstn/media/error.hpp"
#include "speech.hpp"

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;

class Codec : public testing::TestWithParam<codec_id> {};

TEST_P(Codec, KeepsSpeechAndItsLevel) {
  if (!codec_available(GetParam())) GTEST_SKIP();
  auto coder = make_encoder(default_description(GetParam()), 8000).value();
  auto back = make_decoder(default_description(GetParam()), 8000).value();
  const auto speech = test::make_speech(4, 8000, 2);
  std::vector<std::int16_t> heard;
  std::array<std::byte, payload_max_bytes> payload{};
  std::array<std::int16_t, 960> frame{};
  for (std::size_t at = 0; at + 160 <= speech.size(); at += 160) {
    const std::size_t length = coder->encode(std::span(speech).subspan(at, 160), payload);
    ASSERT_GT(length, 0u);
    EXPECT_EQ(back->samples_in(std::span(payload).first(length)), 160u);
    ASSERT_EQ(
        back->decode(default_description(GetParam()).payload_type, std::span(payload).first(length), frame),
        160u);
    heard.insert(heard.end(), frame.begin(), frame.begin() + 160);
  }
  const auto result = test::compare(speech, heard, 50);
  // Those of 13 and 8 kbit/s keep what is heard, not the waveform.
  const bool low_rate = GetParam() == codec_id::gsm || GetParam() == codec_id::g729;
  EXPECT_GE(result.least_likeness(), low_rate ? 0.6 : 0.95);
  EXPECT_NEAR(result.level_db(), 0, low_rate ? 1.0 : 0.3);
  EXPECT_LE(result.delay_ms(), 7);
}

TEST_P(Codec, ConcealmentFadesAway) {
  if (!codec_available(GetParam())) GTEST_SKIP();
  auto coder = make_encoder(default_description(GetParam()), 8000).value();
  auto back = make_decoder(default_description(GetParam()), 8000).value();
  const auto speech = test::make_speech(1, 8000, 2);
  std::array<std::byte, payload_max_bytes> payload{};
  std::array<std::int16_t, 960> frame{};
  for (std::size_t at = 0; at + 160 <= speech.size(); at += 160) {
    const auto spoken = std::span(speech).subspan(at, 160);
    back->decode(255, std::span(payload).first(coder->encode(spoken, payload)), frame);
    if (level_dbfs(spoken) > -15) break;
  }
  const std::span<std::int16_t> missing = std::span(frame).first(160);
  back->conceal(missing);
  EXPECT_GT(level_dbfs(missing), -30);
  for (int i = 0; i < 50; ++i)
    back->conceal(missing);
  EXPECT_LT(level_dbfs(missing), -60);
}

TEST_P(Codec, SurvivesGarbage) {
  if (!codec_available(GetParam())) GTEST_SKIP();
  auto back = make_decoder(default_description(GetParam()), 8000).value();
  std::mt19937 random(3);
  std::vector<std::int16_t> frame(960);
  for (int i = 0; i < 5000; ++i) {
    std::vector<std::byte> payload(random() % payload_max_bytes);
    for (std::byte& each : payload)
      each = static_cast<std::byte>(random());
    EXPECT_LE(back->decode(0, payload, frame), frame.size());
    back->recover(payload, std::span(frame).first(160));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Codec, testing::ValuesIn(all_codecs), [](const auto& of) {
  std::string name(encoding_name(of.param));
  std::erase(name, '-');
  return name;
});

TEST(CodecRates, OnlyThoseOfTheCodecAreMade) {
  EXPECT_EQ(make_encoder(default_description(codec_id::pcma), 16000).error(),
            make_error_code(media_error::codec_unsupported));
  EXPECT_EQ(make_decoder(default_description(codec_id::opus), 11025).error(),
            make_error_code(media_error::codec_unsupported));
  for (const codec_id id : all_codecs)
    for (const int rate_hz : {8000, 16000}) {
      const bool has = codec_available(id) && rate_hz <= voice_rate_hz(id);
      EXPECT_EQ(make_encoder(default_description(id), rate_hz).has_value(), has) << encoding_name(id);
      EXPECT_EQ(make_decoder(default_description(id), rate_hz).has_value(), has) << encoding_name(id);
    }
  for (const int rate_hz : {8000, 16000, 48000})
    EXPECT_TRUE(make_decoder(default_description(codec_id::opus), rate_hz).has_value());
}

struct packet_length {
  codec_id codec;
  int milliseconds;
  std::size_t bytes;  // 0: the codec has no packet of this length
};

TEST(Codecs, MakePacketsOfTheirLengthsAndNoOthers) {
  constexpr packet_length rows[] = {
      {codec_id::pcma, 10, 80},  {codec_id::pcmu, 60, 480},   {codec_id::g722, 20, 160},
      {codec_id::g722, 30, 240}, {codec_id::g726_32, 20, 80}, {codec_id::g726_32, 50, 200},
      {codec_id::gsm, 20, 33},   {codec_id::gsm, 60, 99},     {codec_id::gsm, 30, 0},
      {codec_id::gsm, 10, 0},    {codec_id::g729, 10, 10},    {codec_id::g729, 30, 30},
      {codec_id::g729, 60, 60},
  };
  for (const packet_length& row : rows) {
    if (!codec_available(row.codec)) continue;
    SCOPED_TRACE(std::string(encoding_name(row.codec)) + " " + std::to_string(row.milliseconds));
    const int rate_hz = voice_rate_hz(row.codec);
    auto coder = make_encoder(default_description(row.codec), rate_hz).value();
    auto back = make_decoder(default_description(row.codec), rate_hz).value();
    std::vector<std::int16_t> frame(static_cast<std::size_t>(rate_hz * row.milliseconds / 1000), 100);
    std::array<std::byte, payload_max_bytes> payload{};
    EXPECT_EQ(coder->encode(frame, payload), row.bytes);
    if (row.bytes != 0) {
      EXPECT_EQ(back->samples_in(std::span(payload).first(row.bytes)), frame.size());
    }
  }
}

TEST(Codecs, RefuseAPayloadThatIsNotTheirs) {
  const std::array<std::byte, 200> zeros{};
  std::array<std::int16_t, 1920> frame{};
  const auto decoded = [&](codec_id id, std::size_t bytes) {
    return make_decoder(default_description(id), 8000)
        .value()
        ->decode(default_description(id).payload_type, std::span(zeros).first(bytes), frame);
  };
  EXPECT_EQ(decoded(codec_id::gsm, 33), 0u);  // no signature
  EXPECT_EQ(decoded(codec_id::gsm, 32), 0u);  // an octet short
  if (!codec_available(codec_id::g729)) return;
  EXPECT_EQ(decoded(codec_id::g729, 9), 0u);   // no frame
  EXPECT_EQ(decoded(codec_id::g729, 15), 0u);  // one and a half
  EXPECT_EQ(decoded(codec_id::g729, 0), 0u);
  EXPECT_EQ(decoded(codec_id::g729, 10), 80u);
  EXPECT_EQ(decoded(codec_id::g729, 22), 240u);  // two frames of voice and one of comfort noise
}

// RFC 3551 §4.5.4: the earlier sample is in the low half. ITU-T I.366.2 has it in the high half: as noise is
// to speech, so is the one packing to the other.
TEST(G726, PacksTheEarlierSampleIntoTheLowHalf) {
  const auto speech = test::make_speech(2, 8000, 2);
  const auto decode_with = [&speech](bool swapped) {
    auto coder = make_encoder(default_description(codec_id::g726_32), 8000).value();
    auto back = make_decoder(default_description(codec_id::g726_32), 8000).value();
    std::array<std::byte, payload_max_bytes> payload{};
    std::array<std::int16_t, 160> frame{};
    std::vector<std::int16_t> heard;
    for (std::size_t at = 0; at + 160 <= speech.size(); at += 160) {
      const std::size_t length = coder->encode(std::span(speech).subspan(at, 160), payload);
      for (std::size_t i = 0; swapped && i < length; ++i)
        payload[i] = payload[i] << 4 | payload[i] >> 4;
      back->decode(102, std::span(payload).first(length), frame);
      heard.insert(heard.end(), frame.begin(), frame.end());
    }
    return test::compare(speech, heard, 50).mean_likeness();
  };
  EXPECT_GT(decode_with(false), 0.97);
  EXPECT_LT(decode_with(true), 0.9);
  EXPECT_EQ(find_codec("AAL2-G726-32"), std::nullopt);
}

// Annex B: after a comfort noise frame nothing is sent, and the noise goes on until the voice comes back.
TEST(G729, ComfortNoiseGoesOnWhereNothingIsSent) {
  if (!codec_available(codec_id::g729)) GTEST_SKIP();
  const codec_description codec = default_description(codec_id::g729);
  auto coder = make_encoder(codec, 8000).value();
  auto back = make_decoder(codec, 8000).value();
  std::mt19937 random(5);
  std::array<std::byte, payload_max_bytes> payload{};
  std::array<std::int16_t, 160> frame{};
  for (int i = 0; i < 100; ++i) {  // background of -41 dBFS
    std::generate(frame.begin(), frame.end(),
                  [&random] { return static_cast<std::int16_t>(static_cast<int>(random() % 1001) - 500); });
    back->decode(18, std::span(payload).first(coder->encode(frame, payload)), frame);
  }
  // A descriptor by hand (G.729 Annex B Table B.2): predictor and vector 0, gain index 16, in 15 bits.
  const std::array<std::byte, 2> noise{std::byte{0x00}, std::byte{16 << 1}};
  ASSERT_EQ(back->decode(18, noise, frame), 80u);
  for (int i = 0; i < 150; ++i)
    back->conceal(frame);
  EXPECT_GT(level_dbfs(frame), -65);  // concealment of lost voice would have faded away by now
  EXPECT_LT(level_dbfs(frame), -25);
}

TEST(Opus, RecoversALostFrameFromTheNextWhenLossIsExpected) {
  const auto speech = test::make_speech(4, 8000, 2);
  const auto likeness_with = [&speech](bool fec) {
    auto coder = make_encoder(default_description(codec_id::opus), 8000).value();
    auto back = make_decoder(default_description(codec_id::opus), 8000).value();
    if (fec) coder->expect_loss(0.1);
    std::array<std::byte, payload_max_bytes> payload{};
    std::array<std::int16_t, 960> frame{};
    std::vector<std::int16_t> heard;
    bool lost = false;
    for (std::size_t at = 0, number = 0; at + 160 <= speech.size(); at += 160, ++number) {
      const std::size_t length = coder->encode(std::span(speech).subspan(at, 160), payload);
      if (lost) {
        back->recover(std::span(payload).first(length), std::span(frame).first(160));
        heard.insert(heard.end(), frame.begin(), frame.begin() + 160);
      }
      lost = number % 6 == 5;
      if (lost) continue;
      back->decode(111, std::span(payload).first(length), frame);
      heard.insert(heard.end(), frame.begin(), frame.begin() + 160);
    }
    return test::compare(speech, heard, 50).mean_likeness();
  };
  EXPECT_GT(likeness_with(true), likeness_with(false) + 0.02);
}

}  // namespace
}  // namespace tollgate::pstn::media
