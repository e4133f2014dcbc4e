// SPDX-License-Identifier: Apache-2.0
// The pure machine of an owner at a telephone: PIN, menus, messages, greetings. It is given what happens and when, and returns
// what is to be done; the call carries it out. Every prompt is interrupted by any key. Free of IO and of clocks.
//
//   main menu   1 new, 2 saved, 3 options, 0 the menu again, # hang up
//   a message   1 or 5 repeat, 2 save, 3 or 8 forward, 4 caller and time, 6 or # next, 7 delete, 9 undelete, 0 help, * main menu
//   options     1 no answer, 2 busy, 3 name, 4 temporary, 5 PIN, * main menu
//   recording   # ends it; then 1 accept, 2 listen, 3 again, * forget it
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "voicemail/mailbox_settings.hpp"
#include "voicemail/phrasebook.hpp"

namespace tollgate::voicemail {

struct retrieval_limits {
  std::chrono::milliseconds key_pause{6'000};          // so long without a key, and what was entered is taken, or asked again
  int reminders = 2;                                   // then we hang up
  int wrong_pins = 3;                                  // of one call; the mailbox has its own count
  std::chrono::milliseconds prompt_longest{120'000};   // a prompt whose end is not reported by then counts as ended
  std::chrono::milliseconds message_longest{3'700'000};
  std::chrono::milliseconds greeting_longest = voicemail::greeting_longest;
  std::chrono::milliseconds greeting_shortest{500};
  std::chrono::milliseconds silence{5'000};            // ends the recording of a greeting
  double silence_level_dbov = -50.0;
  std::chrono::milliseconds session_longest{3'600'000};
};

struct mailbox_item {
  boost::uuids::uuid message_id;
  std::string caller;  // "+44…"; empty: withheld
  local_time received;
  bool urgent = false;
  bool deleted = false;
  bool verified = false;  // somebody vouches for the caller's number
};

struct mailbox_view {
  std::vector<mailbox_item> unread, saved;  // the first of each, in the order in which they are told
  int unread_count = 0, saved_count = 0;    // of all there are
  bool temporary_greeting = false;
};

enum class pin_verdict { right, wrong, locked };
enum class retrieval_refusal { mailbox_full, mailbox_unknown, pin_unsuitable, unavailable };

// What happens. Those that do not fit the machine's state are passed over.
namespace retrieval_event {
struct key_pressed {
  char key;
};
struct playback_finished {};
struct sound_heard {
  std::chrono::milliseconds duration;
  double level_dbov;
};
struct far_end_hung_up {};
struct deadline_passed {};
// Answers to actions:
struct pin_checked {
  pin_verdict verdict;
};
struct listed {
  mailbox_view view;
};
struct listed_more {  // what follows in a folder; none: that was all
  std::vector<mailbox_item> items;
};
struct done {};
struct refused {
  retrieval_refusal why;
};
}  // namespace retrieval_event
using any_retrieval_event =
    std::variant<retrieval_event::key_pressed, retrieval_event::playback_finished, retrieval_event::sound_heard,
                 retrieval_event::far_end_hung_up, retrieval_event::deadline_passed, retrieval_event::pin_checked,
                 retrieval_event::listed, retrieval_event::listed_more, retrieval_event::done, retrieval_event::refused>;

namespace retrieval_action {
struct say {  // in place of whatever is being played; answered by playback_finished, as the next two
  utterance said;
};
struct play_message {  // or by refused, when it cannot be had
  boost::uuids::uuid message_id;
};
struct play_recording {};
struct stop_playing {};
struct check_pin {  // answered by pin_checked, or refused
  std::string pin;
};
struct list_messages {};  // answered by listed, or refused
struct list_more {        // answered by listed_more, or refused
  bool unread;            // of which folder
  boost::uuids::uuid after;  // what follows this message
  bool after_urgent;
};
// Answered by done or refused:
struct mark_saved {
  boost::uuids::uuid message_id;
};
struct erase {
  boost::uuids::uuid message_id;
};
struct restore {
  boost::uuids::uuid message_id;
};
struct forward {  // a copy into the mailbox of another number
  boost::uuids::uuid message_id;
  std::string digits;
};
struct keep_greeting {
  greeting_kind kind;
};
struct remove_greeting {
  greeting_kind kind;
};
struct change_pin {
  std::string pin;
};
// Not answered:
struct start_recording {};
struct stop_recording {};
struct discard_recording {};
struct hang_up {};
struct release {};  // the far end has ended it: answer its BYE
}  // namespace retrieval_action
using any_retrieval_action =
    std::variant<retrieval_action::say, retrieval_action::play_message, retrieval_action::play_recording,
                 retrieval_action::stop_playing, retrieval_action::check_pin, retrieval_action::list_messages, retrieval_action::list_more,
                 retrieval_action::mark_saved, retrieval_action::erase, retrieval_action::restore,
                 retrieval_action::forward, retrieval_action::keep_greeting, retrieval_action::remove_greeting,
                 retrieval_action::change_pin, retrieval_action::start_recording, retrieval_action::stop_recording,
                 retrieval_action::discard_recording, retrieval_action::hang_up, retrieval_action::release>;

class retrieval {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  // In the order in which they are to be carried out. An action that is answered is the last one.
  using actions = std::vector<any_retrieval_action>;

  explicit retrieval(language spoken, retrieval_limits limits = {}) : speak_(spoken), limits_(limits) {}

  // Asks for the PIN.
  actions begin(time_point now);
  actions handle(const any_retrieval_event& event, time_point now);
  // When deadline_passed is wanted, if nothing else happens before.
  std::optional<time_point> next_deadline() const;
  bool finished() const { return state_ == state::finished; }

 private:
  enum class state {
    idle,
    pin,
    waiting,  // for an answer
    main_menu,
    message,
    forward_number,
    options,
    temporary_menu,
    greeting_prompt,
    greeting_beep,
    greeting_recording,
    greeting_review,
    new_pin,
    new_pin_again,
    goodbye,
    finished
  };
  enum class request { none, pin, list, more, mark, mark_and_go_on, erase, restore, forward, keep_greeting, remove_greeting, new_pin };

  actions on(const retrieval_event::key_pressed& event, time_point now);
  actions on(const retrieval_event::playback_finished& event, time_point now);
  actions on(const retrieval_event::sound_heard& event, time_point now);
  actions on(const retrieval_event::far_end_hung_up& event, time_point now);
  actions on(const retrieval_event::deadline_passed& event, time_point now);
  actions on(const retrieval_event::pin_checked& event, time_point now);
  actions on(const retrieval_event::listed& event, time_point now);
  actions on(const retrieval_event::listed_more& event, time_point now);
  actions on(const retrieval_event::done& event, time_point now);
  actions on(const retrieval_event::refused& event, time_point now);

  // The menus (retrieval_menu.cpp): what a key means.
  actions key_in_main_menu(char key, time_point now);
  actions key_in_message(char key, time_point now);
  actions key_in_options(char key, time_point now);
  actions key_in_temporary_menu(char key, time_point now);
  actions key_in_review(char key, time_point now);
  actions key_of_entry(char key, time_point now);
  actions submit(time_point now);

  actions tell(state next, utterance said, time_point now);  // enters a state with these words
  actions ask_again(time_point now);                         // the state's own words
  utterance question() const;
  actions ask(request what, any_retrieval_action action);
  actions to_main_menu();
  actions open_folder(bool unread, time_point now);
  actions start_message(time_point now);
  actions next_message(time_point now);
  actions record_greeting(greeting_kind kind, time_point now);
  actions end_recording(time_point now);
  actions leave(utterance said, time_point now);
  mailbox_item& current() { return folder_[at_]; }

  phrasebook speak_;
  retrieval_limits limits_;
  state state_ = state::idle;
  request request_ = request::none;
  time_point began_{}, entered_{}, quiet_since_{};
  bool playing_ = false;
  bool playing_message_ = false;   // its heading is over: this is the message itself
  bool heading_ = false;           // the message follows
  bool far_end_gone_ = false;
  int reminders_ = 0;
  int wrong_pins_ = 0;
  std::string entry_, first_pin_;
  mailbox_view view_;
  std::vector<mailbox_item> folder_;
  bool folder_unread_ = false;
  std::size_t at_ = 0;
  int folder_count_ = 0;  // of all there are, loaded or not
  bool goes_on_saved_ = false;  // "message saved" is to be said before the next one
  greeting_kind greeting_ = greeting_kind::no_answer;
  std::chrono::milliseconds recorded_quiet_{0};
};

}  // namespace tollgate::voicemail
