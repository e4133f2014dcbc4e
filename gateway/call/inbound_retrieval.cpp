// SPDX-License-Identifier: Apache-2.0
// The owner at a telephone: carries out what voicemail::retrieval decides.
#include <spdlog/spdlog.h>

#include <boost/uuid/uuid_io.hpp>

#include "gateway/call/call_id.hpp"
#include "gateway/call/inbound_call.hpp"
#include "pstn/media/audio_file.hpp"
#include "voicemail/mailbox_view.hpp"
#include "voicemail/pin.hpp"

namespace tollgate::gateway::call {

namespace act = voicemail::retrieval_action;
namespace told = voicemail::retrieval_event;
namespace media = pstn::media;
namespace sip = pstn::sip;
using boost::asio::awaitable;
using voicemail::any_retrieval_event;
using voicemail::retrieval_refusal;

awaitable<void> inbound_call::retrieve() {
  facts_.state = "mailbox";
  spdlog::info("event=mailbox_entered call_id={}", facts_.overlay_call);
  voicemail::retrieval machine(environment_.prompts.of(spoken_).spoken());
  auto first = machine.begin(environment_.time.steady());
  co_await carry_out(machine, std::move(first));
  while (!machine.finished()) {
    const auto deadline = machine.next_deadline().value_or(environment_.time.steady() + std::chrono::minutes(10));
    const auto event = co_await inbox_.next(deadline);
    const auto happened = event ? to_retrieval_event(*event) : any_retrieval_event(told::deadline_passed{});
    if (!happened) continue;
    auto actions = machine.handle(*happened, environment_.time.steady());
    co_await carry_out(machine, std::move(actions));
  }
}

std::optional<any_retrieval_event> inbound_call::to_retrieval_event(const call_event& event) {
  // Hang-ups and digits are the same for both machines.
  const auto same = to_deposit_event(event);
  if (!same) return std::nullopt;
  if (const auto* one = std::get_if<voicemail::digit_pressed>(&*same)) return told::key_pressed{one->digit};
  if (const auto* one = std::get_if<voicemail::sound_heard>(&*same))
    return told::sound_heard{one->duration, one->level_dbov};
  if (std::holds_alternative<voicemail::prompt_finished>(*same)) return told::playback_finished{};
  if (std::holds_alternative<voicemail::far_end_hung_up>(*same)) return told::far_end_hung_up{};
  return std::nullopt;
}

awaitable<void> inbound_call::carry_out(voicemail::retrieval& machine, voicemail::retrieval::actions actions) {
  for (const auto& one : actions) {
    const auto answer = co_await carry_out_one(one);
    if (!answer) continue;
    auto next = machine.handle(*answer, environment_.time.steady());
    co_await carry_out(machine, std::move(next));
  }
}

awaitable<std::optional<any_retrieval_event>> inbound_call::carry_out_one(const voicemail::any_retrieval_action& action) {
  if (auto change = change_of(action)) co_return co_await change_box(std::move(change));
  if (const auto* message = std::get_if<act::play_message>(&action)) co_return co_await play_message(message->message_id);
  if (const auto* entered = std::get_if<act::check_pin>(&action)) co_return co_await check_pin(entered->pin);
  if (const auto* wished = std::get_if<act::change_pin>(&action)) co_return co_await change_pin(wished->pin);
  if (std::holds_alternative<act::list_messages>(action)) co_return co_await list_messages();
  if (const auto* wanted = std::get_if<act::list_more>(&action)) 
    co_return co_await list_more(wanted->unread, wanted->after, wanted->after_urgent);
  if (const auto* sent = std::get_if<act::forward>(&action))
    co_return co_await forward_message(sent->message_id, sent->digits);
  if (std::holds_alternative<act::start_recording>(action)) start_recording(voicemail::greeting_longest);
  if (std::holds_alternative<act::stop_recording>(action)) co_await stop_recording();
  carry_out_at_once(action);
  co_return std::nullopt;
}

// What needs no waiting.
void inbound_call::carry_out_at_once(const voicemail::any_retrieval_action& action) {
  if (const auto* words = std::get_if<act::say>(&action)) say(words->said);
  if (std::holds_alternative<act::play_recording>(action)) tell_recording();
  if (std::holds_alternative<act::stop_playing>(action)) media_->stop_playing(media::side::trunk);
  if (std::holds_alternative<act::discard_recording>(action)) recorded_ = {};
  if (std::holds_alternative<act::hang_up>(action)) environment_.sip.hang_up(dialog_, 16, "");
  if (std::holds_alternative<act::release>(action)) {
    if (bye_waits_) environment_.sip.confirm_bye(dialog_);
    bye_waits_ = false;
  }
}

// What an action changes in the mailbox; empty: nothing.
inbound_call::box_change inbound_call::change_of(const voicemail::any_retrieval_action& action) const {
  const auto account = owner_->account_id;
  const auto now = environment_.time.wall();
  if (const auto* heard = std::get_if<act::mark_saved>(&action))
    return [account, id = heard->message_id](pqxx::work& tx) {
      return voicemail::mark_message(tx, account, id, voicemail::message_state::saved);
    };
  if (const auto* unwanted = std::get_if<act::erase>(&action))
    return [account, now, id = unwanted->message_id](pqxx::work& tx) {
      return voicemail::delete_message(tx, account, id, now);
    };
  if (const auto* wanted = std::get_if<act::restore>(&action))
    return [account, now, id = wanted->message_id](pqxx::work& tx) {
      return voicemail::restore_message(tx, account, id, now);
    };
  if (const auto* greeting = std::get_if<act::remove_greeting>(&action))
    return [account, kind = greeting->kind](pqxx::work& tx) { return voicemail::remove_greeting(tx, account, kind); };
  if (const auto* greeting = std::get_if<act::keep_greeting>(&action))
    return [account, now, kind = greeting->kind, kept = recorded_,
            &keys = environment_.settings.audio_keys](pqxx::work& tx) -> boost::system::result<void> {
      if (!kept.audio || kept.audio->empty()) return voicemail::make_error_code(voicemail::error::greeting_unknown);
      voicemail::keep_greeting(tx, account, kind, *kept.audio, kept.duration, now, keys);
      return {};
    };
  return {};
}

awaitable<std::optional<any_retrieval_event>> inbound_call::play_message(uuid message_id) {
  const auto work = [&](pqxx::work& tx) {
    return voicemail::fetch_whole_audio(tx, owner_->account_id, message_id, environment_.settings.audio_keys);
  };
  auto audio = co_await environment_.database.run(work, {.idempotent = true, .subject = db::of_call(facts_.call_id)});
  if (audio) {
    const auto source = media::make_opus_source(std::make_shared<const std::vector<std::byte>>(std::move(*audio)));
    if (source) {
      tell(*source);
      co_return std::nullopt;
    }
  }
  spdlog::error("event=message_unplayable call_id={} message={}", facts_.overlay_call, boost::uuids::to_string(message_id));
  co_return told::refused{retrieval_refusal::unavailable};
}

awaitable<any_retrieval_event> inbound_call::check_pin(std::string pin) {
  const auto account = owner_->account_id;
  const auto now = environment_.time.wall();
  const auto begin = [&](pqxx::work& tx) { return voicemail::begin_pin(tx, account, now); };
  const auto attempt = co_await environment_.database.run(begin, {.subject = db::of_call(facts_.call_id)});
  if (!attempt) co_return told::refused{retrieval_refusal::unavailable};
  if (attempt->locked) co_return told::pin_checked{voicemail::pin_verdict::locked};
  const auto right = co_await environment_.hasher.verify(attempt->hash, voicemail::pin_secret(account, pin));
  if (!right) co_return told::refused{retrieval_refusal::unavailable};
  const auto note = [&](pqxx::work& tx) {
    if (*right) voicemail::forgive_pin(tx, account);
    return !*right && voicemail::report_wrong_pin(tx, account, now);
  };
  const auto locked = co_await environment_.database.run(note, {.idempotent = true, .subject = db::of_call(facts_.call_id)});
  spdlog::info("event=mailbox_pin call_id={} right={} locked={}", facts_.overlay_call, *right, locked && *locked);
  if (!*right) co_return told::pin_checked{voicemail::pin_verdict::wrong};
  co_return told::pin_checked{voicemail::pin_verdict::right};
}

awaitable<any_retrieval_event> inbound_call::list_messages() {
  const auto now = environment_.time.wall();
  const auto work = [&](pqxx::work& tx) { return voicemail::view_mailbox(tx, owner_->account_id, now); };
  auto view = co_await environment_.database.run(work, {.idempotent = true, .subject = db::of_call(facts_.call_id)});
  if (!view) co_return told::refused{retrieval_refusal::unavailable};
  told::listed answer{std::move(*view)};
  co_return answer;
}

awaitable<any_retrieval_event> inbound_call::list_more(bool unread, uuid after, bool after_urgent) {
  const auto now = environment_.time.wall();
  const auto work = [&](pqxx::work& tx) {
    return voicemail::view_more(tx, owner_->account_id, now, unread, after, after_urgent);
  };
  auto items = co_await environment_.database.run(work, {.idempotent = true, .subject = db::of_call(facts_.call_id)});
  if (!items) co_return told::refused{retrieval_refusal::unavailable};
  told::listed_more answer{std::move(*items)};
  co_return answer;
}

awaitable<any_retrieval_event> inbound_call::forward_message(uuid message_id, std::string digits) {
  const auto now = environment_.time.wall();
  const auto copy = make_call_id(now);
  std::vector<pstn::phone_number> candidates;
  if (const auto whole = pstn::phone_number::parse("+" + digits)) candidates.push_back(*whole);
  if (const auto dialled = pstn::number::interpret(digits, region_, environment_.settings.dial_policy))
    candidates.push_back(dialled->number);
  const auto work = [&](pqxx::work& tx) -> boost::system::result<uuid> {
    for (const auto& to : candidates) {
      const auto sent = voicemail::forward_message(tx, owner_->account_id, message_id, to, copy, now,
                                                   environment_.settings.audio_keys, environment_.settings.mailbox);
      if (sent || sent.error() != voicemail::error::number_unknown) return sent;
    }
    return voicemail::make_error_code(voicemail::error::number_unknown);
  };
  const auto sent = co_await environment_.database.run(work, {.idempotent = true, .subject = db::of_call(facts_.call_id)});
  if (sent) co_return told::done{};
  if (sent.error() == voicemail::error::number_unknown) co_return told::refused{retrieval_refusal::mailbox_unknown};
  if (sent.error() == voicemail::error::mailbox_full) co_return told::refused{retrieval_refusal::mailbox_full};
  co_return told::refused{retrieval_refusal::unavailable};
}

awaitable<any_retrieval_event> inbound_call::change_pin(std::string pin) {
  const auto account = owner_->account_id;
  const auto read = [&](pqxx::work& tx) { return voicemail::numbers_of(tx, account); };
  const auto numbers = co_await environment_.database.run(read, {.idempotent = true, .subject = db::of_call(facts_.call_id)});
  if (!numbers) co_return told::refused{retrieval_refusal::unavailable};
  if (!voicemail::suitable_pin(pin, *numbers)) co_return told::refused{retrieval_refusal::pin_unsuitable};
  const auto hash = co_await environment_.hasher.hash(voicemail::pin_secret(account, pin));
  if (!hash) co_return told::refused{retrieval_refusal::unavailable};
  const auto now = environment_.time.wall();
  const auto store = [&](pqxx::work& tx) {
    voicemail::set_pin(tx, account, *hash, voicemail::pin_setter::telephone, now);
  };
  const auto stored = co_await environment_.database.run(store, {.idempotent = true, .subject = db::of_call(facts_.call_id)});
  if (!stored) co_return told::refused{retrieval_refusal::unavailable};
  co_return told::done{};
}

awaitable<any_retrieval_event> inbound_call::change_box(box_change change) {
  const auto done = co_await environment_.database.run(change, {.idempotent = true, .subject = db::of_call(facts_.call_id)});
  if (!done) co_return told::refused{retrieval_refusal::unavailable};
  co_return told::done{};
}

}  // namespace tollgate::gateway::call
