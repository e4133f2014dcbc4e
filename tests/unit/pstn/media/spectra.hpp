// SPDX-License-Identifier: Apache-2.0
// Two objective measures of what a network has done to speech: the log-spectral distance from a reference
// along the delay that fits best, and the sharpest bend of the waveform.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tollgate::pstn::media::test {

// Log-spectral distance of two sounds at 8 kHz: frames of 32 ms, every 10 ms, 18 bands of equal width on the
// mel scale between 100 and 3900 Hz; what lies more than 30 dB below the speech of the reference counts as
// that. The delay is free for each frame in steps of 5 ms, but every change of it has its price, so that the
// path follows a jitter buffer and does not search for likeness. Only frames with speech in the reference
// count.
struct spectral_comparison {
  double distance_db = 0;      // mean over the frames
  double damaged = 0;          // share of the frames, 0..1, that are more than damage_db apart
  double delay_median_ms = 0;  // of the heard behind the reference
  double delay_most_ms = 0;    // 99th percentile
  std::size_t frames = 0;
};
inline constexpr double damage_db = 6;

// Frames of the reference from `from_s` on; delays from -delay_least_ms to delay_most_ms.
spectral_comparison compare_spectra(const std::vector<std::int16_t>& reference,
                                    const std::vector<std::int16_t>& heard, double from_s,
                                    double delay_least_ms = 60, double delay_most_ms = 300);

// The greatest second difference of the samples. A sound without high frequencies has a small one; a splice,
// a drop to zero or a repeated piece, which is heard as a click, a large one.
int sharpest_bend(const std::vector<std::int16_t>& samples, std::size_t from = 0);

}  // namespace tollgate::pstn::media::test
