// SPDX-License-Identifier: Apache-2.0
// Finding and carrying out splices. Free of IO.
#include "pstn/media/time_scale.hpp"

#include <algorithm>
#include <cmath>

#include "pstn/media/fade.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr std::size_t coarse = 2;  // of lags and samples in the first search

double likeness_at(std::span<const std::int16_t> sound, const splice& where, std::size_t step) noexcept {
  float product = 0, of_first = 1, of_second = 1;
  for (std::size_t i = where.begin; i < where.begin + where.overlap; i += step) {
    const auto a = static_cast<float>(sound[i]), b = static_cast<float>(sound[i + where.lag]);
    product += a * b;
    of_first += a * a;
    of_second += b * b;
  }
  return product / std::sqrt(static_cast<double>(of_first) * of_second);
}

}  // namespace

splice find_splice(std::span<const std::int16_t> sound, std::size_t lag_least, std::size_t lag_most,
                   std::size_t overlap_most) noexcept {
  splice best;
  best.overlap = std::min(overlap_most, sound.size() - lag_most);
  best.begin = (sound.size() - lag_most - best.overlap) / 2;
  best.lag = lag_most;
  best.likeness = -1;
  const auto consider = [&](std::size_t lag, std::size_t step) {
    splice candidate = best;
    candidate.lag = lag;
    candidate.likeness = likeness_at(sound, candidate, step);
    return candidate;
  };
  for (std::size_t lag = lag_most;; lag -= coarse) {
    if (const splice candidate = consider(lag, coarse); candidate.likeness > best.likeness) best = candidate;
    if (lag < lag_least + coarse) break;
  }
  best.likeness = consider(best.lag, 1).likeness;
  for (const std::size_t lag : {best.lag - 1, best.lag + 1}) {
    if (lag < lag_least || lag > lag_most) continue;
    if (const splice candidate = consider(lag, 1); candidate.likeness > best.likeness) best = candidate;
  }
  return best;
}

std::size_t cut(std::span<std::int16_t> sound, const splice& where) noexcept {
  for (std::size_t i = 0; i < where.overlap; ++i)
    sound[where.begin + i] =
        faded(sound[where.begin + i], sound[where.begin + where.lag + i], i, where.overlap);
  const auto from = sound.begin() + static_cast<std::ptrdiff_t>(where.begin + where.lag + where.overlap);
  std::copy(from, sound.end(), sound.begin() + static_cast<std::ptrdiff_t>(where.begin + where.overlap));
  return sound.size() - where.lag;
}

std::size_t stretch(std::span<std::int16_t> room, std::size_t length, const splice& where) noexcept {
  const auto at = [&](std::size_t index) { return room.begin() + static_cast<std::ptrdiff_t>(index); };
  std::copy_backward(at(where.begin + where.overlap), at(length), at(length + where.lag));
  for (std::size_t i = 0; i < where.overlap; ++i)
    room[where.begin + where.lag + i] =
        faded(room[where.begin + where.lag + i], room[where.begin + i], i, where.overlap);
  return length + where.lag;
}

}  // namespace tollgate::pstn::media
