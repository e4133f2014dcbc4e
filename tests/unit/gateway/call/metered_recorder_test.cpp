// SPDX-License-Identifier: Apache-2.0
// The levels by which silence ends a message: told several times a second, of whatever lengths the frames
// are.
#include "gateway/call/metered_recorder.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <numbers>
#include <vector>

namespace tollgate::gateway::call {
namespace {

using namespace std::chrono_literals;

std::vector<std::int16_t> tone(std::size_t samples, double amplitude, int rate_hz) {
  std::vector<std::int16_t> made(samples);
  for (std::size_t i = 0; i < samples; ++i)
    made[i] = static_cast<std::int16_t>(
        amplitude * std::sin(2 * std::numbers::pi * 400 * static_cast<double>(i) / rate_hz));
  return made;
}

struct told {
  std::vector<media_event::sound> all;
  metered_recorder recorder{1min, [this](media_event::sound one) { all.push_back(one); }};
  std::chrono::milliseconds duration() const {
    std::chrono::milliseconds sum{0};
    for (const auto& one : all)
      sum += one.duration;
    return sum;
  }
};

TEST(MeteredRecorder, TellsTheLevelOfEveryFifthOfASecond) {
  for (const int rate_hz : {8000, 16000}) {
    told each;
    const auto samples = static_cast<std::size_t>(rate_hz) / 50;
    for (int frame = 0; frame < 50; ++frame)
      each.recorder.write(tone(samples, 32767, rate_hz), rate_hz);
    ASSERT_EQ(each.all.size(), 5u);
    for (const auto& one : each.all) {
      EXPECT_EQ(one.duration, 200ms);
      EXPECT_NEAR(one.level_dbov, -3.01, 0.05);  // RFC 6464: a sine of full scale, by its mean square
    }
    EXPECT_FALSE(each.recorder.finish().empty());
    EXPECT_EQ(each.recorder.duration(), 1000ms);  // what the resampler had held is in it
  }
}

TEST(MeteredRecorder, TellsSilenceFromBackgroundAndVoice) {
  told each;
  each.recorder.write(std::vector<std::int16_t>(1600), 8000);
  each.recorder.write(tone(1600, 50, 8000), 8000);
  each.recorder.write(tone(1600, 5000, 8000), 8000);
  ASSERT_EQ(each.all.size(), 3u);
  EXPECT_LE(each.all[0].level_dbov, -120);
  EXPECT_NEAR(each.all[1].level_dbov, 20 * std::log10(50 / 32768.0) - 3, 0.5);
  EXPECT_NEAR(each.all[2].level_dbov, 20 * std::log10(5000 / 32768.0) - 3, 0.1);
}

TEST(MeteredRecorder, TellsAllOfTheTimeWhateverTheLengthOfTheFrames) {
  for (const std::size_t samples : {80u, 160u, 240u, 480u, 8000u}) {
    told each;
    for (std::size_t sum = 0; sum < 80'000; sum += samples)
      each.recorder.write(tone(samples, 5000, 8000), 8000);
    EXPECT_GT(each.duration(), 10s - metered_recorder::interval) << samples;
    EXPECT_LE(each.duration(), 10s + 60ms) << samples;
  }
}

}  // namespace
}  // namespace tollgate::gateway::call
