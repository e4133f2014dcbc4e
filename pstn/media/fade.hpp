// SPDX-License-Identifier: Apache-2.0
// Fading from one sound into another without a corner in the waveform. Free of IO.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace tollgate::pstn::media {

// 0..1, weight of what comes at sample `i` of a fade over `length` samples; the other sound has the rest. A
// cubic that is level at both ends (smoothstep): a straight line has corners, which are heard where loud
// sounds meet.
inline float fade_weight(std::size_t i, std::size_t length) noexcept {
  const float part = (static_cast<float>(i) + 0.5f) / static_cast<float>(length);
  return part * part * (3 - 2 * part);
}

inline std::int16_t faded(std::int16_t from, std::int16_t to, std::size_t i, std::size_t length) noexcept {
  const auto before = static_cast<float>(from), after = static_cast<float>(to);
  return static_cast<std::int16_t>(std::lround(before + (after - before) * fade_weight(i, length)));
}

}  // namespace tollgate::pstn::media
