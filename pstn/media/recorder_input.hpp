// SPDX-License-Identifier: Apache-2.0
// Frames of any rate become samples of one rate, for recorders whose files have a fixed one. Free of IO.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "pstn/media/resampler.hpp"

namespace tollgate::pstn::media {

class recorder_input {
 public:
  explicit recorder_input(int rate_hz) : rate_hz_(rate_hz) {}

  // Gives `take` what the frame makes, in portions.
  template <typename taker>
  void write(std::span<const std::int16_t> frame, int from_hz, taker&& take) {
    if (from_hz != from_hz_) {
      flush(take);
      resampler_ = resampler(from_hz, rate_hz_);
      from_hz_ = from_hz;
    }
    while (!frame.empty()) {
      const auto [taken, given] = resampler_.process(frame, portion_);
      frame = frame.subspan(taken);
      if (given > 0) take(std::span<const std::int16_t>(portion_).first(given));
      if (taken == 0 && given == 0) break;
    }
  }
  // The end: what the filter still holds.
  template <typename taker>
  void flush(taker&& take) {
    while (const std::size_t count = resampler_.flush(portion_))
      take(std::span<const std::int16_t>(portion_).first(count));
  }

 private:
  int rate_hz_;
  int from_hz_ = 0;
  resampler resampler_;
  std::array<std::int16_t, 2048> portion_{};
};

}  // namespace tollgate::pstn::media
