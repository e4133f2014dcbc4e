// SPDX-License-Identifier: Apache-2.0
// White noise through an all-pole lattice. Free of IO.
#include "pstn/media/comfort_noise.hpp"

#include <algorithm>
#include <cmath>

namespace tollgate::pstn::media {
namespace {

constexpr unsigned level_mask = 0x7f;       // RFC 3389 §3.1: -dBov
constexpr unsigned coefficient_zero = 127;  // §3.2: k = 258 (N - 127) / 32768
constexpr unsigned coefficient_reserved = 255;
constexpr double coefficient_step = 258.0 / 32768;
constexpr double overload = 32768;          // root mean square of 0 dBov: a full-scale square wave
constexpr double uniform_peak = 1.7320508;  // of a root mean square of 1

double rms_of_dbov(double dbov) noexcept {
  return overload * std::pow(10.0, dbov / 20);
}

}  // namespace

bool comfort_noise::take(std::span<const std::byte> payload) noexcept {
  if (payload.empty()) return false;
  const double level = -static_cast<double>(std::to_integer<unsigned>(payload[0]) & level_mask);
  order_ = std::min(payload.size() - 1, order_max);
  double gain = 1;  // of the filter, in power: 1 / product of (1 - k²)
  for (std::size_t i = 0; i < order_; ++i) {
    const unsigned coded = std::to_integer<unsigned>(payload[i + 1]);
    const double k = coded == coefficient_reserved
                         ? 0
                         : coefficient_step * (static_cast<double>(coded) - coefficient_zero);
    reflection_[i] = static_cast<float>(k);
    gain *= 1 - k * k;
  }
  state_.fill(0);
  amplitude_ =
      static_cast<float>(rms_of_dbov(std::min(level, loudest_dbov)) * uniform_peak * std::sqrt(gain));
  return true;
}

void comfort_noise::set_power(double mean_square) noexcept {
  order_ = 0;
  const double rms = std::min(std::sqrt(std::max(mean_square, 0.0)), rms_of_dbov(loudest_dbov));
  amplitude_ = static_cast<float>(rms * uniform_peak);
}

float comfort_noise::next_white() noexcept {
  seed_ = seed_ * 1664525u +
          1013904223u;  // Numerical Recipes' linear congruential generator; its high bits are good
  return static_cast<float>(static_cast<std::int32_t>(seed_)) * (1.0f / 2147483648.0f);
}

void comfort_noise::fill(std::span<std::int16_t> out) noexcept {
  if (!audible()) {
    std::fill(out.begin(), out.end(), std::int16_t{0});
    return;
  }
  for (std::int16_t& sample : out) {
    float value = amplitude_ * next_white();
    for (std::size_t i = order_; i-- > 0;) {
      value -= reflection_[i] * state_[i];
      if (i + 1 < order_) state_[i + 1] = state_[i] + reflection_[i] * value;
    }
    if (order_ > 0) state_[0] = value;
    sample = static_cast<std::int16_t>(std::clamp(value, -32767.0f, 32767.0f));
  }
}

}  // namespace tollgate::pstn::media
