// SPDX-License-Identifier: Apache-2.0
// Sines, and which of them make a digit (ITU-T Q.23, Q.24). Free of IO.
#include "pstn/media/oscillator.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "pstn/media/telephone_event.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr double two_pi = 6.28318530717959;
constexpr std::array rows_hz{697.0, 770.0, 852.0, 941.0};  // Q.23
constexpr std::array columns_hz{1209.0, 1336.0, 1477.0, 1633.0};
constexpr std::string_view keypad = "123A456B789C*0#D";
// Full scale is +3.14 dBm0 for a sine (G.711): peaks of -9 dBm0 and, for the higher tone, -7 dBm0.
constexpr double low_amplitude = 8100;
constexpr double high_amplitude = 10200;

}  // namespace

void oscillator::set(double frequency_hz, double amplitude, double second_frequency_hz,
                     double second_amplitude) noexcept {
  sines_[0] = {frequency_hz, frequency_hz > 0 ? amplitude : 0, 0};
  sines_[1] = {second_frequency_hz, second_frequency_hz > 0 ? second_amplitude : 0, 0};
  sines_[2] = {};
}

void oscillator::set_modulated(double frequency_hz, double modulation_hz, double amplitude) noexcept {
  // (1 + cos b) sin a = sin a + sin(a + b) / 2 + sin(a - b) / 2
  sines_[0] = {frequency_hz, amplitude, 0};
  sines_[1] = {frequency_hz + modulation_hz, amplitude / 2, 0};
  sines_[2] = {frequency_hz - modulation_hz, amplitude / 2, 0};
}

void oscillator::fill(std::span<std::int16_t> out, std::size_t position, std::size_t length,
                      int rate_hz) noexcept {
  const double edge = static_cast<double>(rate_hz) / 200;
  for (std::int16_t& sample : out) {
    double value = 0;
    for (sine& each : sines_) {
      if (each.amplitude <= 0) continue;
      value += each.amplitude * std::sin(each.phase);
      each.phase += two_pi * each.frequency_hz / rate_hz;
      if (each.phase > two_pi) each.phase -= two_pi;
    }
    const double from_start = static_cast<double>(position);
    const double to_end = position < length ? static_cast<double>(length - position) : 0;
    value *= std::min({1.0, from_start / edge, to_end / edge});
    sample = static_cast<std::int16_t>(std::lround(std::clamp(value, -32768.0, 32767.0)));
    ++position;
  }
}

bool set_dtmf(oscillator& tone, char digit) noexcept {
  const auto at = keypad.find(digit);
  if (at == std::string_view::npos) return false;
  tone.set(rows_hz[at / 4], low_amplitude, columns_hz[at % 4], high_amplitude);
  return true;
}

}  // namespace tollgate::pstn::media
