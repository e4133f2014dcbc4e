// SPDX-License-Identifier: Apache-2.0
#include "voicemail/greeting_audio.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "pstn/media/audio_file.hpp"

namespace tollgate::voicemail {
namespace {

namespace media = pstn::media;
using namespace std::chrono_literals;

media::pcm_audio tone(std::chrono::milliseconds duration, int rate_hz) {
  media::pcm_audio audio;
  audio.rate_hz = rate_hz;
  const auto count = static_cast<std::size_t>(duration.count() * rate_hz / 1000);
  for (std::size_t at = 0; at < count; ++at)
    audio.samples.push_back(static_cast<std::int16_t>(8000 * std::sin(0.3 * static_cast<double>(at))));
  return audio;
}

TEST(GreetingAudio, IsOggOpusOfTheSameLengthWhateverItWas) {
  const auto wav = make_greeting(media::write_wav(tone(3s, 44'100)));
  ASSERT_TRUE(wav);
  EXPECT_EQ(wav->duration, 3s);
  const auto back = media::read_ogg_opus(wav->ogg_opus);
  ASSERT_TRUE(back);
  EXPECT_NEAR(static_cast<double>(back->samples.size()) / back->rate_hz, 3.0, 0.05);
  const auto again = make_greeting(wav->ogg_opus);
  ASSERT_TRUE(again) << "from Ogg Opus";
  EXPECT_NEAR(static_cast<double>(again->duration.count()), 3000, 50);
}

TEST(GreetingAudio, HasALengthAndIsSound) {
  EXPECT_TRUE(make_greeting(media::write_wav(tone(55s, 8'000))));
  EXPECT_EQ(make_greeting(media::write_wav(tone(55s + 10ms, 8'000))).error(), error::greeting_too_long);
  EXPECT_EQ(make_greeting(media::write_wav(tone(499ms, 8'000))).error(), error::greeting_too_short);
  EXPECT_EQ(make_greeting(media::write_wav(tone(0ms, 8'000))).error(), error::greeting_too_short);
  EXPECT_EQ(make_greeting(media::write_ogg_opus(tone(4min, 8'000))).error(), error::greeting_too_long);
  const std::vector<std::byte> noise(20'000, std::byte{0x5A});
  EXPECT_EQ(make_greeting(noise).error(), error::audio_unreadable);
  EXPECT_EQ(make_greeting({}).error(), error::audio_unreadable);
}

}  // namespace
}  // namespace tollgate::voicemail
