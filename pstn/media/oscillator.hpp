// SPDX-License-Identifier: Apache-2.0
// A few sines with soft edges, at any rate. Free of IO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tollgate::pstn::media {

class oscillator {
 public:
  // Amplitudes are peaks in sample units; a frequency of 0 Hz is silent. The phase begins anew.
  void set(double frequency_hz, double amplitude, double second_frequency_hz,
           double second_amplitude) noexcept;
  // One whose amplitude is swung fully (modulation depth 100 %) at `modulation_hz`; `amplitude` is the mean
  // of its peaks.
  void set_modulated(double frequency_hz, double modulation_hz, double amplitude) noexcept;
  // Fills `out` with samples number `position` and following of a tone of `length` samples, with edges of 5
  // ms.
  void fill(std::span<std::int16_t> out, std::size_t position, std::size_t length, int rate_hz) noexcept;

 private:
  struct sine {
    double frequency_hz = 0;
    double amplitude = 0;
    double phase = 0;
  };
  sine sines_[3];
};

// Sets the two frequencies of a digit (ITU-T Q.23) at -7 and -9 dBm0; false when it is no digit.
bool set_dtmf(oscillator& tone, char digit) noexcept;

}  // namespace tollgate::pstn::media
