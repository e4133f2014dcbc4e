// SPDX-License-Identifier: Apache-2.0
// How late packets have been of late: the base of a jitter buffer's decisions. Free of IO.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tollgate::pstn::media {

// Keeps the transit times (arrival minus media time) of the last packets. The quickest of them is the base;
// the target is how much later than the base all but about one packet in a hundred have come. The base
// follows the drift of the sender's clock.
class arrival_history {
 public:
  void restart() noexcept { count_ = 0; }
  void take(std::chrono::nanoseconds transit) noexcept;

  bool empty() const noexcept { return count_ == 0; }
  std::chrono::nanoseconds base() const noexcept { return base_; }
  // Delay behind the base at which a packet should be played; not less than `least`.
  std::chrono::nanoseconds target(std::chrono::nanoseconds least) const noexcept;

 private:
  void measure() noexcept;

  static constexpr std::size_t window = 400;  // 8 s of 20 ms packets
  static constexpr std::size_t one_in = 100;  // may be later than the target
  std::array<std::int64_t, window> transits_{};
  std::uint64_t count_ = 0;
  std::chrono::nanoseconds base_{0};
  std::chrono::nanoseconds lateness_{0};
};

}  // namespace tollgate::pstn::media
