// SPDX-License-Identifier: Apache-2.0
// Detection of tones in the voice. Free of IO.
#include "pstn/media/inband_digits.hpp"

#include <spandsp.h>

#include <chrono>

namespace tollgate::pstn::media {
namespace {

constexpr int samples_per_ms = 8;

struct detector_delete {
  void operator()(dtmf_rx_state_t* detector) const noexcept { dtmf_rx_free(detector); }
};

}  // namespace

struct inband_digit_detector::state {
  std::unique_ptr<dtmf_rx_state_t, detector_delete> detector;
  char current = 0;
  std::int64_t heard = 0;     // samples before this frame
  std::int64_t began_at = 0;  // in samples
  digits ended;

  // SpanDSP tells of each change: a digit's code, or 0 when it ends.
  static void changed(void* user, int code, int, int) {
    state& self = *static_cast<state*>(user);
    if (self.current != 0 && self.ended.size() < self.ended.capacity())
      self.ended.push_back(
          {self.current, std::chrono::milliseconds((self.heard - self.began_at) / samples_per_ms)});
    self.current = static_cast<char>(code);
    self.began_at = self.heard;
  }
};

inband_digit_detector::inband_digit_detector() : state_(std::make_unique<state>()) {
  state_->detector.reset(dtmf_rx_init(nullptr, nullptr, nullptr));
  if (state_->detector) dtmf_rx_set_realtime_callback(state_->detector.get(), &state::changed, state_.get());
}
inband_digit_detector::inband_digit_detector(inband_digit_detector&&) noexcept = default;
inband_digit_detector& inband_digit_detector::operator=(inband_digit_detector&&) noexcept = default;
inband_digit_detector::~inband_digit_detector() = default;

inband_digit_detector::digits inband_digit_detector::take(std::span<const std::int16_t> frame) {
  state_->ended.clear();
  if (state_->detector) dtmf_rx(state_->detector.get(), frame.data(), static_cast<int>(frame.size()));
  state_->heard += static_cast<std::int64_t>(frame.size());
  return state_->ended;
}

}  // namespace tollgate::pstn::media
