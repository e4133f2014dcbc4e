// SPDX-License-Identifier: Apache-2.0
// Index and replay list of an SRTP stream. Free of IO.
#include "pstn/media/srtp_window.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr std::uint64_t cycle = 1 << 16;
constexpr std::uint64_t half_cycle = cycle / 2;

}  // namespace

std::uint64_t srtp_window::estimate(std::uint16_t sequence_number) const noexcept {
  if (!any_) return sequence_number;  // the roll-over counter begins at 0
  const std::uint64_t last = highest_ % cycle;
  const std::uint64_t same = highest_ - last + sequence_number;
  if (last < half_cycle) {
    const bool before = sequence_number > last + half_cycle;
    return before && same >= cycle ? same - cycle : same;
  }
  return sequence_number < last - half_cycle ? same + cycle : same;
}

bool srtp_window::fresh(std::uint64_t index) const noexcept {
  if (!any_ || index > highest_) return true;
  if (highest_ - index >= packets) return false;
  return (seen_[index / word_bits % seen_.size()] >> index % word_bits & 1) == 0;
}

void srtp_window::note(std::uint64_t index) noexcept {
  if (!any_) {
    any_ = true;
    highest_ = index;
  } else if (index > highest_) {
    if (index - highest_ >= packets)
      seen_.fill(0);
    else
      for (std::uint64_t skipped = highest_ + 1; skipped <= index; ++skipped)
        word_of(skipped) &= ~(std::uint64_t{1} << skipped % word_bits);
    highest_ = index;
  }
  word_of(index) |= std::uint64_t{1} << index % word_bits;
}

}  // namespace tollgate::pstn::media
