// SPDX-License-Identifier: Apache-2.0
// Concealment: a voice goes on at its pitch, without clicks at either end, and fades away, at any rate.
#include "pstn/media/concealment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "pstn/media/audio.hpp"
#include "speech.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr double pi = 3.14159265358979;

struct voice {
  int rate_hz;
  double pitch_hz;

  friend void PrintTo(const voice& of, std::ostream* out) {
    *out << of.rate_hz << " Hz, pitch " << of.pitch_hz;
  }
  std::int16_t at(std::size_t i) const {
    double value = 0;
    for (int harmonic = 1; harmonic <= 8; ++harmonic)
      value += 4000.0 / harmonic *
               std::sin(2 * pi * harmonic * pitch_hz * static_cast<double>(i) / rate_hz + harmonic);
    return static_cast<std::int16_t>(value);
  }
};

class Concealment : public testing::TestWithParam<voice> {};

// A lost packet of 10 ms in a steady voice leaves little trace; at a wrong pitch noise and signal would be
// alike.
TEST_P(Concealment, ContinuesAVoice) {
  const voice& of = GetParam();
  concealment under(of.rate_hz);
  const auto frame = static_cast<std::size_t>(of.rate_hz / 100);
  double signal = 0, noise = 0;
  int steepest = 0, steepest_heard = 0;
  std::int16_t last = 0, last_heard = 0;
  for (std::size_t number = 0; number < 100; ++number) {
    std::vector<std::int16_t> spoken(frame);
    for (std::size_t i = 0; i < frame; ++i)
      spoken[i] = of.at(number * frame + i);
    auto heard = spoken;
    if (number % 10 == 9)
      under.fill(heard);
    else
      under.take(heard);
    for (std::size_t i = 0; i < frame; ++i) {
      if (number % 10 == 9) {
        signal += std::pow(spoken[i], 2);
        noise += std::pow(heard[i] - spoken[i], 2);
      }
      steepest = std::max(steepest, std::abs(spoken[i] - last));
      steepest_heard = std::max(steepest_heard, std::abs(heard[i] - last_heard));
      last = spoken[i];
      last_heard = heard[i];
    }
  }
  EXPECT_GT(10 * std::log10(signal / noise), 5);
  EXPECT_LT(steepest_heard, steepest * 1.5);  // no click
}

TEST_P(Concealment, FadesAway) {
  const voice& of = GetParam();
  concealment under(of.rate_hz);
  std::vector<std::int16_t> frame(static_cast<std::size_t>(of.rate_hz / 50));
  for (std::size_t number = 0; number < 10; ++number) {
    for (std::size_t i = 0; i < frame.size(); ++i)
      frame[i] = of.at(number * frame.size() + i);
    under.take(frame);
  }
  const double before_db = level_dbfs(frame);
  under.fill(frame);
  EXPECT_NEAR(level_dbfs(frame), before_db, 4);
  for (int i = 0; i < 4; ++i)
    under.fill(frame);
  EXPECT_EQ(level_dbfs(frame), -96);
}

INSTANTIATE_TEST_SUITE_P(Voices, Concealment,
                         testing::Values(voice{8000, 75}, voice{8000, 110}, voice{8000, 180},
                                         voice{8000, 310}, voice{16000, 75}, voice{16000, 110},
                                         voice{16000, 180}, voice{16000, 310}));

TEST(Concealment, TakesFramesOfAnyLength) {
  concealment under(8000);
  for (const std::size_t length : {0u, 1u, 7u, 80u, 160u, 960u, 3u}) {
    std::vector<std::int16_t> frame(length, 1000);
    under.take(frame);
    under.fill(frame);
    under.fill(frame);
  }
}

}  // namespace
}  // namespace tollgate::pstn::media
