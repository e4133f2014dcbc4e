// SPDX-License-Identifier: Apache-2.0
// Statistics of transit times. Free of IO.
#include "pstn/media/arrival_history.hpp"

#include <algorithm>
#include <limits>
#include <span>

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

// The quickest, and the latest but for the outliers: in one pass with the few latest kept in order, which for
// these few is a fraction of what sorting takes.
void arrival_history::measure() noexcept {
  const std::size_t filled = std::min<std::uint64_t>(count_, window);
  const std::size_t kept = 1 + (filled < 10 ? 0 : std::max<std::size_t>(1, filled / one_in));
  std::array<std::int64_t, 1 + window / one_in> latest;  // the least of them first
  latest.fill(std::numeric_limits<std::int64_t>::min());
  std::int64_t quickest = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t transit : std::span(transits_).first(filled)) {
    quickest = std::min(quickest, transit);
    if (transit <= latest[0]) continue;
    std::size_t at = 0;
    for (; at + 1 < kept && latest[at + 1] < transit; ++at)
      latest[at] = latest[at + 1];
    latest[at] = transit;
  }
  base_ = std::chrono::nanoseconds(quickest);
  lateness_ = std::chrono::nanoseconds(latest[0] - quickest);
}

std::chrono::nanoseconds arrival_history::target(std::chrono::nanoseconds least) const noexcept {
  if (count_ < packets_to_judge) least = std::max(least, target_at_first);
  return std::min(std::max(lateness_ + margin, least), target_longest);
}

}  // namespace tollgate::pstn::media
