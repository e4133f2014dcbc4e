// SPDX-License-Identifier: Apache-2.0
// How many requests of strangers are answered at all: a token bucket. What is beyond is dropped unanswered,
// so that a flood costs neither transactions nor bandwidth, and a misconfigured carrier still learns its 403.
// Free of IO.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace tollgate::pstn::sip {

class stranger_gate {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `per_second` answers in the long run, twice as many at once.
  explicit stranger_gate(std::size_t per_second)
      : rate_(static_cast<double>(per_second)), tokens_(2 * rate_) {}

  /// Whether one more is answered.
  bool admits(time_point now) {
    if (last_ != time_point{}) {
      const std::chrono::duration<double> passed = now - last_;
      tokens_ = std::min(2 * rate_, tokens_ + rate_ * passed.count());
    }
    last_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double rate_;
  double tokens_;
  time_point last_{};
};

}  // namespace tollgate::pstn::sip
