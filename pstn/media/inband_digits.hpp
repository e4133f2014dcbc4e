// SPDX-License-Identifier: Apache-2.0
// Digits that come as tones in the voice (ITU-T Q.23, Q.24), on SpanDSP's detector, at 8 kHz. Free of IO.
#pragma once

#include <boost/container/static_vector.hpp>
#include <cstdint>
#include <memory>
#include <span>

#include "pstn/media/telephone_event.hpp"

namespace tollgate::pstn::media {

class inband_digit_detector {
 public:
  inband_digit_detector();
  inband_digit_detector(inband_digit_detector&&) noexcept;
  inband_digit_detector& operator=(inband_digit_detector&&) noexcept;
  ~inband_digit_detector();

  using digits = boost::container::static_vector<received_digit, 4>;
  // The digits that ended in this frame of 60 ms at most.
  digits take(std::span<const std::int16_t> frame);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace tollgate::pstn::media
