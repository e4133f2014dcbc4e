// SPDX-License-Identifier: Apache-2.0
// The far end's background, by its quietest frames of late. Free of IO.
#pragma once

#include <algorithm>

namespace tollgate::pstn::media {

class background_level {
 public:
  // The mean square of a received frame's samples.
  void take(double power) noexcept {
    if (power_ < 0 || power < power_)
      power_ = std::min(power, most);
    else
      power_ = std::min(std::max(power_, 1.0) * rise, most);
  }
  void forget() noexcept { power_ = -1; }
  double power() const noexcept { return power_; }  // mean square; below 0: not known

 private:
  static constexpr double rise = 1.005;          // per frame: 1 dB in a second
  static constexpr double most = 184.0 * 184.0;  // mean square, -45 dBov: what is louder is no background

  double power_ = -1;
};

}  // namespace tollgate::pstn::media
