// SPDX-License-Identifier: Apache-2.0
// Speech over a line's noise: what may be left out, and what must not be.
#include "pstn/media/voice_activity.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>

#include "pstn/media/voice_sender.hpp"
#include "speech.hpp"

namespace tollgate::pstn::media::test {
namespace {

constexpr double zero_dbm0_rms = 16142;  // ITU-T G.711, of 16-bit samples

double rms_of(double dbm0) {
  return zero_dbm0_rms * std::pow(10, dbm0 / 20);
}

double rms(std::span<const std::int16_t> samples) {
  double power = 0;
  for (const std::int16_t sample : samples)
    power += static_cast<double>(sample) * sample;
  return std::sqrt(power / static_cast<double>(samples.size()));
}

// Speech of 1.2 s, a pause of 1.6 s, and so on, over noise; and the speech alone.
struct dialogue {
  dialogue(double seconds, int rate, double noise_dbm0, double speech_dbm0) : rate_hz(rate) {
    const auto total = static_cast<std::size_t>(seconds * rate_hz);
    clean = make_speech(seconds, rate_hz, 5);
    clean.resize(total);
    const double gain = rms_of(speech_dbm0) / rms(clean);
    for (std::size_t i = 0; i < total; ++i) {
      const double at_s = std::fmod(static_cast<double>(i) / rate_hz, 2.8);
      const bool talking = at_s < 1.2;
      clean[i] = static_cast<std::int16_t>(talking ? std::clamp(clean[i] * gain, -32768.0, 32767.0) : 0);
    }
    std::mt19937 random(3);
    std::normal_distribution<double> noise(0, rms_of(noise_dbm0));
    for (const std::int16_t sample : clean)
      heard.push_back(static_cast<std::int16_t>(std::clamp(sample + noise(random), -32768.0, 32767.0)));
  }
  std::size_t frame_samples() const { return static_cast<std::size_t>(rate_hz) / 50; }

