// SPDX-License-Identifier: Apache-2.0
// Codecs: level, length, concealment, refusals; and the estimate of quality.
#include "pstn/media/codec.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "pstn/media/audio.hpp"
#include "pstn/media/error.hpp"
#include "pstn/media/quality.hpp"
#include "speech.hpp"

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;

class Codec : public testing::TestWithParam<codec_id> {};

TEST_P(Codec, KeepsSpeechAndItsLevel) {
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
  EXPECT_GE(result.least_likeness(), 0.95);
  EXPECT_NEAR(result.level_db(), 0, 0.3);
  EXPECT_LE(result.delay_ms(), 7);
}

TEST_P(Codec, ConcealmentFadesAway) {
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

INSTANTIATE_TEST_SUITE_P(All, Codec, testing::Values(codec_id::pcma, codec_id::pcmu, codec_id::opus),
                         [](const testing::TestParamInfo<codec_id>& of) {
                           return std::string(encoding_name(of.param));
                         });

TEST(CodecRates, OnlyThoseOfTheCodecAreMade) {
  EXPECT_EQ(make_encoder(default_description(codec_id::pcma), 16000).error(),
            make_error_code(media_error::codec_unsupported));
  EXPECT_EQ(make_decoder(default_description(codec_id::opus), 11025).error(),
            make_error_code(media_error::codec_unsupported));
  for (const int rate_hz : {8000, 16000, 48000})
    EXPECT_TRUE(make_decoder(default_description(codec_id::opus), rate_hz).has_value());
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

TEST(Quality, FallsWithLossAndDelay) {
  const double best = mos_of_rating(rating_factor(codec_id::pcma, 0, 50ms));
  EXPECT_NEAR(best, 4.41, 0.02);  // G.107: R = 93.2
  EXPECT_NEAR(rating_factor(codec_id::pcma, 0.05, 50ms), 93.2 - 95 * 5 / 30.1, 0.01);
  EXPECT_NEAR(rating_factor(codec_id::pcma, 0, 200ms), 93.2 - 3, 1.5);  // G.107 figure: R about 90 at 200 ms
  EXPECT_LT(rating_factor(codec_id::pcma, 0, 400ms), 75);
  EXPECT_EQ(mos_of_rating(rating_factor(codec_id::opus, 1, 2000ms)), 1);
}

}  // namespace
}  // namespace tollgate::pstn::media
