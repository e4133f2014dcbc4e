// SPDX-License-Identifier: Apache-2.0
// Taking a piece out of a sound or repeating one without a click, by overlap and add where the sound repeats
// itself (WSOLA, Verhelst and Roelands 1993). No allocation. Free of IO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tollgate::pstn::media {

struct splice {
  std::size_t begin = 0;    // samples before it stay
  std::size_t lag = 0;      // samples that go, or come twice
  std::size_t overlap = 0;  // samples over which one fades into the other
  double likeness = 0;      // -1..1: normalised correlation of the two that overlap
};

// The best splice of lag_least..lag_most samples in `sound`, which is longer than lag_most: a whole number of
// pitch periods in voice. The overlap is as long as the sound allows, up to overlap_most.
splice find_splice(std::span<const std::int16_t> sound, std::size_t lag_least, std::size_t lag_most,
                   std::size_t overlap_most) noexcept;

// Takes the lag out, in place; returns the new length.
std::size_t cut(std::span<std::int16_t> sound, const splice& where) noexcept;

// Has the lag twice, in place: the first `length` samples of `room`, which has space for as many as the lag
// has more, become length + lag. What is before begin + lag stays as it is; the overlap is not longer than
// the lag.
std::size_t stretch(std::span<std::int16_t> room, std::size_t length, const splice& where) noexcept;

}  // namespace tollgate::pstn::media
