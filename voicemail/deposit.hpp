// SPDX-License-Identifier: Apache-2.0
// The pure machine of one caller leaving one message: greeting → beep → recording → (review) → stored →
// goodbye or release. It is given what happens and when, and returns what is to be done; the call carries it
// out. Free of IO and of clocks.
//
// During the greeting # goes to the beep, * lets the owner in. While recording # ends the message and offers:
// 1 save, 2 listen, 3 record again, 4 urgent or not; who hangs up there, or presses nothing, has saved.
#pragma once

#include <chrono>
#include <optional>
#include <variant>
#include <vector>

namespace tollgate::voicemail {

struct deposit_limits {
  std::chrono::milliseconds longest{180'000};  // of a message
  std::chrono::milliseconds shortest{1'000};   // less is no message
  std::chrono::milliseconds silence{10'000};   // so much in a row ends the message
  double silence_level_dbov = -50.0;           // a tick below it is silence
  std::chrono::milliseconds prompt_longest{
      60'000};  // a prompt whose end is not reported by then counts as ended
  std::chrono::milliseconds review_pause{8'000};  // without a key in the review, and the message is saved
  int attempts = 5;                               // recordings of one call
};

// What happens. Those that do not fit the machine's state are passed over: late and doubled reports are
// harmless.
struct prompt_finished {};  // greeting, beep or last prompt has been played
struct digit_pressed {
  char digit;
};
struct sound_heard {
  std::chrono::milliseconds duration;
  double level_dbov;
};  // since the last one, while recording
struct far_end_hung_up {};
struct message_committed {};  // the answer to store_message
struct message_refused {};    // the answer to store_message: it cannot be kept
struct deadline_passed {};    // next_deadline() has come
using deposit_event = std::variant<prompt_finished, digit_pressed, sound_heard, far_end_hung_up,
                                   message_committed, message_refused, deadline_passed>;

enum class deposit_action {
  play_greeting,
  play_beep,
  start_recording,
  stop_recording,
  store_message,  // commit what was recorded, its first message_duration(); answer message_committed or
                  // message_refused
  discard_message,
  play_recording,   // what was recorded, to the caller
  play_review,      // 1 to accept, 2 to listen, 3 to record again, 4 urgent
  play_urgent,      // it is marked as urgent, then the review
  play_not_urgent,  // it is not any more, then the review
  play_too_short,   // the message is too short
  play_nothing_kept,  // the message is too short, goodbye
  enter_mailbox,    // it is the owner: ask for the PIN; this machine has ended
  play_saved,       // "message saved, goodbye"
  play_full,        // the mailbox is full
  play_failed,      // the message could not be kept
  stop_prompt,      // of whatever is playing
  hang_up,          // we end the call
  release,          // the far end has ended it and all is committed: answer its BYE
};

class deposit {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using actions = std::vector<deposit_action>;  // in the order in which they are to be carried out

  explicit deposit(deposit_limits limits = {}) : limits_{limits} {}

  // The call has been answered. With `room` false the caller hears that the mailbox is full, and no greeting.
  actions begin(bool room, time_point now);
  // The same where nothing can be kept: the caller hears that, and no greeting.
  actions begin_unavailable(time_point now);

  actions handle(const deposit_event& event, time_point now);

  // When deadline_passed is wanted, if nothing else happens before.
  std::optional<time_point> next_deadline() const;

  // How much of the recording is the message: all, without the silence that ended it.
  std::chrono::milliseconds message_duration() const { return message_duration_; }

  // What the caller said of it in the review.
  bool urgent() const { return urgent_; }

  bool finished() const { return state_ == state::finished; }
  bool recording() const { return state_ == state::recording; }

  // Whether any of the last recording was above the level of silence.
  bool heard_speech() const { return heard_speech_; }

 private:
  enum class state {
    idle,
    greeting,
    too_short,
    beep,
    recording,
    review,     // playing the choices
    listening,  // playing the message
    choice,     // waiting for a key
    storing,
    last_prompt,
    finished
  };

  actions on(const prompt_finished& event, time_point now);
  actions on(const digit_pressed& event, time_point now);
  actions on(const sound_heard& event, time_point now);
  actions on(const far_end_hung_up& event, time_point now);
  actions on(const message_committed& event, time_point now);
  actions on(const message_refused& event, time_point now);
  actions on(const deadline_passed& event, time_point now);

  void enter(state next, time_point now);
  actions start_beep(time_point now);
  actions start_recording(time_point now);
  actions end_recording(std::chrono::milliseconds trailing_silence, time_point now);
  actions end_by_key(time_point now);
  actions keep_nothing(time_point now);
  actions key_in_review(char digit, time_point now);
  actions store(time_point now);
  bool reviewing() const {
    return state_ == state::review || state_ == state::listening || state_ == state::choice;
  }
  actions say_and_leave(deposit_action prompt, time_point now);

  deposit_limits limits_;
  state state_ = state::idle;
  time_point entered_{};
  bool far_end_gone_ = false;
  bool heard_speech_ = false;
  bool urgent_ = false;
  bool shut_ = false;  // no message can be left, but the owner may still get in
  int attempts_ = 0;
  std::chrono::milliseconds quiet_{0};  // silence in a row, up to now
  std::chrono::milliseconds message_duration_{0};
};

}  // namespace tollgate::voicemail
