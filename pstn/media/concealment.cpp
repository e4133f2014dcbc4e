// SPDX-License-Identifier: Apache-2.0
// Concealment by pitch repetition (ITU-T G.711 Appendix I in spirit). Free of IO.
#include "pstn/media/concealment.hpp"

#include <algorithm>
#include <cmath>

#include "pstn/media/fade.hpp"

namespace tollgate::pstn::media {
namespace {

// In parts of a second, so that they hold at any rate. G.711 Appendix I §I.2.
constexpr std::size_t pitch_least_per_s = 200;  // 5 ms: a voice of 200 Hz, or two periods of 400 Hz
constexpr std::size_t pitch_most_per_s = 66;    // 15 ms: a voice of 66 Hz
constexpr std::size_t window_per_s = 50;        // 20 ms are compared
constexpr std::size_t fade_per_s = 16;          // made-up voice is silent after 62 ms
constexpr std::size_t blend_per_s = 250;        // 4 ms into the voice that follows, and out of that before
constexpr std::size_t coarse_per_s = 4000;      // the pitch is looked for at this rate first

}  // namespace

concealment::concealment(int rate_hz)
    : rate_(static_cast<std::size_t>(rate_hz)),
      history_(rate_ / pitch_most_per_s + rate_ / window_per_s),
      cycle_(rate_ / pitch_most_per_s + 1),
      gain_step_(static_cast<double>(fade_per_s) / static_cast<double>(rate_)) {}

void concealment::take(std::span<std::int16_t> frame) {
  if (filling_) {
    const std::size_t blended = std::min(frame.size(), rate_ / blend_per_s);
    for (std::size_t i = 0; i < blended; ++i) {
      const double weight = fade_weight(i, blended);
      frame[i] = static_cast<std::int16_t>(std::lround(frame[i] * weight + next_sample() * (1 - weight)));
    }
    filling_ = false;
  }
  remember(frame);
}

void concealment::fill(std::span<std::int16_t> frame) {
  if (!filling_) begin();
  for (std::int16_t& sample : frame)
    sample = static_cast<std::int16_t>(std::clamp<long>(std::lround(next_sample()), -32768, 32767));
  remember(frame);
}

void concealment::begin() {
  filling_ = true;
  position_ = 0;
  gain_ = 1;
  period_ = find_period();
  const std::size_t end = history_.size();
  for (std::size_t i = 0; i < period_; ++i)
    cycle_[i] = history_[end - period_ + i];
  // The last quarter of the cycle turns into what came before the cycle, so that it joins its own beginning.
  const std::size_t seam = period_ / 4;
  for (std::size_t i = 0; i < seam; ++i) {
    const double weight = static_cast<double>(i + 1) / static_cast<double>(seam + 1);
    const double before = history_[end - 2 * period_ + (period_ - seam) + i];
    double& sample = cycle_[period_ - seam + i];
    sample = sample * (1 - weight) + before * weight;
  }
  // No two periods are quite the same: the step from the last sample to the cycle is spread over some time.
  step_ = static_cast<double>(history_[end - 1]) - history_[end - 1 - period_];
  step_decay_ = std::exp(-static_cast<double>(blend_per_s) / static_cast<double>(rate_));
}

// The lag at which the latest 20 ms are most like what was before them: coarsely first, then around the best.
std::size_t concealment::find_period() const {
  const std::size_t window = rate_ / window_per_s;
  const std::size_t least = rate_ / pitch_least_per_s;
  const std::size_t most = rate_ / pitch_most_per_s;
  const std::size_t coarse = std::max<std::size_t>(rate_ / coarse_per_s, 1);
  const std::int16_t* latest = history_.data() + history_.size() - window;
  const auto likeness = [&](std::size_t lag, std::size_t step) {
    double product = 0, power = 1;
    for (std::size_t i = 0; i < window; i += step) {
      const double earlier = *(latest + i - lag);
      product += latest[i] * earlier;
      power += earlier * earlier;
    }
    return product / std::sqrt(power);
  };
  const auto best = [&](std::size_t from, std::size_t to, std::size_t step) {
    std::size_t found = from;
    double highest = likeness(from, step);
    for (std::size_t lag = from + step; lag <= to; lag += step) {
      const double here = likeness(lag, step);
      if (here <= highest) continue;
      highest = here;
      found = lag;
    }
    return found;
  };
  const std::size_t near = best(least, most, coarse);
  return best(std::max(near - coarse, least), std::min(near + coarse, most), 1);
}

double concealment::next_sample() {
  const double sample = (cycle_[position_] + step_) * gain_;
  step_ *= step_decay_;
  if (++position_ == period_) position_ = 0;
  gain_ = std::max(gain_ - gain_step_, 0.0);
  return sample;
}

void concealment::remember(std::span<const std::int16_t> frame) {
  if (frame.size() < history_.size())
    std::move(history_.begin() + static_cast<std::ptrdiff_t>(frame.size()), history_.end(), history_.begin());
  else
    frame = frame.last(history_.size());
  std::copy(frame.begin(), frame.end(), history_.end() - static_cast<std::ptrdiff_t>(frame.size()));
}

}  // namespace tollgate::pstn::media
