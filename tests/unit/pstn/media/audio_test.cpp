// SPDX-License-Identifier: Apache-2.0
// Files, recorders, tones, playing from memory.
#include "pstn/media/audio.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "pstn/media/audio_file.hpp"
#include "pstn/media/error.hpp"
#include "pstn/media/tone_source.hpp"
#include "speech.hpp"

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;

std::vector<std::int16_t> read_all(audio_source& source, int rate_hz, double most_s = 30) {
  std::vector<std::int16_t> all;
  std::vector<std::int16_t> frame(static_cast<std::size_t>(rate_hz) / 50);
  while (static_cast<double>(all.size()) < most_s * rate_hz) {
    const std::size_t count = source.read(frame, rate_hz);
    all.insert(all.end(), frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(count));
    if (count < frame.size()) break;
  }
  return all;
}

template <typename sink>
void write_all(sink& into, const std::vector<std::int16_t>& samples, int rate_hz) {
  const std::size_t count = static_cast<std::size_t>(rate_hz) / 50;
  for (std::size_t at = 0; at < samples.size(); at += count)
    into.write(std::span(samples).subspan(at, std::min(count, samples.size() - at)), rate_hz);
}

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "tollgate-audio-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::filesystem::path folder;
};

TEST_F(Files, WavIsReadAsRecorded) {
  const auto speech = test::make_speech(3, 8000, 1);
  auto recorder = wav_recorder::create(folder / "a.wav", 8000).value();
  write_all(*recorder, speech, 8000);
  // Without close: as after a kill.
  EXPECT_EQ(read_audio_file(folder / "a.wav").value().samples, speech);
  EXPECT_TRUE(recorder->close());
  EXPECT_EQ(recorder->duration(), 3000ms);
  const pcm_audio read = read_audio_file(folder / "a.wav").value();
  EXPECT_EQ(read.samples, speech);
  EXPECT_EQ(read.rate_hz, 8000);
}

TEST_F(Files, RecorderTakesAnyRateAndKeepsTime) {
  auto recorder = wav_recorder::create(folder / "b.wav", 8000).value();
  const auto speech = test::make_speech(2, 8000, 1);
  write_all(*recorder, resampled({speech, 8000}, 16000).samples, 16000);
  write_all(*recorder, speech, 8000);
  EXPECT_TRUE(recorder->close());
  const pcm_audio read = read_audio_file(folder / "b.wav").value();
  EXPECT_NEAR(static_cast<double>(read.samples.size()), 4 * 8000, 4);
  EXPECT_GE(test::compare(speech, read.samples, 20).least_likeness(), 0.99);
  EXPECT_LE(test::compare(speech, read.samples, 20).delay_ms(), 0.2);
}

