// SPDX-License-Identifier: Apache-2.0
// tollgate-peer's commands and options as values. No secret is ever an argument.
#pragma once

#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gateway/peer/exit_code.hpp"

namespace tollgate::gateway::peer {

/// login: pass-phrase in, 24-hour credential out, saved in the state directory.
struct login_command {
  std::string gateway;          ///< wss://host:port
  std::string authority_file;   ///< PEM file with the authority that signed the gateway's certificate
  std::string name;             ///< the subscriber's name
  std::string passphrase_file;  ///< empty: TOLLGATE_PASSPHRASE, then a prompt
};

struct price_command {
  std::string number;
};

struct balance_command {};

struct voucher_command {
  std::string pin_file;  ///< its first line is the voucher's PIN; empty: a prompt
};

struct reactivate_command {};

struct calls_command {
  std::uint32_t limit = 20;
};

enum class play_start : std::uint8_t { answer, media };

/// What a call, placed or taken, does with sound.
struct sound_options {
  std::string play;  ///< WAV or Ogg Opus file, or "tone[:FREQUENCY_HZ]"; empty: silence
  play_start from = play_start::answer;
  std::string record;  ///< WAV file of what is heard, from the moment that media is up; empty: none
  std::string dtmf;    ///< digits to send
  std::chrono::milliseconds dtmf_after{1000};         ///< counted from the answer
  std::optional<std::chrono::milliseconds> duration;  ///< counted from the answer; then this end hangs up
  bool hang_up_after_play = false;  ///< hang up when the file has been played and the digits sent
};

/// What is done with a call that comes while one is up.
enum class second_call : std::uint8_t {
  refuse,  ///< as busy
  hold,    ///< taken after the time for ringing, the first one is held meanwhile
  end,     ///< taken after the time for ringing, the first one is hung up
  ask,     ///< rings until a key says which
};

struct call_command {
  std::string number;
  sound_options sound;
};

struct answer_command {
  sound_options sound;
  std::uint32_t count = 0;                        ///< end after so many calls; 0: never
  std::chrono::milliseconds ring_for{0};          ///< time to ring before answering
  bool reject = false;                            ///< refuse every call
  std::optional<std::chrono::milliseconds> wait;  ///< end with call_refused if nothing came for so long
  bool await_voicemail = false;                   ///< end once a voicemail notification has come
  std::optional<second_call> second;              ///< none: asked with a keyboard, else refused
};

enum class voicemail_operation : std::uint8_t {
  list,
  play,
  mark,
  remove,
  restore,
  pin,
  greeting_list,
  greeting_set,
  greeting_play,
  greeting_remove,
  settings
};

struct voicemail_command {
  voicemail_operation operation = voicemail_operation::list;
  std::string id;           ///< message to play, mark, delete or have back; for play, empty: the newest unread
  std::string state;        ///< list: "new", "saved" or "deleted" alone, empty: all but the deleted; mark: "new" or "saved"
  std::string before;       ///< list: from behind this message on; empty: from the newest
  std::uint32_t limit = 200;  ///< list: so many
  std::string output_file;  ///< play: where the message or greeting is saved; .wav is decoded, anything else gets the
                            ///< Ogg Opus bytes
  std::string situation;    ///< of a greeting: "no_answer", "busy", "temporary", "name"
  std::string sound_file;   ///< greeting_set: WAV or Ogg Opus; "-": the standard input
  bool choose_pin = false;  ///< pin: the PIN is the user's, from the file or a prompt; otherwise the gateway makes one
  std::string pin_file;     ///< pin: its first line is the PIN
  std::optional<std::string> language, time_zone;  ///< settings: what is to change; empty texts: the operator's, the country's
};

enum class numbers_operation : std::uint8_t { list, set, terms, renew, rent };

struct numbers_command {
  numbers_operation operation = numbers_operation::list;
  std::string number;
  // set: what is to change; a list in place of the one before, {"none"}: an empty one
  std::optional<bool> auto_renew, voicemail, do_not_disturb, refuse_anonymous;
  std::optional<std::uint32_t> ring_timeout_s;  ///< 0: the operator's
  std::optional<std::string> time_zone;
  std::vector<std::string> forward, quiet, block, unblock;
  std::uint32_t term_months = 3;  ///< rent
  std::string order;              ///< rent: a UUID; the same one again rents and charges once
};

using chosen_command = std::variant<login_command, price_command, balance_command, calls_command,
                                    call_command, answer_command, voicemail_command,
                                    voucher_command, reactivate_command, numbers_command>;

struct command_line {
  std::string state_directory;
  bool json = false;
  std::chrono::milliseconds connect_timeout{10'000};
  chosen_command chosen;
};

/// The command line, or, where there is nothing to run (--help, or an error, both already printed), the code
/// to end with.
std::variant<command_line, exit_code> parse_command_line(int argument_count, char** arguments);

}  // namespace tollgate::gateway::peer