  int rate_hz;
  std::vector<std::int16_t> clean, heard;
};

struct outcome {
  int clipped = 0;  // frames of audible speech that would not have been sent
  int speech = 0;
  int silence = 0;  // frames without speech, later than the hang-over
  int skipped = 0;
};

outcome judge(const dialogue& said, double audible_rms) {
  voice_activity activity;
  outcome result;
  std::size_t since_speech = 0;
  const std::size_t size = said.frame_samples();
  for (std::size_t at = 0; at + size <= said.heard.size(); at += size) {
    const bool sent = activity.take(std::span(said.heard).subspan(at, size), said.rate_hz);
    const auto clean = std::span(said.clean).subspan(at, size);
    const bool audible = rms(clean) > audible_rms;
    const bool any = std::any_of(clean.begin(), clean.end(), [](std::int16_t sample) { return sample != 0; });
    since_speech = any ? 0 : since_speech + 1;
    if (audible) ++result.speech;
    if (audible && !sent) ++result.clipped;
    if (since_speech <= 13 || at < said.heard.size() / 3) continue;  // the noise is not known at first
    ++result.silence;
    if (!sent) ++result.skipped;
  }
  return result;
}

struct line {
  const char* name;
  int rate_hz;
  double noise_dbm0;
  double speech_dbm0;
};

class VoiceActivity : public testing::TestWithParam<line> {};

TEST_P(VoiceActivity, NoAudibleFrameIsLeftOutAndPausesAre) {
  const line& of = GetParam();
  const dialogue said(40, of.rate_hz, of.noise_dbm0, of.speech_dbm0);
  // What is no louder than the noise, or than the idle noise of any line, is masked by it.
  const outcome heard = judge(said, std::max(2 * rms_of(of.noise_dbm0), rms_of(-58)));
  EXPECT_GT(heard.speech, 300);
  EXPECT_EQ(heard.clipped, 0);
  EXPECT_GT(heard.silence, 200);
  EXPECT_GE(heard.skipped, heard.silence * 9 / 10);
}

INSTANTIATE_TEST_SUITE_P(Lines, VoiceActivity,
                         testing::Values(line{"quiet", 8000, -65, -20}, line{"quiet_talker", 8000, -65, -35},
                                         line{"noisy", 8000, -55, -20},
                                         line{"noisy_quiet_talker", 8000, -55, -32},
                                         line{"digital", 8000, -90, -20}, line{"wideband", 16000, -62, -22}),
                         [](const auto& each) { return each.param.name; });

TEST(VoiceActivityAlone, LoudNoiseIsSentForItWouldBeHeardToComeAndGo) {
  const dialogue said(20, 8000, -42, -18);
  EXPECT_EQ(judge(said, rms_of(-40)).skipped, 0);
}

// A fricative before a vowel is weak and high: 25 ms of it at -54 dBm0 over a line's noise.
TEST(VoiceActivityAlone, WeakFricativeAtTheBeginningIsSent) {
  std::mt19937 random(9);
  std::normal_distribution<double> noise(0, rms_of(-65));
  voice_activity activity;
  std::vector<std::int16_t> frame(160);
  int missed = 0;
  for (int i = 0; i < 1000; ++i) {
    const bool onset = i >= 200 && i % 40 == 0;
    double before = 0;
    for (std::int16_t& sample : frame) {
      const double white = std::normal_distribution<double>(0, rms_of(-57))(random);
      sample = static_cast<std::int16_t>(noise(random) + (onset ? white - before : 0));
      before = white;
    }
    const bool sent = activity.take(frame, 8000);
    if (onset && !sent) ++missed;
  }
  EXPECT_EQ(missed, 0);
}

TEST(VoiceActivityAlone, FirstWordsAfterNothingAreSent) {
  const auto speech = make_speech(2, 8000, 6);
  voice_activity activity;
  for (std::size_t at = 0; at + 160 <= speech.size(); at += 160) {
    const auto frame = std::span(speech).subspan(at, 160);
    const bool sent = activity.take(frame, 8000);
    if (rms(frame) > rms_of(-60)) {
      EXPECT_TRUE(sent) << at;
    }
  }
}

TEST(VoiceActivityAlone, NoiseThatGrowsIsLearntInSeconds) {
  voice_activity activity;
  std::mt19937 random(4);
  std::vector<std::int16_t> frame(160);
  bool sent = false;
  for (int i = 0; i < 1000; ++i) {
    std::normal_distribution<double> noise(0, rms_of(i < 500 ? -66 : -56));
    for (std::int16_t& sample : frame)
      sample = static_cast<std::int16_t>(noise(random));
    sent = activity.take(frame, 8000);
    if (i == 499) {
      EXPECT_FALSE(sent);
    }
  }
  EXPECT_FALSE(sent);
}

// Plucked chords with decay, vibrato and a little reverberation, as a melody on hold: notes die away, and
// some are held. `held` makes one long note of it.
std::vector<std::int16_t> make_music(double seconds, int rate_hz, double dbm0, bool held) {
  constexpr std::array scale{261.6, 329.6, 392.0, 523.3, 440.0, 349.2, 293.7, 392.0};
  const auto total = static_cast<std::size_t>(seconds * rate_hz);
  const double note_s = held ? seconds : 0.7, decay_per_s = held ? 0 : 2.5;
  std::vector<double> dry(total), wet(total);
  for (std::size_t i = 0; i < total; ++i) {
    const double at_s = static_cast<double>(i) / rate_hz, into_s = std::fmod(at_s, note_s);
    const double root = scale[static_cast<std::size_t>(at_s / note_s) % scale.size()];
    for (const double ratio : {1.0, 1.25, 1.5})
      for (int harmonic = 1; harmonic < 5; ++harmonic) {
        const double hz = root * ratio * harmonic;
        if (hz > 0.45 * rate_hz) continue;
        const double vibrato = 0.3 * std::sin(2 * std::numbers::pi * 5 * at_s);
        dry[i] += std::exp(-decay_per_s * into_s) * std::min(into_s * 100, 1.0) / (harmonic * harmonic) *
                  std::sin(2 * std::numbers::pi * hz * at_s + vibrato * harmonic);
      }
  }
  const auto echo = static_cast<std::size_t>(0.083 * rate_hz);
  for (std::size_t i = 0; i < total; ++i)
    wet[i] = dry[i] + (i >= echo ? 0.4 * wet[i - echo] : 0);
  double power = 0;
  for (const double sample : wet)
    power += sample * sample / static_cast<double>(total);
  std::mt19937 random(11);
  std::normal_distribution<double> noise(0, rms_of(-65));
  std::vector<std::int16_t> music;
  for (const double sample : wet)
    music.push_back(static_cast<std::int16_t>(
        std::clamp(sample * rms_of(dbm0) / std::sqrt(power) + noise(random), -32768.0, 32767.0)));
  return music;
}

struct melody {
  const char* name;
  int rate_hz;
  double dbm0;
  bool held;
};

class MusicActivity : public testing::TestWithParam<melody> {};

// The encoder is never left out of music: not in a note that dies away, nor in one that is held for longer
// than any noise is remembered.
TEST_P(MusicActivity, IsSentFromBeginningToEnd) {
  const melody& of = GetParam();
  const auto music = make_music(20, of.rate_hz, of.dbm0, of.held);
  const auto size = static_cast<std::size_t>(of.rate_hz) / 50;
  voice_activity activity;
  int left_out = 0;
  for (std::size_t at = 0; at + size <= music.size(); at += size)
    left_out += activity.take(std::span(music).subspan(at, size), of.rate_hz) ? 0 : 1;
  EXPECT_EQ(left_out, 0);
}

INSTANTIATE_TEST_SUITE_P(Melodies, MusicActivity,
                         testing::Values(melody{"usual", 8000, -20, false}, melody{"soft", 8000, -35, false},
                                         melody{"held", 8000, -25, true},
                                         melody{"held_softly", 8000, -40, true},
                                         melody{"wideband", 16000, -25, false},
                                         melody{"wideband_held", 16000, -38, true}),
                         [](const auto& each) { return each.param.name; });

TEST(VoiceActivityAlone, SilenceOverOpusIsAComfortFrameEvery400Milliseconds) {
  leg_parameters parameters;
  parameters.codec = default_description(codec_id::opus);
  voice_sender sender(parameters, 1, 1, 0);
  sender.set_encoder(parameters, make_encoder(parameters.codec, 8000).value(), 8000);
  std::mt19937 random(4);
  std::normal_distribution<double> noise(0, rms_of(-65));
  std::vector<std::int16_t> frame(160);
  std::vector<int> sent_at;
  for (int i = 0; i < 500; ++i) {
    for (std::int16_t& sample : frame)
      sample = static_cast<std::int16_t>(noise(random));
    sender.send(frame, time_point(std::chrono::milliseconds(20 * i)), [&](auto) { sent_at.push_back(i); });
  }
  std::vector<int> gaps;
  for (std::size_t i = 1; i < sent_at.size(); ++i)
    if (sent_at[i - 1] > 100) gaps.push_back(sent_at[i] - sent_at[i - 1]);
  EXPECT_GE(gaps.size(), 15u);
  for (const int gap : gaps)
    EXPECT_EQ(gap, 20);
}

}  // namespace
}  // namespace tollgate::pstn::media::test