TEST_F(Files, OggOpusFromMemoryIsTheRecording) {
  const auto speech = test::make_speech(4, 8000, 1);
  auto recorder = opus_recorder::create(3min);
  write_all(*recorder, speech, 8000);
  EXPECT_NEAR(recorder->level_dbfs(), level_dbfs(speech), 0.3);
  EXPECT_GT(recorder->recent_level_dbfs(), -40);
  write_all(*recorder, std::vector<std::int16_t>(8800), 8000);
  EXPECT_LT(recorder->recent_level_dbfs(), -60);
  const auto file = recorder->finish();
  EXPECT_NEAR(static_cast<double>(recorder->duration().count()), 5100, 2);
  EXPECT_LT(file.size(), 24'000u / 8 * 6);
  const pcm_audio read = read_ogg_opus(file).value();
  EXPECT_NEAR(static_cast<double>(read.samples.size()), 5.1 * 48000, 50);
  const auto heard = resampled(read, 8000).samples;
  EXPECT_GE(test::compare(speech, heard, 40).least_likeness(), 0.9);
  EXPECT_LE(test::compare(speech, heard, 40).delay_ms(), 1);
  EXPECT_NEAR(test::compare(speech, heard, 40).level_db(), 0, 0.5);
  std::ofstream(folder / "m.opus", std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  EXPECT_EQ(read_audio_file(folder / "m.opus").value().samples, read.samples);
}

TEST_F(Files, RecordingStopsAtItsLongest) {
  auto recorder = opus_recorder::create(1s);
  write_all(*recorder, test::make_speech(4, 8000, 1), 8000);
  EXPECT_EQ(recorder->duration(), 1000ms);
  for (int empty = 0; empty < 50; ++empty)
    EXPECT_EQ(opus_recorder::create(1s)->finish().size(), 0u);
}

TEST_F(Files, WhatIsNoAudioIsRefused) {
  std::ofstream(folder / "x.wav") << "no audio";
  std::ofstream(folder / "x.opus") << "OggS no audio";
  EXPECT_EQ(read_audio_file(folder / "x.wav").error(), make_error_code(media_error::file_unreadable));
  EXPECT_EQ(read_audio_file(folder / "x.opus").error(), make_error_code(media_error::file_unreadable));
  EXPECT_EQ(read_audio_file(folder / "absent").error(), make_error_code(media_error::file_unreadable));
  EXPECT_EQ(wav_recorder::create(folder / "no" / "x.wav", 8000).error(),
            make_error_code(media_error::file_unwritable));
}

TEST(Source, PlaysAtAnyRateForItsLength) {
  const auto audio = std::make_shared<pcm_audio>(pcm_audio{test::make_speech(2, 8000, 1), 8000});
  for (const int rate_hz : {8000, 16000, 48000})
    EXPECT_NEAR(static_cast<double>(read_all(*make_pcm_source(audio), rate_hz).size()), 2.0 * rate_hz, 8);
  const auto down = read_all(*make_pcm_source(std::make_shared<pcm_audio>(resampled(*audio, 48000))), 8000);
  EXPECT_GE(test::compare(audio->samples, down, 20).least_likeness(), 0.99);
  EXPECT_LE(test::compare(audio->samples, down, 20).delay_ms(), 0.2);
}

TEST(Source, SequencePlaysItsPartsWithoutGaps) {
  const auto part = [](std::int16_t value, std::size_t count) {
    return make_pcm_source(
        std::make_shared<pcm_audio>(pcm_audio{std::vector<std::int16_t>(count, value), 8000}));
  };
  const auto all = read_all(*make_sequence({part(1, 250), nullptr, part(2, 170), part(3, 10)}), 8000);
  ASSERT_EQ(all.size(), 430u);
  EXPECT_EQ(all[249], 1);
  EXPECT_EQ(all[250], 2);
  EXPECT_EQ(all[420], 3);
}

// Power of one frequency relative to all (Goertzel).
double share_of(const std::vector<std::int16_t>& samples, double frequency_hz, int rate_hz) {
  double sine = 0, cosine = 0, all = 1;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double angle = 2 * 3.14159265358979 * frequency_hz * static_cast<double>(i) / rate_hz;
    sine += samples[i] * std::sin(angle);
    cosine += samples[i] * std::cos(angle);
    all += static_cast<double>(samples[i]) * samples[i];
  }
  return 2 * (sine * sine + cosine * cosine) / (all * static_cast<double>(samples.size()));
}

TEST(Tones, HaveTheFrequenciesAndLevelOfTheCountry) {
  for (const int rate_hz : {8000, 16000}) {
    auto first_second = read_all(*make_tone_source(tone::ringback, "US"), rate_hz, 1);
    EXPECT_GT(share_of(first_second, 440, rate_hz), 0.45);
    EXPECT_GT(share_of(first_second, 480, rate_hz), 0.45);
    EXPECT_NEAR(level_dbfs(first_second), -13, 0.5);
    EXPECT_GT(share_of(read_all(*make_tone_source(tone::ringback, "DE"), rate_hz, 1), 425, rate_hz), 0.95);
  }
}

TEST(Tones, BeepAndWarningEndRingbackDoesNot) {
  EXPECT_EQ(read_all(*make_tone_source(tone::beep), 8000).size(), 4000u);
  EXPECT_EQ(read_all(*make_tone_source(tone::warning), 8000).size(), 4800u);
  EXPECT_GE(read_all(*make_tone_source(tone::ringback), 8000, 20).size(), 160'000u);
  EXPECT_EQ(read_all(*make_tone_source(tone_cadence{{{425, 0, 0ms}}, true, -13}), 8000).size(), 0u);
}

}  // namespace
}  // namespace tollgate::pstn::media
