// SPDX-License-Identifier: Apache-2.0
// Voice against noise. Free of IO.
#include "pstn/media/voice_activity.hpp"

#include <algorithm>
#include <limits>

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// ITU-T G.711: 0 dBm0 is a mean square of 16,142^2 in 16-bit samples.
constexpr double zero_dbm0_power = 16142.0 * 16142.0;
constexpr double inaudible_power = zero_dbm0_power * 3.2e-7;  // -65 dBm0: below the idle noise of any line
// White noise has twice its power in the first difference.
constexpr std::array inaudible{inaudible_power, 2 * inaudible_power};
constexpr double noise_most_power = zero_dbm0_power * 1e-5;  // -50 dBm0
constexpr double over_noise = 4;                             // 6 dB: more than 5 ms of steady noise ever are
constexpr std::size_t intervals_to_judge = 3;  // a call that begins with speech has no quiet frame yet
constexpr int pieces_per_second = 200;         // 5 ms
constexpr double none = std::numeric_limits<double>::max();

}  // namespace

bool voice_activity::take(std::span<const std::int16_t> frame, int rate_hz) noexcept {
  const auto piece = static_cast<std::size_t>(rate_hz / pieces_per_second);
  if (frame.size() < piece || piece == 0) return true;
  powers sum{}, peak{};
  std::int32_t before = last_sample_;
  std::size_t pieces = 0;
  for (std::size_t at = 0; at + piece <= frame.size(); at += piece, ++pieces) {
    std::int64_t power = 0, difference_power = 0;
    for (std::size_t i = at; i < at + piece; ++i) {
      const std::int32_t sample = frame[i];
      const std::int64_t difference = sample - before;
      power += std::int64_t{sample} * sample;
      difference_power += difference * difference;
      before = sample;
    }
    const powers now{static_cast<double>(power) / static_cast<double>(piece),
                     static_cast<double>(difference_power) / static_cast<double>(piece)};
    for (std::size_t band = 0; band < bands; ++band) {
      sum[band] += now[band];
      peak[band] = std::max(peak[band], now[band]);
    }
  }
  last_sample_ = static_cast<std::int16_t>(before);
  for (double& each : sum)
    each /= static_cast<double>(pieces);
  const milliseconds length(static_cast<std::int64_t>(frame.size()) * 1000 / rate_hz);
  // Judged by the noise that was known before this frame.
  const bool voice = exceeds_noise(peak);
  learn(sum, length);
  silent_for_ = voice ? 0ms : silent_for_ + length;
  return silent_for_ <= hang_over;
}

bool voice_activity::exceeds_noise(const powers& peak) const noexcept {
  if (peak[0] <= inaudible[0] && peak[1] <= inaudible[1]) return false;
  if (intervals_known_ < intervals_to_judge) return true;
  for (std::size_t band = 0; band < bands; ++band)
    if (peak[band] > over_noise * std::max(std::min(noise_[band], noise_most_power), inaudible[band]))
      return true;
  return false;
}

void voice_activity::learn(const powers& mean, milliseconds length) noexcept {
  if (in_interval_ == 0ms) least_[interval_] = {none, none};
  for (std::size_t band = 0; band < bands; ++band)
    least_[interval_][band] = std::min(least_[interval_][band], mean[band]);
  in_interval_ += length;
  if (in_interval_ < interval_length) return;
  in_interval_ = 0ms;
  intervals_known_ = std::min(intervals_known_ + 1, intervals);
  interval_ = (interval_ + 1) % intervals;
  noise_ = {none, none};
  for (std::size_t i = 0; i < intervals_known_; ++i)
    for (std::size_t band = 0; band < bands; ++band)
      noise_[band] = std::min(noise_[band], least_[i][band]);
}

}  // namespace tollgate::pstn::media
