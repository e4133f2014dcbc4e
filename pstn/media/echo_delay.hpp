// SPDX-License-Identifier: Apache-2.0
// Where the echo of one stream lies in another: running correlation at 2 kHz. Free of IO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tollgate::pstn::media {

class echo_delay {
 public:
  static constexpr int rate_hz = 2000;
  static constexpr std::size_t lags = 1280;  // 640 ms

  echo_delay() : correlation_(lags), window_(lags + frame_most) {}

  // `received` are samples in a row; `sent` are as many and `lags` before them, in time: the last of both
  // belong together at lag 0. Returns the lag in samples once it is certain and for as long as it is.
  std::optional<std::size_t> take(std::span<const float> received, std::span<const float> sent);
  void restart() noexcept;

 private:
  static constexpr std::size_t frame_most = 120;  // 60 ms

  std::vector<float> correlation_;
  std::vector<float> window_;
  std::size_t candidate_ = 0;
  int agreed_ = 0;  // frames that had the same candidate
};

}  // namespace tollgate::pstn::media
