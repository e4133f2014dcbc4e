// SPDX-License-Identifier: Apache-2.0
// Statistics of transit times. Free of IO.
#include "pstn/media/arrival_history.hpp"

#include <algorithm>

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds margin = 3ms;  // over what was measured: timers and thread switches
constexpr std::chrono::nanoseconds target_at_first = 20ms;  // until there is something to go by
constexpr std::chrono::nanoseconds target_longest = 300ms;
constexpr std::uint64_t packets_to_judge = 50;
constexpr std::uint64_t measured_every = 8;  // packets; sooner when one is later than all

}  // namespace

void arrival_history::take(std::chrono::nanoseconds transit) noexcept {
  transits_[count_ % window] = transit.count();
  ++count_;
  if (count_ > 1 && transit < base_) {
    // A sender whose clock is fast does this with each packet.
    lateness_ += base_ - transit;
    base_ = transit;
  }
  const bool remarkable = transit > base_ + lateness_;
  if (count_ == 1 || remarkable || count_ % measured_every == 0) measure();
}

void arrival_history::measure() noexcept {
  const std::size_t filled = std::min<std::uint64_t>(count_, window);
  std::copy_n(transits_.begin(), filled, sorted_.begin());
  const std::size_t outliers = filled < 10 ? 0 : std::max<std::size_t>(1, filled / 100);
  const auto end = sorted_.begin() + static_cast<std::ptrdiff_t>(filled);
  const auto late = end - 1 - static_cast<std::ptrdiff_t>(outliers);
  std::nth_element(sorted_.begin(), late, end);
  base_ = std::chrono::nanoseconds(*std::min_element(sorted_.begin(), late + 1));
  lateness_ = std::chrono::nanoseconds(*late) - base_;
}

std::chrono::nanoseconds arrival_history::target(std::chrono::nanoseconds least) const noexcept {
  if (count_ < packets_to_judge) least = std::max(least, target_at_first);
  return std::min(std::max(lateness_ + margin, least), target_longest);
}

}  // namespace tollgate::pstn::media
