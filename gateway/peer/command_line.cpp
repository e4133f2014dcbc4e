// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/command_line.hpp"

#include <CLI/CLI.hpp>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

namespace tollgate::gateway::peer {

namespace {

using std::chrono::milliseconds;

/// Seconds as a person writes them ("1.5"); a day is the most that makes sense for a call.
struct seconds_option {
  double value = 0;
  bool given() const { return value > 0; }
  milliseconds duration() const { return milliseconds(std::llround(value * 1000.0)); }
};

CLI::Option* add_seconds(CLI::App& app, const std::string& name, seconds_option& into,
                         const std::string& help) {
  return app.add_option(name, into.value, help)->check(CLI::Range(0.0, 86'400.0))->type_name("SECONDS");
}

std::string default_state_directory() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0')
    return (std::filesystem::path(state) / "tollgate-peer").string();
  const char* home = std::getenv("HOME");
  return (std::filesystem::path(home == nullptr ? "." : home) / ".local/state/tollgate-peer").string();
}

/// The options that `call` and `answer` share.
struct sound_arguments {
  sound_options sound;
  seconds_option dtmf_after{1.0};
  seconds_option duration;
  bool from_media = false;
  bool from_answer = false;

  void add_to(CLI::App& app) {
    app.add_option("--play", sound.play,
                   "WAV or Ogg Opus file to play, or tone[:FREQUENCY_HZ]; silence otherwise")
        ->type_name("FILE");
    app.add_flag("--play-from-answer", from_answer, "start playing at the answer (default)");
    app.add_flag("--play-from-media", from_media, "start playing as soon as media is up")
        ->excludes("--play-from-answer");
    app.add_option("--record", sound.record, "WAV file for what is heard, from the moment media is up")
        ->type_name("FILE");
    app.add_option("--dtmf", sound.dtmf, "digits to send (0-9 * # A-D)")
        ->check([](const std::string& digits) {
          const bool good = digits.find_first_not_of("0123456789*#ABCDabcd") == std::string::npos;
          return good ? std::string() : "digits are 0-9, *, # and A-D";
        });
    add_seconds(app, "--dtmf-after", dtmf_after, "send them so long after the answer [1]");
    add_seconds(app, "--duration", duration, "hang up so long after the answer");
    app.add_flag("--hang-up", sound.hang_up_after_play, "hang up once file and digits are through");
  }

  sound_options result() const {
    sound_options made = sound;
    made.from = from_media ? play_start::media : play_start::answer;
    made.dtmf_after = dtmf_after.duration();
    if (duration.given()) made.duration = duration.duration();
    return made;
  }
};

/// Every option's storage, and which subcommand was chosen.
class grammar {
 public:
  grammar() {
    app_.require_subcommand(1);
    app_.footer(std::string(exit_code_help));
    app_.add_option("--state", line_.state_directory, "directory with device key and credential")
        ->envname("TOLLGATE_PEER_STATE")
        ->capture_default_str()
        ->type_name("DIR");
    app_.add_flag("--json", line_.json, "print one JSON object per line for every event");
    add_seconds(app_, "--connect-timeout", connect_timeout_, "longest wait for the gateway [10]");
    app_.fallthrough();
    add_login();
    add_requests();
    add_calls();
    add_voicemail();
    add_numbers();
  }

  std::variant<command_line, exit_code> parse(int argument_count, char** arguments) {
    try {
      app_.parse(argument_count, arguments);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? exit_code::ok : exit_code::usage;
    }
    line_.connect_timeout = connect_timeout_.duration();
    choose();
    return line_;
  }

 private:
  void add_login() {
    login_app_ = subcommand("login", "log in by pass-phrase and save the credential (24 hours)");
    login_app_->add_option("--gateway", login_.gateway, "the gateway, wss://host:port")->required();
    login_app_
        ->add_option("--ca", login_.authority_file, "PEM file of the authority of the gateway's certificate")
        ->required()
        ->type_name("FILE");
    login_app_->add_option("--name", login_.name, "subscriber name")->required();
    login_app_
        ->add_option("--passphrase-file", login_.passphrase_file,
                     "file whose first line is the pass-phrase; otherwise TOLLGATE_PASSPHRASE, then a prompt")
        ->type_name("FILE");
  }

  void add_requests() {
    price_app_ = subcommand("price", "what a call to a number costs");
    price_app_->add_option("number", price_.number, "telephone number, +44... or in national form")
        ->required();
    balance_app_ = subcommand("balance", "show the credit");
    voucher_app_ = subcommand("voucher", "redeem a voucher: its PIN is asked for");
    voucher_app_->add_option("--pin-file", voucher_.pin_file, "file whose first line is the PIN")->type_name("FILE");
    reactivate_app_ = subcommand("reactivate", "have credit back that has lapsed");
    calls_app_ = subcommand("calls", "list the last calls");
    calls_app_->add_option("--limit", calls_.limit, "how many")
        ->check(CLI::Range(1, 50))
        ->capture_default_str();
  }

  void add_calls() {
    call_app_ = subcommand("call", "call a telephone number; Ctrl-C hangs up, the keys 0-9 * # send DTMF");
    call_app_->add_option("number", call_.number, "telephone number, +44... or in national form")->required();
    call_sound_.add_to(*call_app_);

    answer_app_ = subcommand("answer", "wait for calls and voicemail notices; Ctrl-C ends");
    answer_sound_.add_to(*answer_app_);
    answer_app_->add_option("--count", answer_.count, "end after so many calls [0: never]");
    add_seconds(*answer_app_, "--ring-for", ring_for_, "ring so long before answering [0]");
    answer_app_->add_flag("--reject", answer_.reject, "refuse every call");
    answer_app_
        ->add_option("--second", second_,
                     "a call while one is up: refuse; hold or end the first one and take it; ask (keys: a takes it and holds the "
                     "first, e ends the first, r refuses, s goes from one to the other) [ask, or refuse with --json]")
        ->transform(CLI::CheckedTransformer(std::map<std::string, second_call>{{"refuse", second_call::refuse},
                                                                               {"hold", second_call::hold},
                                                                               {"end", second_call::end},
                                                                               {"ask", second_call::ask}}))
        ->type_name("WHAT");
    add_seconds(*answer_app_, "--wait", wait_,
                "give up with exit code 4 if no call or notice came for so long");
    answer_app_->add_flag("--await-voicemail", answer_.await_voicemail,
                          "end once new voicemail has been announced");
  }

  void add_voicemail() {
    voicemail_app_ =
        subcommand("voicemail", "list, play, mark, delete or undelete messages; own greetings; a new PIN for the telephone");
    voicemail_app_->require_subcommand(1);
    list_app_ = nested(*voicemail_app_, "list", "list the messages, the newest first; * marks new ones");
    list_app_->add_option("--state", voicemail_.state, "new, saved or deleted ones only [all but the deleted]")
        ->check(CLI::IsMember({"new", "saved", "deleted"}));
    list_app_->add_option("--limit", voicemail_.limit, "how many")->check(CLI::Range(1, 100'000))->capture_default_str();
    list_app_->add_option("--before", voicemail_.before, "those behind this message")->type_name("ID");
    play_app_ = nested(*voicemail_app_, "play", "fetch a message, save it and mark it as heard");
    play_app_->add_option("id", voicemail_.id, "message id; otherwise the newest one not yet heard");
    play_app_
        ->add_option("--output", voicemail_.output_file,
                     "file to save to: NAME.wav is decoded, else Ogg Opus as stored")
        ->type_name("FILE");
    mark_app_ = nested(*voicemail_app_, "mark", "mark a message as new or as heard");
    mark_app_->add_option("id", voicemail_.id, "message id")->required();
    mark_app_->add_option("state", voicemail_.state, "new or saved")->required()->check(CLI::IsMember({"new", "saved"}));
    delete_app_ = nested(*voicemail_app_, "delete", "delete a message");
    delete_app_->add_option("id", voicemail_.id, "message id")->required();
    undelete_app_ = nested(*voicemail_app_, "undelete", "have a message back that was deleted at most 7 days ago");
    undelete_app_->add_option("id", voicemail_.id, "message id")->required();
    pin_app_ = nested(*voicemail_app_, "pin",
                      "make a new PIN for hearing messages from any telephone, and show it this once; ends a lock");
    pin_app_->add_flag("--choose", voicemail_.choose_pin, "type one's own in place of it");
    pin_app_->add_option("--pin-file", voicemail_.pin_file, "file whose first line is one's own")->type_name("FILE");
    settings_app_ = nested(*voicemail_app_, "settings", "the language and the time by which the telephone tells messages; change them");
    settings_app_->add_option("--language", voicemail_.language, "en, es, fr, it or ru; \"\" for the operator's");
    settings_app_->add_option("--time-zone", voicemail_.time_zone, "such as Europe/London; \"\" for that of your country");
    add_greetings();
  }

  void add_numbers() {
    numbers_app_ = subcommand("numbers", "your numbers: until when they are paid for, and what is done with their callers");
    numbers_app_->require_subcommand(1);
    nested(*numbers_app_, "list", "list them");
    numbers_set_app_ = nested(*numbers_app_, "set", "change what is done with the callers of a number; without options, tell it");
    terms_app_ = nested(*numbers_app_, "terms", "what a number that is kept for you costs");
    renew_app_ = nested(*numbers_app_, "renew", "pay for the next term of a number whose term is over");
    rent_app_ = nested(*numbers_app_, "rent", "have a number back that you gave up, or take the one in place of a withdrawn one");
    for (CLI::App* const one : {numbers_set_app_, terms_app_, renew_app_, rent_app_})
      one->add_option("number", numbers_.number, "the number, +44...")->required();
    rent_app_->add_option("--months", numbers_.term_months, "how long")->check(CLI::Range(1, 120))->capture_default_str();
    rent_app_->add_option("--order", numbers_.order, "a UUID of your own: the same one again is charged once [a new one]");
    CLI::App& set = *numbers_set_app_;
    on_or_off(set, "--auto-renew", numbers_.auto_renew, "renew it by itself");
    on_or_off(set, "--voicemail", numbers_.voicemail, "callers may leave messages");
    on_or_off(set, "--do-not-disturb", numbers_.do_not_disturb, "no device rings");
    on_or_off(set, "--refuse-anonymous", numbers_.refuse_anonymous, "who withholds the number is refused");
    set.add_option("--ring", numbers_.ring_timeout_s, "seconds of ringing, 5 to 120; 0 for the operator's");
    set.add_option("--time-zone", numbers_.time_zone, "of the quiet periods, such as Europe/London; \"\" for that of your mailbox");
    set.add_option("--forward", numbers_.forward, "telephones that calls go on to, such as \"+442079460958 busy,no_answer 20\"; none");
    set.add_option("--quiet", numbers_.quiet, "when no device rings, such as \"mon,tue 22:00-07:00\"; none");
    set.add_option("--block", numbers_.block, "callers to refuse, +442079460958 or +4420*");
    set.add_option("--unblock", numbers_.unblock, "callers to refuse no longer");
  }

  static void on_or_off(CLI::App& app, const std::string& name, std::optional<bool>& into, const std::string& help) {
    app.add_option(name, into, help)
        ->transform(CLI::Transformer(std::map<std::string, bool>{{"on", true}, {"off", false}}))
        ->type_name("on|off");
  }

  void add_greetings() {
    greeting_app_ = nested(*voicemail_app_, "greeting", "what callers hear: list, set, play or delete own greetings");
    greeting_app_->require_subcommand(1);
    nested(*greeting_app_, "list", "list them");
    greeting_set_app_ = nested(*greeting_app_, "set", "put a greeting from a sound file, or from a microphone: arecord -f S16_LE "
                                                      "-r 16000 -d 20 | tollgate-peer voicemail greeting set busy -");
    greeting_play_app_ = nested(*greeting_app_, "play", "fetch a greeting and save it");
    greeting_delete_app_ = nested(*greeting_app_, "delete", "go back to the default one");
    for (CLI::App* const one : {greeting_set_app_, greeting_play_app_, greeting_delete_app_})
      one->add_option("situation", voicemail_.situation,
                      "no_answer, busy, temporary (in place of both while it is there) or name (said within the default one)")
          ->required()
          ->check(CLI::IsMember({"no_answer", "busy", "temporary", "name"}));
    greeting_set_app_->add_option("file", voicemail_.sound_file, "WAV or Ogg Opus, half a second to 55 s; - for the standard input")
        ->required()
        ->type_name("FILE");
    greeting_play_app_
        ->add_option("--output", voicemail_.output_file, "file to save to: NAME.wav is decoded, else Ogg Opus as stored")
        ->type_name("FILE");
  }

  CLI::App* subcommand(const std::string& name, const std::string& help) { return nested(app_, name, help); }

  static CLI::App* nested(CLI::App& parent, const std::string& name, const std::string& help) {
    CLI::App* made = parent.add_subcommand(name, help);
    made->footer(std::string(exit_code_help));
    return made;
  }

  void choose() {
    if (login_app_->parsed()) {
      line_.chosen = login_;
    } else if (price_app_->parsed()) {
      line_.chosen = price_;
    } else if (balance_app_->parsed()) {
      line_.chosen = balance_command{};
    } else if (voucher_app_->parsed()) {
      line_.chosen = voucher_;
    } else if (reactivate_app_->parsed()) {
      line_.chosen = reactivate_command{};
    } else if (calls_app_->parsed()) {
      line_.chosen = calls_;
    } else if (call_app_->parsed()) {
      call_.sound = call_sound_.result();
      line_.chosen = call_;
    } else if (answer_app_->parsed()) {
      answer_.sound = answer_sound_.result();
      answer_.ring_for = ring_for_.duration();
      answer_.second = second_.value_or(line_.json ? second_call::refuse : second_call::ask);
      if (wait_.given()) answer_.wait = wait_.duration();
      line_.chosen = answer_;
    } else if (numbers_app_->parsed()) {
      numbers_.operation = numbers_set_app_->parsed() ? numbers_operation::set
                           : terms_app_->parsed()     ? numbers_operation::terms
                           : renew_app_->parsed()     ? numbers_operation::renew
                           : rent_app_->parsed()      ? numbers_operation::rent
                                                      : numbers_operation::list;
      line_.chosen = numbers_;
    } else {
      voicemail_.operation = greeting_set_app_->parsed()      ? voicemail_operation::greeting_set
                             : greeting_play_app_->parsed()   ? voicemail_operation::greeting_play
                             : greeting_delete_app_->parsed() ? voicemail_operation::greeting_remove
                             : greeting_app_->parsed()        ? voicemail_operation::greeting_list
                             : settings_app_->parsed() ? voicemail_operation::settings
                             : mark_app_->parsed()     ? voicemail_operation::mark
                             : pin_app_->parsed()      ? voicemail_operation::pin
                             : delete_app_->parsed()   ? voicemail_operation::remove
                             : undelete_app_->parsed() ? voicemail_operation::restore
                             : play_app_->parsed()     ? voicemail_operation::play
                                                       : voicemail_operation::list;
      line_.chosen = voicemail_;
    }
  }

  CLI::App app_{"Reference peer of a Tollgate gateway: calls telephones, takes calls, fetches voicemail.",
                "tollgate-peer"};
  command_line line_{default_state_directory(), false, {}, {}};
  seconds_option connect_timeout_{10.0};
  login_command login_;
  price_command price_;
  voucher_command voucher_;
  calls_command calls_;
  call_command call_;
  answer_command answer_;
  voicemail_command voicemail_;
  numbers_command numbers_;
  sound_arguments call_sound_;
  sound_arguments answer_sound_;
  seconds_option ring_for_;
  std::optional<second_call> second_;
  seconds_option wait_;
  CLI::App* login_app_ = nullptr;
  CLI::App* price_app_ = nullptr;
  CLI::App* balance_app_ = nullptr;
  CLI::App* voucher_app_ = nullptr;
  CLI::App* reactivate_app_ = nullptr;
  CLI::App* calls_app_ = nullptr;
  CLI::App* call_app_ = nullptr;
  CLI::App* answer_app_ = nullptr;
  CLI::App* voicemail_app_ = nullptr;
  CLI::App* list_app_ = nullptr;
  CLI::App* play_app_ = nullptr;
  CLI::App* delete_app_ = nullptr;
  CLI::App* undelete_app_ = nullptr;
  CLI::App* mark_app_ = nullptr;
  CLI::App* pin_app_ = nullptr;
  CLI::App* settings_app_ = nullptr;
  CLI::App* numbers_app_ = nullptr;
  CLI::App* numbers_set_app_ = nullptr;
  CLI::App* terms_app_ = nullptr;
  CLI::App* renew_app_ = nullptr;
  CLI::App* rent_app_ = nullptr;
  CLI::App* greeting_app_ = nullptr;
  CLI::App* greeting_set_app_ = nullptr;
  CLI::App* greeting_play_app_ = nullptr;
  CLI::App* greeting_delete_app_ = nullptr;
};

}  // namespace

std::variant<command_line, exit_code> parse_command_line(int argument_count, char** arguments) {
  return grammar().parse(argument_count, arguments);
}

}  // namespace tollgate::gateway::peer
