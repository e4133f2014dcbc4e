// SPDX-License-Identifier: Apache-2.0
// Speech-like sound for tests, and a comparison of what was played with what was heard: delay, level,
// likeness, piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tollgate::pstn::media::test {

// Syllables of gliding pitch with formants, fricatives and pauses, the same at every rate for the same seed.
std::vector<std::int16_t> make_speech(double seconds, int rate_hz, unsigned seed);

struct piece {
  double at_s = 0;      // in the played sound
  double delay_ms = 0;  // of the best match
  double likeness = 0;  // normalised correlation there, 1 = the same
  double level_db = 0;  // heard against played
};

struct comparison {
  std::vector<piece> pieces;  // of a second each, without those that are mostly silence
  double delay_ms() const;    // median
  double delay_spread_ms() const;
  double least_likeness() const;
  double mean_likeness() const;
  double level_db() const;  // of the whole
};

// Both at 8 kHz. Delays are looked for from 0 to delay_max_ms.
comparison compare(const std::vector<std::int16_t>& played, const std::vector<std::int16_t>& heard,
                   double delay_max_ms = 400);

// Every second sample of a 16 kHz recording, low-pass filtered.
std::vector<std::int16_t> halved(const std::vector<std::int16_t>& samples);

}  // namespace tollgate::pstn::media::test
