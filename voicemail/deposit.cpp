// SPDX-License-Identifier: Apache-2.0
// One message being left: the transitions.
#include "voicemail/deposit.hpp"

#include <algorithm>

namespace tollgate::voicemail {

using enum deposit_action;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

deposit::actions deposit::begin(bool room, time_point now) {
  if (state_ != state::idle) return {};
  if (!room) return say_and_leave(play_full, now);
  enter(state::greeting, now);
  return {play_greeting};
}

deposit::actions deposit::handle(const deposit_event& event, time_point now) {
  return std::visit([this, now](const auto& value) { return on(value, now); }, event);
}

std::optional<deposit::time_point> deposit::next_deadline() const {
  switch (state_) {
    case state::greeting:
    case state::beep:
    case state::last_prompt:
      return entered_ + limits_.prompt_longest;
    case state::recording:
      return entered_ + limits_.longest;
    case state::idle:
    case state::storing:
    case state::finished:
      return std::nullopt;
  }
  return std::nullopt;
}

deposit::actions deposit::on(const prompt_finished&, time_point now) {
  if (state_ == state::greeting) return start_beep(now);
  if (state_ == state::beep) return start_recording(now);
  if (state_ != state::last_prompt) return {};
  enter(state::finished, now);
  return {hang_up};
}

deposit::actions deposit::on(const digit_pressed& event, time_point now) {
  if (event.digit != '#' && event.digit != '*') return {};
  if (state_ == state::recording) return end_recording(milliseconds{0}, now);
  if (state_ != state::greeting) return {};
  actions result{stop_prompt};
  const auto beep = start_beep(now);
  result.insert(result.end(), beep.begin(), beep.end());
  return result;
}

deposit::actions deposit::on(const sound_heard& event, time_point now) {
  if (state_ != state::recording || event.duration <= milliseconds{0}) return {};
  if (event.level_dbov >= limits_.silence_level_dbov) {
    heard_speech_ = true;
    quiet_ = milliseconds{0};
    return {};
  }
  quiet_ = std::min(quiet_ + event.duration, limits_.silence);
  if (quiet_ < limits_.silence) return {};
  return end_recording(quiet_, now);
}

deposit::actions deposit::on(const far_end_hung_up&, time_point now) {
  if (far_end_gone_ || state_ == state::finished || state_ == state::idle) return {};
  far_end_gone_ = true;
  if (state_ == state::recording) return end_recording(milliseconds{0}, now);
  if (state_ == state::storing) return {};  // its answer releases the call
  enter(state::finished, now);
  return {stop_prompt, release};
}

deposit::actions deposit::on(const message_committed&, time_point now) {
  if (state_ != state::storing) return {};
  return say_and_leave(play_saved, now);
}

deposit::actions deposit::on(const message_refused& event, time_point now) {
  if (state_ != state::storing) return {};
  return say_and_leave(event.mailbox_full ? play_full : play_failed, now);
}

deposit::actions deposit::on(const deadline_passed&, time_point now) {
  const auto deadline = next_deadline();
  if (!deadline || now < *deadline) return {};
  if (state_ == state::recording) return end_recording(milliseconds{0}, now);
  actions result{stop_prompt};
  const auto next = on(prompt_finished{}, now);
  result.insert(result.end(), next.begin(), next.end());
  return result;
}

void deposit::enter(state next, time_point now) {
  state_ = next;
  entered_ = now;
}

deposit::actions deposit::start_beep(time_point now) {
  enter(state::beep, now);
  return {play_beep};
}

deposit::actions deposit::start_recording(time_point now) {
  enter(state::recording, now);
  return {deposit_action::start_recording};
}

deposit::actions deposit::end_recording(milliseconds trailing_silence, time_point now) {
  const auto recorded =
      std::clamp(duration_cast<milliseconds>(now - entered_), milliseconds{0}, limits_.longest);
  message_duration_ = std::max(recorded - trailing_silence, milliseconds{0});
  if (heard_speech_ && message_duration_ >= limits_.shortest) {
    enter(state::storing, now);
    return {stop_recording, store_message};
  }
  message_duration_ = milliseconds{0};
  enter(state::finished, now);
  return {stop_recording, discard_message, far_end_gone_ ? release : hang_up};
}

deposit::actions deposit::say_and_leave(deposit_action prompt, time_point now) {
  if (far_end_gone_) {
    enter(state::finished, now);
    return {release};
  }
  enter(state::last_prompt, now);
  return {prompt};
}

}  // namespace tollgate::voicemail
