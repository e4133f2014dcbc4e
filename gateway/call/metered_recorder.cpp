// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/metered_recorder.hpp"

#include <algorithm>
#include <cmath>

namespace tollgate::gateway::call {
namespace {

constexpr double full_scale = 32768.0;
constexpr double lowest_dbov = -127.0;  // RFC 6464's silence

}  // namespace

metered_recorder::metered_recorder(std::chrono::milliseconds longest,
                                   std::function<void(media_event::sound)> tell)
    : recorder_(pstn::media::opus_recorder::create(longest)), tell_(std::move(tell)) {}

void metered_recorder::write(std::span<const std::int16_t> frame, int rate_hz) {
  recorder_->write(frame, rate_hz);
  for (const auto sample : frame)
    energy_ += double{sample * 1.0} * sample;
  samples_ += frame.size();
  const std::chrono::milliseconds covered(samples_ * 1000 / static_cast<std::size_t>(rate_hz));
  if (covered < interval) return;
  const double mean_square = energy_ / static_cast<double>(samples_) / (full_scale * full_scale);
  const double level = mean_square > 0 ? std::max(lowest_dbov, 10.0 * std::log10(mean_square)) : lowest_dbov;
  tell_({covered, level});
  energy_ = 0;
  samples_ = 0;
}

}  // namespace tollgate::gateway::call
