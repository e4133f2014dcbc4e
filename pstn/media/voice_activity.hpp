// SPDX-License-Identifier: Apache-2.0
// Whether a frame holds more than the noise of the line, so that the encoder may be left out where it does
// not. Errs toward voice: a frame that is sent needlessly costs a little, an onset that is clipped is heard.
// Free of IO.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tollgate::pstn::media {

// Compares every 5 ms of a frame, as they are and as their first difference (fricatives are weak, but high),
// with the quietest frames of the last seconds. Noise louder than -50 dBm0 is never taken for silence:
// whoever has it would hear it come and go.
class voice_activity {
 public:
  // Speech goes on for so long after it was last seen: tails of words, pauses between them.
  static constexpr std::chrono::milliseconds hang_over{240};

  // Takes the next frame in time (10..60 ms at 8..48 kHz) and tells whether it belongs to speech.
  bool take(std::span<const std::int16_t> frame, int rate_hz) noexcept;
  // After another source has begun: its noise is not known.
  void restart() noexcept { *this = voice_activity(); }

 private:
  static constexpr std::size_t bands = 2;    // the samples, and their first difference
  using powers = std::array<double, bands>;  // mean squares

  bool exceeds_noise(const powers& peak) const noexcept;
  void learn(const powers& mean, std::chrono::milliseconds length) noexcept;

  // The least of each of the last intervals (4 s), newest at `interval_`.
  static constexpr std::size_t intervals = 10;
  static constexpr std::chrono::milliseconds interval_length{400};
  std::array<powers, intervals> least_{};
  std::size_t interval_ = 0;
  std::size_t intervals_known_ = 0;
  std::chrono::milliseconds in_interval_{0};
  powers noise_{};
  std::chrono::milliseconds silent_for_{0};
  std::int16_t last_sample_ = 0;
};

}  // namespace tollgate::pstn::media
