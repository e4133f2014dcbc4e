// SPDX-License-Identifier: Apache-2.0
// The delay of an echo. Free of IO.
#include "pstn/media/echo_delay.hpp"

#include <algorithm>
#include <cmath>

namespace tollgate::pstn::media {
namespace {

constexpr float forgotten = 0.985F;     // per frame with voice in it: a second or so counts
constexpr float prominence = 7.0F;      // of the peak over the mean, to be an echo's
constexpr std::size_t same_within = 4;  // samples: 2 ms
constexpr int agreed_enough = 12;       // frames
constexpr float voice_least = 60.0F;    // mean magnitude of what was sent, below which nothing can be learnt

float mean_magnitude(std::span<const float> samples) {
  float sum = 0;
  for (const float sample : samples)
    sum += std::abs(sample);
  return samples.empty() ? 0 : sum / static_cast<float>(samples.size());
}

}  // namespace

std::optional<std::size_t> echo_delay::take(std::span<const float> received, std::span<const float> sent) {
  if (received.empty() || received.size() > frame_most || sent.size() != lags + received.size())
    return std::nullopt;
  if (mean_magnitude(sent) >= voice_least) {
    // The latest first: then both loops run upwards, which the compiler makes vectors of.
    std::reverse_copy(sent.begin(), sent.end(), window_.begin());
    for (float& each : correlation_)
      each *= forgotten;
    const float* const newest = window_.data();
    float* const sums = correlation_.data();
    for (std::size_t n = 0; n < received.size(); ++n) {
      const float value = received[received.size() - 1 - n];
      const float* const from = newest + n;
      for (std::size_t lag = 0; lag < lags; ++lag)
        sums[lag] += value * from[lag];
    }
    const auto peak = std::ranges::max_element(correlation_, {}, [](float each) { return std::abs(each); });
    const auto at = static_cast<std::size_t>(peak - correlation_.begin());
    const bool clear = std::abs(*peak) > prominence * mean_magnitude(correlation_);
    const bool same = at + same_within >= candidate_ && at <= candidate_ + same_within;
    agreed_ = !clear ? std::max(agreed_ - 1, 0) : same ? std::min(agreed_ + 1, 2 * agreed_enough) : 0;
    if (agreed_ == 0) candidate_ = at;
  }
  if (agreed_ < agreed_enough) return std::nullopt;
  return candidate_;
}

void echo_delay::restart() noexcept {
  std::fill(correlation_.begin(), correlation_.end(), 0.0F);
  agreed_ = 0;
  candidate_ = 0;
}

}  // namespace tollgate::pstn::media
