// SPDX-License-Identifier: Apache-2.0
// Detection and removal of tones in the voice. Free of IO.
#include "pstn/media/inband_digits.hpp"

#include <spandsp.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace tollgate::pstn::media {
namespace {

constexpr int detector_hz = 8000;
constexpr int samples_per_ms = 8;
constexpr std::size_t frame_most = 480;  // 60 ms
constexpr std::int64_t block = 102;      // samples that SpanDSP judges at a time
// It tells of a change after two blocks that agree, of which the first need be filled by some 60 % only:
// these are the means.
constexpr std::int64_t told_after_begin = 214;
constexpr std::int64_t told_after_end = 194;
// Behind a lost frame a tone that comes back within so long is the same one.
constexpr std::int64_t splice_longest = 4 * block;
constexpr std::int64_t splice_remembered = 6 * block;
constexpr int skips_most = 3;     // frames
constexpr std::size_t fade = 16;  // samples

struct detector_delete {
  void operator()(dtmf_rx_state_t* detector) const noexcept { dtmf_rx_free(detector); }
};

std::chrono::milliseconds to_ms(std::int64_t samples) {
  return std::chrono::milliseconds(std::max<std::int64_t>(samples, 0) / samples_per_ms);
}

}  // namespace

struct inband_digit_detector::state {
  std::unique_ptr<dtmf_rx_state_t, detector_delete> detector;
  char current = 0;        // told of, and not yet ended
  bool paused = false;     // the tone is away, but perhaps only behind a lost frame
  std::int64_t heard = 0;  // samples, whole blocks when the detector speaks
  std::int64_t began_at = 0;
  std::int64_t paused_at = 0;
  std::int64_t spliced_at = -splice_remembered;
  int skipped = 0;  // frames in a row
  digits told;
  int rate_hz = detector_hz;
  std::array<int, 2> before{};  // the last samples of a frame of 16 kHz
  std::array<std::int16_t, frame_most> halved{};

  // To 8 kHz, by a short filter: of what would be heard as a tone below 1.7 kHz it leaves little, and the
  // tones themselves it leaves within 1 dB of each other.
  std::span<const std::int16_t> halve(std::span<const std::int16_t> frame) noexcept {
    const std::size_t count = std::min(frame.size() / 2, halved.size());
    for (std::size_t i = 0; i < count; ++i) {
      halved[i] = static_cast<std::int16_t>((before[0] + 2 * before[1] + frame[2 * i]) / 4);
      before = {frame[2 * i], frame[2 * i + 1]};
    }
    return std::span(halved).first(count);
  }

  void tell(bool first, bool ended, std::int64_t until) {
    if (told.size() < told.capacity()) told.push_back({current, first, ended, to_ms(until - began_at)});
  }
  void end() {
    tell(false, true, paused_at - told_after_end);
    current = 0;
    paused = false;
  }

  // SpanDSP tells of each change: a digit's code, or 0 when it ends.
  static void changed(void* user, int code, int, int) {
    state& self = *static_cast<state*>(user);
    const char digit = static_cast<char>(code);
    if (self.paused && digit == self.current && self.heard - self.paused_at <= splice_longest) {
      self.paused = false;
      return;
    }
    if (self.current != 0 && !self.paused) {
      self.paused = true;
      self.paused_at = self.heard;
    }
    const bool spliced = self.heard - self.spliced_at <= splice_remembered;
    if (self.current != 0 && (digit != 0 || !spliced)) self.end();
    if (digit == 0) return;
    self.current = digit;
    self.began_at = self.heard - told_after_begin;
    self.tell(true, false, self.heard);
  }
};

inband_digit_detector::inband_digit_detector(int rate_hz) : state_(std::make_unique<state>()) {
  state_->rate_hz = rate_hz;
  state_->detector.reset(dtmf_rx_init(nullptr, nullptr, nullptr));
  if (state_->detector) dtmf_rx_set_realtime_callback(state_->detector.get(), &state::changed, state_.get());
}
inband_digit_detector::inband_digit_detector(inband_digit_detector&&) noexcept = default;
inband_digit_detector& inband_digit_detector::operator=(inband_digit_detector&&) noexcept = default;
inband_digit_detector::~inband_digit_detector() = default;

inband_digit_detector::digits inband_digit_detector::take(std::span<const std::int16_t> frame) {
  state_->told.clear();
  if (state_->rate_hz != detector_hz) frame = state_->halve(frame);
  state_->skipped = state_->skipped > skips_most ? skips_most : 0;  // of a longer gap: more may follow
  while (!frame.empty() && state_->detector) {
    // Up to the end of a block, so that `heard` says where the detector is when it speaks.
    const auto left = static_cast<std::size_t>(block - state_->heard % block);
    const auto portion = frame.first(std::min(frame.size(), left));
    frame = frame.subspan(portion.size());
    state_->heard += static_cast<std::int64_t>(portion.size());
    dtmf_rx(state_->detector.get(), portion.data(), static_cast<int>(portion.size()));
  }
  if (state_->paused && state_->heard - state_->paused_at > splice_longest) state_->end();
  if (state_->current != 0 && !state_->paused) state_->tell(false, false, state_->heard);
  return state_->told;
}

bool inband_digit_detector::skip() noexcept {
  if (++state_->skipped > skips_most) return false;
  state_->spliced_at = state_->heard;
  return true;
}

int inband_digit_detector::rate_hz() const noexcept {
  return state_->rate_hz;
}

bool inband_digit_detector::sounding() const noexcept {
  return state_->current != 0;
}

void tone_remover::process(std::span<std::int16_t> frame, bool sounding) {
  work_.assign(held_.begin(), held_.end());
  work_.insert(work_.end(), frame.begin(), frame.end());
  if (sounding) {
    // What was heard up to now fades away instead of breaking off.
    const std::size_t faded = silenced_ ? 0 : fade;
    for (std::size_t i = 0; i < faded; ++i)
      work_[i] = static_cast<std::int16_t>(work_[i] * static_cast<int>(faded - i) / static_cast<int>(faded));
    std::fill(work_.begin() + static_cast<std::ptrdiff_t>(faded), work_.end(), std::int16_t{0});
  }
  silenced_ = sounding;
  const auto out = static_cast<std::ptrdiff_t>(frame.size());
  std::copy_n(work_.begin(), out, frame.begin());
  std::copy(work_.begin() + out, work_.end(), held_.begin());
}

}  // namespace tollgate::pstn::media
