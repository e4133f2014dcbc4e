// SPDX-License-Identifier: Apache-2.0
// An owner at a telephone: what the keys mean in each menu.
#include <utility>

#include "voicemail/retrieval.hpp"

namespace tollgate::voicemail {

namespace act = retrieval_action;

retrieval::actions retrieval::on(const retrieval_event::key_pressed& event, time_point now) {
  reminders_ = 0;
  quiet_since_ = now;
  switch (state_) {
    case state::pin:
    case state::forward_number:
    case state::new_pin:
    case state::new_pin_again:
      return key_of_entry(event.key, now);
    case state::main_menu:
      return key_in_main_menu(event.key, now);
    case state::message:
      return key_in_message(event.key, now);
    case state::options:
      return key_in_options(event.key, now);
    case state::temporary_menu:
      return key_in_temporary_menu(event.key, now);
    case state::greeting_prompt:  // straight to the beep
      if (event.key == '*') return tell(state::options, question(), now);
      return tell(state::greeting_beep, {"beep"}, now);
    case state::greeting_recording:
      return event.key == '#' || event.key == '*' ? end_recording(now) : actions{};
    case state::greeting_review:
      return key_in_review(event.key, now);
    case state::idle:
    case state::waiting:
    case state::greeting_beep:
    case state::goodbye:
    case state::finished:
      return {};
  }
  return {};
}

utterance retrieval::question() const {
  switch (state_) {
    case state::pin:
      return {"agent-pass"};
    case state::main_menu:
      return speak_.main_menu();
    case state::message:
      return speak_.message_menu(folder_[at_].deleted);
    case state::forward_number:
      return {"vm-whichbox"};
    case state::options:
    case state::greeting_prompt:
      return speak_.options_menu();
    case state::temporary_menu:
      return speak_.temporary_menu(view_.temporary_greeting);
    case state::greeting_review:
      return {"vm-review"};
    case state::new_pin:
      return {"vm-newpassword"};
    case state::new_pin_again:
      return {"vm-reenterpassword"};
    case state::idle:
    case state::waiting:
    case state::greeting_beep:
    case state::greeting_recording:
    case state::goodbye:
    case state::finished:
      break;
  }
  return {};
}

retrieval::actions retrieval::key_in_main_menu(char key, time_point now) {
  switch (key) {
    case '1':
      return open_folder(true, now);
    case '2':
      return open_folder(false, now);
    case '3':
      return tell(state::options, speak_.options_menu(), now);
    case '0':
    case '*':
      return ask_again(now);
    case '#':
      return leave({"vm-goodbye"}, now);
    default:
      return tell(state::main_menu, {"vm-sorry"}, now);
  }
}

retrieval::actions retrieval::open_folder(bool unread, time_point now) {
  folder_ = unread ? view_.unread : view_.saved;
  folder_count_ = unread ? view_.unread_count : view_.saved_count;
  if (folder_.empty()) return tell(state::main_menu, {"vm-nomore"}, now);
  folder_unread_ = unread;
  at_ = 0;
  return start_message(now);
}

retrieval::actions retrieval::start_message(time_point now) {
  auto said = speak_.message_heading(static_cast<int>(at_) + 1);
  if (std::exchange(goes_on_saved_, false)) said.insert(said.begin(), "vm-msgsaved");
  auto result = tell(state::message, std::move(said), now);
  heading_ = true;
  return result;
}

retrieval::actions retrieval::next_message(time_point now) {
  if (at_ + 1 >= folder_.size() && folder_.size() < static_cast<std::size_t>(folder_count_))
    return ask(request::more, act::list_more{folder_unread_, current().message_id, current().urgent});
  if (at_ + 1 >= folder_.size()) {
    // The counts, derived anew, say how it stands now.
    goes_on_saved_ = false;
    return to_main_menu();
  }
  ++at_;
  return start_message(now);
}

retrieval::actions retrieval::key_in_message(char key, time_point now) {
  const auto& message = current();
  switch (key) {
    case '1':
    case '5':
      return start_message(now);
    case '2':
      if (message.deleted) return ask(request::restore, act::restore{message.message_id});
      return ask(request::mark_and_go_on, act::mark_saved{message.message_id});
    case '3':
    case '8':
      return tell(state::forward_number, {"vm-whichbox"}, now);
    case '4':
      return tell(state::message, speak_.envelope(message.caller, message.verified, message.received, message.urgent), now);
    case '6':
    case '#':
      return next_message(now);
    case '7':
      if (message.deleted) return tell(state::message, {"vm-deleted"}, now);
      return ask(request::erase, act::erase{message.message_id});
    case '9':
      if (!message.deleted) return tell(state::message, {"vm-sorry"}, now);
      return ask(request::restore, act::restore{message.message_id});
    case '0':
      return ask_again(now);
    case '*':
      return to_main_menu();
    default:
      return tell(state::message, {"vm-sorry"}, now);
  }
}

retrieval::actions retrieval::key_in_options(char key, time_point now) {
  switch (key) {
    case '1':
      return record_greeting(greeting_kind::no_answer, now);
    case '2':
      return record_greeting(greeting_kind::busy, now);
    case '3':
      return record_greeting(greeting_kind::name, now);
    case '4':
      return tell(state::temporary_menu, speak_.temporary_menu(view_.temporary_greeting), now);
    case '5':
      return tell(state::new_pin, {"vm-newpassword"}, now);
    case '0':
      return ask_again(now);
    case '*':
    case '#':
      return to_main_menu();
    default:
      return tell(state::options, {"vm-sorry"}, now);
  }
}

retrieval::actions retrieval::key_in_temporary_menu(char key, time_point now) {
  if (key == '1') return record_greeting(greeting_kind::temporary, now);
  if (key == '2' && view_.temporary_greeting)
    return ask(request::remove_greeting, act::remove_greeting{greeting_kind::temporary});
  if (key == '*' || key == '#') return to_main_menu();
  return tell(state::temporary_menu, {"vm-sorry"}, now);
}

retrieval::actions retrieval::key_in_review(char key, time_point now) {
  switch (key) {
    case '1':
      return ask(request::keep_greeting, act::keep_greeting{greeting_});
    case '2':
      playing_ = true;
      entered_ = now;
      return {act::play_recording{}};
    case '3': {
      actions result{act::discard_recording{}};
      const auto next = tell(state::greeting_beep, {"beep"}, now);
      result.insert(result.end(), next.begin(), next.end());
      return result;
    }
    case '*': {
      actions result{act::discard_recording{}};
      const auto next = tell(state::options, speak_.options_menu(), now);
      result.insert(result.end(), next.begin(), next.end());
      return result;
    }
    case '0':
      return ask_again(now);
    default:
      return tell(state::greeting_review, {"vm-sorry", "vm-review"}, now);
  }
}

// A PIN or a number: digits, then #.
retrieval::actions retrieval::key_of_entry(char key, time_point now) {
  constexpr std::size_t longest = 20;
  if (key == '#') return entry_.empty() ? ask_again(now) : submit(now);
  if (key == '*') {
    // Once to begin the entry again, and with nothing entered back to where one came from.
    if (!entry_.empty() || state_ == state::pin) return ask_again(now);
    if (state_ == state::forward_number) return tell(state::message, speak_.message_menu(current().deleted), now);
    return tell(state::options, speak_.options_menu(), now);
  }
  if (key < '0' || key > '9') return {};
  if (entry_.size() < longest) entry_ += key;
  if (!playing_) return {};
  playing_ = false;
  return {act::stop_playing{}};
}

retrieval::actions retrieval::submit(time_point now) {
  const auto entered = std::exchange(entry_, {});
  switch (state_) {
    case state::pin:
      return ask(request::pin, act::check_pin{entered});
    case state::forward_number:
      return ask(request::forward, act::forward{current().message_id, entered});
    case state::new_pin:
      first_pin_ = entered;
      return tell(state::new_pin_again, {"vm-reenterpassword"}, now);
    case state::new_pin_again:
      if (entered != first_pin_) return tell(state::new_pin, {"vm-mismatch", "vm-newpassword"}, now);
      return ask(request::new_pin, act::change_pin{entered});
    default:
      return {};
  }
}

}  // namespace tollgate::voicemail
