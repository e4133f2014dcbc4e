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
  shut_ = !room;
  if (shut_) return say_and_leave(play_full, now);
  enter(state::greeting, now);
  return {play_greeting};
}

deposit::actions deposit::begin_unavailable(time_point now) {
  if (state_ != state::idle) return {};
  shut_ = true;
  return say_and_leave(play_failed, now);
}

deposit::actions deposit::handle(const deposit_event& event, time_point now) {
  return std::visit([this, now](const auto& value) { return on(value, now); }, event);
}

std::optional<deposit::time_point> deposit::next_deadline() const {
  switch (state_) {
    case state::greeting:
    case state::too_short:
    case state::beep:
    case state::review:
    case state::last_prompt:
      return entered_ + limits_.prompt_longest;
    case state::listening:
      return entered_ + limits_.longest + limits_.prompt_longest;
    case state::choice:
      return entered_ + limits_.review_pause;
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
  if (state_ == state::greeting || state_ == state::too_short) return start_beep(now);
  if (state_ == state::review) {
    enter(state::choice, now);
    return {};
  }
  if (state_ == state::listening) {
    enter(state::review, now);
    return {play_review};
  }
  if (state_ == state::beep) return start_recording(now);
  if (state_ != state::last_prompt) return {};
  enter(state::finished, now);
  return {hang_up};
}

deposit::actions deposit::on(const digit_pressed& event, time_point now) {
  if (reviewing()) return key_in_review(event.digit, now);
  if (state_ == state::recording) return event.digit == '#' || event.digit == '*' ? end_by_key(now) : actions{};
  const bool welcome = state_ == state::greeting || (state_ == state::last_prompt && shut_);
  if (event.digit == '*' && welcome) {
    enter(state::finished, now);
    return {stop_prompt, enter_mailbox};
  }
  if (event.digit != '#' || state_ != state::greeting) return {};
  actions result{stop_prompt};
  const auto beep = start_beep(now);
  result.insert(result.end(), beep.begin(), beep.end());
  return result;
}

deposit::actions deposit::key_in_review(char digit, time_point now) {
  switch (digit) {
    case '1':
    case '#': {
      actions result{stop_prompt};
      const auto kept = store(now);
      result.insert(result.end(), kept.begin(), kept.end());
      return result;
    }
    case '2':
      enter(state::listening, now);
      return {play_recording};
    case '3':
      if (attempts_ >= limits_.attempts) return {};
      message_duration_ = milliseconds{0};
      enter(state::beep, now);
      return {discard_message, play_beep};
    case '4':
      urgent_ = !urgent_;
      enter(state::review, now);
      return {urgent_ ? play_urgent : play_not_urgent};
    default:
      return {};
  }
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
  if (reviewing()) {
    actions result{stop_prompt};
    const auto kept = store(now);
    result.insert(result.end(), kept.begin(), kept.end());
    return result;
  }
  enter(state::finished, now);
  return {stop_prompt, release};
}

deposit::actions deposit::on(const message_committed&, time_point now) {
  if (state_ != state::storing) return {};
  return say_and_leave(play_saved, now);
}

deposit::actions deposit::on(const message_refused&, time_point now) {
  if (state_ != state::storing) return {};
  return say_and_leave(play_failed, now);
}

deposit::actions deposit::on(const deadline_passed&, time_point now) {
  const auto deadline = next_deadline();
  if (!deadline || now < *deadline) return {};
  if (state_ == state::recording) return end_recording(milliseconds{0}, now);
  if (state_ == state::choice) return store(now);
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
  ++attempts_;
  heard_speech_ = false;
  quiet_ = milliseconds{0};
  return {deposit_action::start_recording};
}

// By the caller's wish: what there is of a message is reviewed, and what is none may be tried again.
deposit::actions deposit::end_by_key(time_point now) {
  message_duration_ =
      std::clamp(duration_cast<milliseconds>(now - entered_), milliseconds{0}, limits_.longest);
  if (heard_speech_ && message_duration_ >= limits_.shortest) {
    enter(state::review, now);
    return {stop_recording, play_review};
  }
  message_duration_ = milliseconds{0};
  if (attempts_ >= limits_.attempts) return keep_nothing(now);
  enter(state::too_short, now);
  return {stop_recording, discard_message, play_too_short};
}

deposit::actions deposit::store(time_point now) {
  enter(state::storing, now);
  return {store_message};
}

deposit::actions deposit::end_recording(milliseconds trailing_silence, time_point now) {
  const auto recorded =
      std::clamp(duration_cast<milliseconds>(now - entered_), milliseconds{0}, limits_.longest);
  message_duration_ = std::max(recorded - trailing_silence, milliseconds{0});
  if (heard_speech_ && message_duration_ >= limits_.shortest) {
    enter(state::storing, now);
    return {stop_recording, store_message};
  }
  return keep_nothing(now);
}

// Who may still be there hears it: a speaker too faint for us must not believe the message left.
deposit::actions deposit::keep_nothing(time_point now) {
  message_duration_ = milliseconds{0};
  actions result{stop_recording, discard_message};
  const auto words = say_and_leave(play_nothing_kept, now);
  result.insert(result.end(), words.begin(), words.end());
  return result;
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
