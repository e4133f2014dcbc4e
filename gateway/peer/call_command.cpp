// SPDX-License-Identifier: Apache-2.0
// call and answer: a phone, driven by the options, the keyboard and Ctrl-C.
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "gateway/peer/commands.hpp"
#include "gateway/peer/error.hpp"
#include "gateway/peer/keyboard.hpp"
#include "gateway/peer/phone.hpp"
#include "gateway/peer/refusal.hpp"

namespace tollgate::gateway::peer {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds reconnect_pause{2};

/// The first SIGINT or SIGTERM calls `interrupt`, the second ends the process at once.
class interruption {
 public:
  interruption(const boost::asio::any_io_executor& executor, std::function<void()> interrupt)
      : signals_(executor, SIGINT, SIGTERM) {
    signals_.async_wait(
        [this, interrupt = std::move(interrupt)](const boost::system::error_code& failure, int) {
          if (failure) return;
          signals_.clear();  // back to the default: a second Ctrl-C does not wait
          interrupt();
        });
  }

 private:
  boost::asio::signal_set signals_;
};

void on_key(phone& telephone, char key) {
  const bool digit = (key >= '0' && key <= '9') || key == '*' || key == '#';
  if (digit) telephone.press(key);
  if (key == 'a' || key == 'e') telephone.take_second(key == 'e');
  if (key == 'r') telephone.refuse_second();
  if (key == 's') telephone.swap();
}

/// Connects again and again; nothing when that was successful.
boost::asio::awaitable<std::optional<exit_code>> reconnect(phone& telephone, output& out,
                                                           std::optional<phone::time_point> give_up_at) {
  out.report("disconnected", {{"code", telephone.lost()->code}, {"text", telephone.lost()->text}},
             "The connection to the gateway was lost; trying again.");
  // Another command of the same device has taken this one's place: it is to do first what it was begun for.
  if (telephone.lost()->code == "replaced") co_await telephone.changed(clock::now() + reconnect_pause);
  while (!telephone.interrupted()) {
    const auto opened = co_await telephone.open();
    if (opened) co_return std::nullopt;
    const exit_code code = exit_code_of(opened.error(), exit_code::cannot_connect);
    const bool too_late = give_up_at && clock::now() + reconnect_pause >= *give_up_at;
    if (code == exit_code::login_refused || too_late) co_return report_refusal(out, opened.error(), code);
    co_await telephone.changed(clock::now() + reconnect_pause);
  }
  co_return exit_code::ok;
}

boost::asio::awaitable<exit_code> wait_for_calls(phone& telephone, output& out,
                                                 const answer_command& command) {
  auto waiting_since = clock::now();
  std::uint32_t ended = 0;
  for (;;) {
    if (telephone.calls_ended() != ended) waiting_since = clock::now();
    ended = telephone.calls_ended();
    if (!telephone.busy()) {
      if (telephone.interrupted()) co_return exit_code::ok;
      if (command.count != 0 && ended >= command.count) co_return telephone.last_outcome().code;
      if (command.await_voicemail && telephone.voicemail_announced()) co_return exit_code::ok;
    }
    std::optional<phone::time_point> give_up_at;
    if (command.wait && !telephone.busy()) give_up_at = waiting_since + *command.wait;
    if (give_up_at && clock::now() >= *give_up_at) {
      out.report("nothing_came", {{"exit_code", static_cast<int>(exit_code::call_refused)}},
                 "Nothing came in time.");
      co_return exit_code::call_refused;
    }
    if (telephone.lost()) {
      const auto failed = co_await reconnect(telephone, out, give_up_at);
      if (failed) co_return *failed;
    } else {
      co_await telephone.changed(give_up_at);
    }
  }
}

/// What both commands need: sound, phone, Ctrl-C and keyboard. prepare() comes first.
class telephone_set {
 public:
  telephone_set(const command_context& context, const account_state& account, const sound_options& sounds,
                std::optional<taking_policy> taking)
      : context_(context), account_(account), sounds_(sounds), taking_(taking) {}

  /// Reads the file to play and tries the recording before there is a call to lose; nothing when all is well,
  /// otherwise the code to end with.
  std::optional<exit_code> prepare() {
    auto loaded = sound::load(sounds_.play);
    if (!loaded) return report_failure(context_.out, loaded.error(), exit_code::usage);
    const auto recorder = start_recording(sounds_.record);
    if (!recorder) return report_failure(context_.out, recorder.error(), exit_code::usage);
    if (*recorder) (*recorder)->close();
    to_play_ = std::move(*loaded);
    phone_ = std::make_unique<phone>(context_.executor, context_.out, account_,
                                     client_options_of(context_.line, account_.authority_pem), sounds_,
                                     to_play_, taking_);
    return std::nullopt;
  }

  phone& telephone() { return *phone_; }

  /// From now on Ctrl-C hangs up, and keys are digits.
  void listen_to_user() {
    signals_.emplace(context_.executor, [this] { phone_->interrupt(); });
    if (!context_.line.json) keys_.emplace(context_.executor, [this](char key) { on_key(*phone_, key); });
  }

  void release_keyboard() { keys_.reset(); }

 private:
  const command_context& context_;
  const account_state& account_;
  const sound_options& sounds_;
  std::optional<taking_policy> taking_;
  sound to_play_;
  std::unique_ptr<phone> phone_;
  std::optional<interruption> signals_;
  std::optional<keyboard> keys_;
};

}  // namespace

boost::asio::awaitable<exit_code> run_call(const command_context& context, const account_state& account,
                                           const call_command& command) {
  const auto set = std::make_unique<telephone_set>(context, account, command.sound, std::nullopt);
  if (const auto code = set->prepare()) co_return *code;
  phone& telephone = set->telephone();
  const auto opened = co_await telephone.open();
  if (!opened) co_return report_refusal(context.out, opened.error(), exit_code::login_refused);
  const auto credit = co_await telephone.client().request("balance", boost::json::object());
  set->listen_to_user();
  telephone.place(command.number, credit ? *credit : boost::json::object());
  while (telephone.busy())
    co_await telephone.changed(std::nullopt);
  set->release_keyboard();
  co_await telephone.close();
  co_return telephone.last_outcome().code;
}

boost::asio::awaitable<exit_code> run_answer(const command_context& context, const account_state& account,
                                             const answer_command& command) {
  const auto set = std::make_unique<telephone_set>(context, account, command.sound,
                                                   taking_policy{.ring_for = command.ring_for,
                                                                 .reject = command.reject,
                                                                 .second = command.second.value_or(second_call::refuse)});
  if (const auto code = set->prepare()) co_return *code;
  phone& telephone = set->telephone();
  set->listen_to_user();
  const auto opened = co_await telephone.open();
  if (!opened) co_return report_refusal(context.out, opened.error(), exit_code::login_refused);
  const boost::json::object fields{{"name", account.identity.name}};
  context.out.report("waiting", fields, "Waiting for calls; Ctrl-C ends.");
  const exit_code code = co_await wait_for_calls(telephone, context.out, command);
  set->release_keyboard();
  co_await telephone.close();
  co_return code;
}

}  // namespace tollgate::gateway::peer
