// SPDX-License-Identifier: Apache-2.0
// Digits on their way to a far end (RFC 4733 §2.5.1). Free of IO.
#include "pstn/media/digit_queue.hpp"

#include <algorithm>

#include "pstn/media/telephone_event.hpp"

namespace tollgate::pstn::media {
namespace {

using std::chrono::milliseconds;

constexpr int end_packets = 3;  // §2.5.1.4
constexpr std::size_t queue_max = 64;
constexpr milliseconds digit_least{40};  // what every receiver must take (ITU-T Q.24, table A-1)
constexpr milliseconds digit_longest{10'000};
constexpr milliseconds pause_between{60};  // after the end packets, which take a pause of their own
// Between digits that somebody else presses, theirs is the pause; but as tones they need one (Q.24).
constexpr milliseconds pause_least{40};
constexpr milliseconds pause_of_comma{1000};
constexpr milliseconds open_longest_silence{300};  // the receiver gives up before: telephone_event_silence

}  // namespace

void digit_queue::push(std::string_view digits, milliseconds duration) {
  duration = std::clamp(duration, digit_least, digit_longest);
  for (const char digit : digits) {
    if (waiting_.size() >= queue_max) return;
    if (digit == ',')
      waiting_.push_back({',', pause_of_comma});
    else if (const auto event = event_of(digit))
      waiting_.push_back({*digit_of(*event), duration});
  }
}

digit_queue::item* digit_queue::open_item() noexcept {
  if (current_ && current_->open) return &*current_;
  for (item& each : waiting_)
    if (each.open) return &each;
  return nullptr;
}

void digit_queue::begin(char digit, milliseconds so_far) {
  if (item* before = open_item()) before->open = false;
  const auto event = event_of(digit);
  if (!event || waiting_.size() >= queue_max) return;
  waiting_.push_back({*digit_of(*event), so_far, true, true});
  unheard_ = milliseconds(0);
}

void digit_queue::extend(milliseconds so_far) noexcept {
  item* open = open_item();
  if (!open) return;
  open->duration = std::max(open->duration, so_far);
  unheard_ = milliseconds(0);
}

void digit_queue::finish(milliseconds duration) noexcept {
  item* open = open_item();
  if (!open) return;
  open->duration = std::max(open->duration, duration);
  open->open = false;
}

digit_queue::step digit_queue::pause() {
  pause_ -= std::min(pause_, interval_);
  // Voice comes back after the last digit; between digits it would only be heard as crackle.
  step quiet;
  quiet.what = waiting_.empty() ? action::voice : action::silence;
  return quiet;
}

// False: a pause begins instead.
bool digit_queue::begin_next() {
  const item next = waiting_.front();
  waiting_.pop_front();
  if (next.digit == ',') {
    pause_ = next.duration;
    return false;
  }
  current_ = next;
  played_ = milliseconds(0);
  ends_sent_ = 0;
  return true;
}

digit_queue::step digit_queue::next() {
  if (item* open = open_item()) {
    unheard_ += interval_;
    if (unheard_ > open_longest_silence) open->open = false;
  }
  if (!current_) {
    if (pause_ > milliseconds(0)) return pause();
    if (waiting_.empty()) return {};
    if (!begin_next()) return pause();
  }
  step now;
  now.what = action::event;
  now.digit = current_->digit;
  now.first = played_ == milliseconds(0);
  now.repeated = ends_sent_ > 0;
  if (!now.repeated) played_ += interval_;
  now.played = played_;
  now.end = !current_->open && played_ >= current_->duration;
  // A digit that has just begun may have been told to have lasted no time at all: that means another thing.
  now.elapsed = now.end ? std::max(current_->duration, milliseconds(1))
                        : std::max(std::min(played_, current_->duration), std::min(played_, interval_));
  if (now.end && ++ends_sent_ == end_packets) {
    const milliseconds had = interval_ * (end_packets - 1);
    pause_ = current_->relayed ? pause_least - std::min(pause_least, had) : pause_between;
    current_.reset();
  }
  return now;
}

}  // namespace tollgate::pstn::media
