// SPDX-License-Identifier: Apache-2.0
// Noise in place of a silence that is not sent (RFC 3389, ITU-T G.711 Appendix II). No allocation. Free of
// IO.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tollgate::pstn::media {

class comfort_noise {
 public:
  // What a comfort noise packet says: level and, if there is one, the spectrum as reflection coefficients.
  // More than order_max of them, and reserved values, are left out. False: an empty payload, which changes
  // nothing.
  bool take(std::span<const std::byte> payload) noexcept;
  // White noise of this mean square (of samples), at most that of loudest_dbov.
  void set_power(double mean_square) noexcept;
  // Silence until the next take or set_power.
  void forget() noexcept { set_power(0); }

  bool audible() const noexcept { return amplitude_ > 0; }
  // The next samples of the noise. A spectrum is meant at the sampling rate of the sender's codec.
  void fill(std::span<std::int16_t> out) noexcept;

  static constexpr std::size_t order_max = 12;
  static constexpr double loudest_dbov = -30;  // nobody's background is louder: an error or an attack

 private:
  float next_white() noexcept;  // uniform, -1..1

  float amplitude_ = 0;  // peak of the white noise that goes into the filter
  std::size_t order_ = 0;
  std::array<float, order_max> reflection_{};
  std::array<float, order_max> state_{};
  std::uint32_t seed_ = 0x1357'9bdf;
};

}  // namespace tollgate::pstn::media
