// SPDX-License-Identifier: Apache-2.0
// Digits that come as tones in the voice (ITU-T Q.23, Q.24), on SpanDSP's detector, and their removal from
// the voice. Free of IO.
#pragma once

#include <boost/container/static_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "pstn/media/telephone_event.hpp"

namespace tollgate::pstn::media {

class inband_digit_detector {
 public:
  // rate_hz, of the frames: 8000 or 16000.
  explicit inband_digit_detector(int rate_hz = 8000);
  inband_digit_detector(inband_digit_detector&&) noexcept;
  inband_digit_detector& operator=(inband_digit_detector&&) noexcept;
  ~inband_digit_detector();

  using digits = boost::container::static_vector<digit_progress, 8>;
  // What this frame of 60 ms at most tells of digits. A tone is known 20 to 34 ms after it began, its end 17
  // to 31 ms after; durations are right within 21 ms (of blocks of 13).
  digits take(std::span<const std::int16_t> frame);
  // A frame was lost and its place made up: the tone may go on behind it, so that it is neither listened to
  // nor taken for a pause. False when too many were lost in a row: then give what was made up to take().
  bool skip() noexcept;
  int rate_hz() const noexcept;
  // Whether a digit sounds, as far as is known.
  bool sounding() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

// Silences digits in the voice. The voice is held back by look_ahead, so that of a tone's first samples,
// which pass before it is known, no more than 19 ms are heard: less than any receiver takes for a digit
// (Q.24: 20 ms).
class tone_remover {
 public:
  static constexpr std::size_t look_aheads_per_second = 50;  // 20 ms

  explicit tone_remover(int rate_hz = 8000)
      : held_(static_cast<std::size_t>(rate_hz) / look_aheads_per_second) {}
  // Replaces `frame` by what is to be heard; `sounding` is of the frame as it came.
  void process(std::span<std::int16_t> frame, bool sounding);

 private:
  std::vector<std::int16_t> held_;
  std::vector<std::int16_t> work_;
  bool silenced_ = false;
};

}  // namespace tollgate::pstn::media
