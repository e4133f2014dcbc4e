// SPDX-License-Identifier: Apache-2.0
// Change of sampling rate (speexdsp), without added delay: the filter's own is left out at the beginning and
// made up for at the end. Free of IO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace tollgate::pstn::media {

class resampler {
 public:
  resampler() noexcept;  // no rate yet: passes samples on
  resampler(int from_hz, int to_hz);
  resampler(resampler&&) noexcept;
  resampler& operator=(resampler&&) noexcept;
  ~resampler();

  int to_hz() const noexcept { return to_hz_; }
  // Reads from `in`, writes to `out`, as much as fits both; returns how many samples of each.
  std::pair<std::size_t, std::size_t> process(std::span<const std::int16_t> in, std::span<std::int16_t> out);
  // After the last input: what the filter still holds. 0 at the end.
  std::size_t flush(std::span<std::int16_t> out);

 private:
  struct state;
  std::unique_ptr<state> state_;  // none when both rates are the same
  int to_hz_ = 0;
};

}  // namespace tollgate::pstn::media
