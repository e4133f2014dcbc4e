// SPDX-License-Identifier: Apache-2.0
// An owner at a telephone: time, answers and recording. What keys mean is in retrieval_menu.cpp.
#include "voicemail/retrieval.hpp"

#include <algorithm>

namespace tollgate::voicemail {

namespace act = retrieval_action;
namespace event = retrieval_event;

retrieval::actions retrieval::begin(time_point now) {
  if (state_ != state::idle) return {};
  began_ = now;
  return tell(state::pin, {"agent-pass"}, now);
}

retrieval::actions retrieval::handle(const any_retrieval_event& any, time_point now) {
  if (finished()) return {};
  return std::visit([this, now](const auto& one) { return on(one, now); }, any);
}

std::optional<retrieval::time_point> retrieval::next_deadline() const {
  const auto session_end = began_ + limits_.session_longest;
  switch (state_) {
    case state::idle:
    case state::waiting:
    case state::finished:
      return std::nullopt;
    case state::greeting_recording:
      return std::min(entered_ + limits_.greeting_longest, session_end);
    case state::goodbye:
      return entered_ + limits_.prompt_longest;
    default:
      break;
  }
  if (playing_) return std::min(entered_ + (playing_message_ ? limits_.message_longest : limits_.prompt_longest), session_end);
  return std::min(quiet_since_ + limits_.key_pause, session_end);
}

retrieval::actions retrieval::on(const event::playback_finished&, time_point now) {
  if (!playing_) return {};
  playing_ = false;
  quiet_since_ = now;
  switch (state_) {
    case state::goodbye:
      state_ = state::finished;
      return {act::hang_up{}};
    case state::greeting_prompt:
      return tell(state::greeting_beep, {"beep"}, now);
    case state::greeting_beep:
      state_ = state::greeting_recording;
      entered_ = now;
      recorded_quiet_ = {};
      return {act::start_recording{}};
    case state::message:
      break;
    default:
      return {};
  }
  if (heading_) {
    heading_ = false;
    playing_ = playing_message_ = true;
    entered_ = now;
    return {act::play_message{current().message_id}};
  }
  if (!playing_message_) return {};
  playing_message_ = false;
  if (folder_unread_ && !current().deleted) return ask(request::mark, act::mark_saved{current().message_id});
  return ask_again(now);
}

retrieval::actions retrieval::on(const event::sound_heard& heard, time_point now) {
  if (state_ != state::greeting_recording) return {};
  recorded_quiet_ = heard.level_dbov >= limits_.silence_level_dbov ? std::chrono::milliseconds{0}
                                                                   : recorded_quiet_ + heard.duration;
  if (recorded_quiet_ < limits_.silence) return {};
  return end_recording(now);
}

retrieval::actions retrieval::on(const event::far_end_hung_up&, time_point) {
  if (far_end_gone_) return {};
  far_end_gone_ = true;
  actions result;
  if (state_ == state::greeting_recording) result.emplace_back(act::stop_recording{});
  if (state_ == state::greeting_recording || state_ == state::greeting_review)
    result.emplace_back(act::discard_recording{});
  state_ = state::finished;
  result.emplace_back(act::stop_playing{});
  result.emplace_back(act::release{});
  return result;
}

retrieval::actions retrieval::on(const event::deadline_passed&, time_point now) {
  const auto deadline = next_deadline();
  if (!deadline || now < *deadline) return {};
  if (state_ == state::goodbye || now >= began_ + limits_.session_longest) {
    actions result;
    if (state_ == state::greeting_recording) result.emplace_back(act::stop_recording{});
    state_ = state::finished;
    result.emplace_back(act::stop_playing{});
    result.emplace_back(act::hang_up{});
    return result;
  }
  if (state_ == state::greeting_recording) return end_recording(now);
  if (playing_) {
    actions result{act::stop_playing{}};
    const auto next = on(event::playback_finished{}, now);
    result.insert(result.end(), next.begin(), next.end());
    return result;
  }
  if (!entry_.empty()) return submit(now);
  if (reminders_ >= limits_.reminders) return leave({"vm-goodbye"}, now);
  ++reminders_;
  return ask_again(now);
}

retrieval::actions retrieval::on(const event::pin_checked& answer, time_point now) {
  if (request_ != request::pin) return {};
  request_ = request::none;
  switch (answer.verdict) {
    case pin_verdict::right:
      return to_main_menu();
    case pin_verdict::wrong:
      if (++wrong_pins_ < limits_.wrong_pins) return tell(state::pin, {"auth-incorrect"}, now);
      break;
    case pin_verdict::locked:  // as a wrong one, so that a guesser learns nothing from it
      break;
  }
  return leave({"vm-incorrect", "vm-goodbye"}, now);
}

retrieval::actions retrieval::on(const event::listed& answer, time_point now) {
  if (request_ != request::list) return {};
  request_ = request::none;
  view_ = answer.view;
  auto said = speak_.message_counts(view_.unread_count, view_.saved_count);
  const auto menu = speak_.main_menu();
  said.insert(said.end(), menu.begin(), menu.end());
  return tell(state::main_menu, said, now);
}

retrieval::actions retrieval::on(const event::listed_more& answer, time_point now) {
  if (request_ != request::more) return {};
  request_ = request::none;
  if (answer.items.empty()) {
    goes_on_saved_ = false;
    return to_main_menu();
  }
  folder_.insert(folder_.end(), answer.items.begin(), answer.items.end());
  return next_message(now);
}

retrieval::actions retrieval::on(const event::done&, time_point now) {
  const auto answered = request_;
  request_ = request::none;
  switch (answered) {
    case request::none:
    case request::pin:
    case request::list:
    case request::more:
      return {};
    case request::mark:
      return tell(state::message, speak_.message_menu(current().deleted), now);
    case request::mark_and_go_on:
      goes_on_saved_ = true;
      return next_message(now);
    case request::erase:
      current().deleted = true;
      return tell(state::message, {"vm-deleted"}, now);
    case request::restore:
      current().deleted = false;
      return tell(state::message, {"vm-undeleted"}, now);
    case request::forward:
      return tell(state::message, {"vm-msgforwarded"}, now);
    case request::keep_greeting:
      view_.temporary_greeting = view_.temporary_greeting || greeting_ == greeting_kind::temporary;
      return tell(state::options, {"vm-msgsaved", "vm-options"}, now);
    case request::remove_greeting:
      view_.temporary_greeting = false;
      return tell(state::options, {"vm-tempremoved", "vm-options"}, now);
    case request::new_pin:
      return tell(state::options, {"vm-passchanged", "vm-options"}, now);
  }
  return {};
}

retrieval::actions retrieval::on(const event::refused& answer, time_point now) {
  const auto answered = request_;
  request_ = request::none;
  switch (answered) {
    case request::none:
      if (state_ == state::message && playing_message_) return tell(state::message, {"im-sorry"}, now);
      return {};
    case request::pin:
    case request::list:
    case request::more:
      return leave({"im-sorry", "vm-goodbye"}, now);
    case request::mark:
    case request::mark_and_go_on:
    case request::erase:
    case request::restore:
      return tell(state::message, {"im-sorry"}, now);
    case request::forward:
      if (answer.why == retrieval_refusal::mailbox_unknown) return tell(state::forward_number, {"invalid"}, now);
      return tell(state::message, {answer.why == retrieval_refusal::mailbox_full ? "vm-mailboxfull" : "im-sorry"}, now);
    case request::new_pin:
      if (answer.why == retrieval_refusal::pin_unsuitable)
        return tell(state::new_pin, {"vm-invalid-password", "vm-newpassword"}, now);
      [[fallthrough]];
    case request::keep_greeting:
    case request::remove_greeting:
      return tell(state::options, {"im-sorry", "vm-options"}, now);
  }
  return {};
}

retrieval::actions retrieval::tell(state next, utterance said, time_point now) {
  if (state_ != next) reminders_ = 0;
  state_ = next;
  entered_ = now;
  playing_ = true;
  playing_message_ = heading_ = false;
  entry_.clear();
  return {act::say{std::move(said)}};
}

retrieval::actions retrieval::ask_again(time_point now) {
  const int reminders = reminders_;
  auto result = tell(state_, question(), now);
  reminders_ = reminders;
  return result;
}

retrieval::actions retrieval::ask(request what, any_retrieval_action action) {
  request_ = what;
  state_ = state::waiting;
  playing_ = playing_message_ = heading_ = false;
  return {std::move(action)};
}

retrieval::actions retrieval::to_main_menu() {
  return ask(request::list, act::list_messages{});
}

retrieval::actions retrieval::record_greeting(greeting_kind kind, time_point now) {
  greeting_ = kind;
  switch (kind) {
    case greeting_kind::no_answer:
      return tell(state::greeting_prompt, {"vm-rec-unv"}, now);
    case greeting_kind::busy:
      return tell(state::greeting_prompt, {"vm-rec-busy"}, now);
    case greeting_kind::temporary:
      return tell(state::greeting_prompt, {"vm-rec-temp"}, now);
    case greeting_kind::name:
      return tell(state::greeting_prompt, {"vm-rec-name"}, now);
  }
  return {};
}

retrieval::actions retrieval::end_recording(time_point now) {
  actions result{act::stop_recording{}};
  if (now - entered_ < limits_.greeting_shortest) {
    result.emplace_back(act::discard_recording{});
    const auto next = tell(state::greeting_beep, {"vm-tooshort", "beep"}, now);
    result.insert(result.end(), next.begin(), next.end());
    return result;
  }
  const auto next = tell(state::greeting_review, {"vm-review"}, now);
  result.insert(result.end(), next.begin(), next.end());
  return result;
}

retrieval::actions retrieval::leave(utterance said, time_point now) {
  return tell(state::goodbye, std::move(said), now);
}

}  // namespace tollgate::voicemail
