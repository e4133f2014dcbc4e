// SPDX-License-Identifier: Apache-2.0
// The mailbox half of an inbound call: carries out what voicemail::deposit decides. The message is durable
// before the caller's BYE is answered.
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "gateway/call/call_id.hpp"
#include "gateway/call/inbound_call.hpp"
#include "gateway/logging/line.hpp"
#include "pstn/media/audio_file.hpp"
#include "pstn/media/tone_source.hpp"

namespace tollgate::gateway::call {

namespace media = pstn::media;
namespace sip = pstn::sip;
using voicemail::deposit_action;

void inbound_call::tell(std::shared_ptr<media::audio_source> source) {
  told_ = std::make_shared<told_source>(std::move(source));
  media_->play(media::side::trunk, told_, media::play_mode::replace);
}

void inbound_call::say(const voicemail::utterance& said) {
  tell(environment_.prompts.of(spoken_).source(said));
}

void inbound_call::tell_recording() {
  if (recorded_.audio)
    if (const auto source = media::make_opus_source(recorded_.audio)) return tell(*source);
  say({"im-sorry"});
}

bool inbound_call::told_to_the_end() const {
  return told_ && told_->ended();
}

// What the owner has chosen. Whether a message has room; with the database away it will go to the spool:
// there is.
boost::asio::awaitable<bool> inbound_call::read_mailbox() {
  struct mailbox {
    bool room;
    std::optional<voicemail::language> spoken;
    std::map<voicemail::greeting_kind, std::shared_ptr<const std::vector<std::byte>>> greetings;
  };
  const auto work = [this](pqxx::work& tx) {
    const auto& settings = environment_.settings;
    mailbox box{voicemail::has_room(tx, owner_->account_id, settings.deposit.shortest, settings.mailbox),
                voicemail::find_settings(tx, owner_->account_id).spoken,
                {}};
    for (const auto& each : voicemail::list_greetings(tx, owner_->account_id))
      if (auto audio = voicemail::fetch_greeting(tx, owner_->account_id, each.kind, settings.audio_keys))
        box.greetings[each.kind] = std::make_shared<const std::vector<std::byte>>(std::move(*audio));
    return box;
  };
  auto box = co_await environment_.database.run(work, {.idempotent = true, .subject = db::of_call(facts_.call_id)});
  if (!box) co_return true;
  spoken_ = box->spoken;
  greetings_ = std::move(box->greetings);
  co_return box->room;
}

// The temporary greeting before that of the situation, and the spoken default, with the owner's name where
// there is one.
std::shared_ptr<media::audio_source> inbound_call::greeting() const {
  for (const auto kind : {voicemail::greeting_kind::temporary, situation_}) {
    const auto found = greetings_.find(kind);
    if (found == greetings_.end()) continue;
    if (const auto source = media::make_opus_source(found->second)) return *source;
  }
  const auto& prompts = environment_.prompts.of(spoken_);
  std::vector<std::shared_ptr<media::audio_source>> parts;
  if (const auto name = greetings_.find(voicemail::greeting_kind::name); name != greetings_.end()) {
    if (const auto source = media::make_opus_source(name->second)) {
      parts.push_back(*source);
      const bool busy = situation_ == voicemail::greeting_kind::busy;
      parts.push_back(prompts.source({busy ? "vm-isonphone" : "vm-isunavail"}));
    }
  }
  parts.push_back(prompts.source({"vm-intro"}));
  return media::make_sequence(std::move(parts));
}

boost::asio::awaitable<void> inbound_call::voicemail() {
  if (!owner_->voicemail_enabled && owner_telephone_) {
    co_await open_mailbox();
    co_return;
  }
  if (!owner_->voicemail_enabled) {
    if (unreached_ == voicemail::forward_situation::busy) {
      environment_.sip.reject(dialog_, 486, "Busy Here", 17);
      end(party::callee, "busy", "The owner is busy.", 486, 17);
    } else {
      environment_.sip.reject(dialog_, 480, "Temporarily Unavailable", 19);
      end(party::callee, "no_answer", "Nobody answered.", 480, 19);
    }
    co_return;
  }
  const bool room = co_await read_mailbox();
  // A message has less than 64 kbit/s.
  const bool kept = co_await environment_.messages.can_keep(
      static_cast<std::uint64_t>(environment_.settings.deposit.longest.count()) * 8);
  record_.direction = billing::call_direction::voicemail;
  answer_trunk();
  facts_.state = "voicemail";
  voicemail::deposit machine(environment_.settings.deposit);
  const auto now = environment_.time.steady();
  auto first = kept ? machine.begin(room, now) : machine.begin_unavailable(now);
  co_await perform(machine, std::move(first));
  while (!machine.finished()) {
    const auto deadline =
        machine.next_deadline().value_or(environment_.time.steady() + std::chrono::minutes(10));
    const auto event = co_await inbox_.next(deadline);
    if (!event) {
      co_await perform(machine, machine.handle(voicemail::deadline_passed{}, environment_.time.steady()));
    } else if (const auto told = to_deposit_event(*event)) {
      co_await perform(machine, machine.handle(*told, environment_.time.steady()));
    }
  }
  if (owner_calls_ && !ending_) co_await retrieve();
  if (bye_waits_) environment_.sip.confirm_bye(dialog_);
  end(party::gateway, "normal", owner_calls_ ? "The mailbox was heard." : "The message was taken.", 200, 16);
}

// The owner at a telephone of their own, which is asked for the PIN at once.
boost::asio::awaitable<void> inbound_call::open_mailbox() {
  co_await read_mailbox();
  record_.direction = billing::call_direction::voicemail;
  answer_trunk();
  owner_calls_ = true;
  co_await retrieve();
  if (bye_waits_) environment_.sip.confirm_bye(dialog_);
  end(party::gateway, "normal", "The mailbox was heard.", 200, 16);
}

std::optional<voicemail::deposit_event> inbound_call::to_deposit_event(const call_event& event) {
  if (const auto* message = std::get_if<media_message>(&event)) {
    if (const auto* one = std::get_if<media_event::digit>(message))
      return voicemail::digit_pressed{one->digit};
    if (std::holds_alternative<media_event::playback_finished>(*message) && told_to_the_end())
      return voicemail::prompt_finished{};
    if (const auto* one = std::get_if<media_event::sound>(message))
      return voicemail::sound_heard{one->duration, one->level_dbov};
    return std::nullopt;
  }
  if (const auto* one = std::get_if<operator_hang_up>(&event)) {
    environment_.sip.hang_up(dialog_, 31, one->reason);
    end(party::gateway, one->reason, one->text, 200, 31);
    return voicemail::far_end_hung_up{};  // what was said so far is kept
  }
  const auto* any = std::get_if<sip::event>(&event);
  if (!any) return std::nullopt;
  if (std::holds_alternative<sip::bye_received>(*any)) {
    bye_waits_ = true;
    end(party::caller, "normal", "The caller hung up.", 200, 16);
    return voicemail::far_end_hung_up{};
  }
  if (std::holds_alternative<sip::cancelled>(*any)) {
    cancel_answered();
    return voicemail::far_end_hung_up{};
  }
  if (std::holds_alternative<sip::ended>(*any)) {
    end(party::caller, "network_failure", "The telephone side was cut off.", 200, 41);
    return voicemail::far_end_hung_up{};
  }
  if (const auto* one = std::get_if<sip::info_dtmf>(any)) return voicemail::digit_pressed{one->digit};
  if (const auto* one = std::get_if<sip::acknowledged>(any)) {
    if (!take_acknowledgement(*one)) {
      end(party::gateway, "no_common_codec", no_media, 488, 65);
      return voicemail::far_end_hung_up{};
    }
  }
  if (const auto* one = std::get_if<sip::reinvite>(any)) answer_reinvite(*trunk_, *one);
  return std::nullopt;
}

boost::asio::awaitable<void> inbound_call::perform(voicemail::deposit& machine,
                                                   voicemail::deposit::actions actions) {
  for (const auto one : actions) {
    switch (one) {
      case deposit_action::play_greeting:
        tell(greeting());
        break;
      case deposit_action::play_beep:
        say({"beep"});
        break;
      case deposit_action::play_review:
        say({"vm-review", machine.urgent() ? "vm-review-nonurgent" : "vm-review-urgent"});
        break;
      case deposit_action::play_urgent:
        say({"vm-marked-urgent", "vm-review", "vm-review-nonurgent"});
        break;
      case deposit_action::play_not_urgent:
        say({"vm-marked-nonurgent", "vm-review", "vm-review-urgent"});
        break;
      case deposit_action::play_recording:
        tell_recording();
        break;
      case deposit_action::play_too_short:
        say({"vm-tooshort"});
        break;
      case deposit_action::play_nothing_kept:
        say({"vm-tooshort", "vm-goodbye"});
        break;
      case deposit_action::play_saved:
        say({"vm-msgsaved", "vm-goodbye"});
        break;
      case deposit_action::play_full:
        say({"vm-mailboxfull", "vm-goodbye"});
        break;
      case deposit_action::play_failed:
        say({"im-sorry", "vm-goodbye"});
        break;
      case deposit_action::enter_mailbox:
        owner_calls_ = true;
        break;
      case deposit_action::stop_prompt:
        media_->stop_playing(media::side::trunk);
        break;
      case deposit_action::start_recording:
        start_recording(environment_.settings.deposit.longest);
        break;
      case deposit_action::stop_recording:
        co_await stop_recording();
        break;
      case deposit_action::store_message: {
        const auto stored = co_await store_message(machine.urgent());
        co_await perform(machine, machine.handle(stored, environment_.time.steady()));
        break;
      }
      case deposit_action::discard_message:
        // By the level an operator sees that a trunk is too faint for voicemail.silence_level_dbov.
        spdlog::info("event=recording_discarded call_id={} trunk={} speech={} duration_ms={} level_dbov={:.0f}", facts_.overlay_call,
                     logging::text(trunk_->name), machine.heard_speech(), recorded_.duration.count(), recorded_.level_dbov);
        recorded_ = {};
        break;
      case deposit_action::hang_up:
        environment_.sip.hang_up(dialog_, 16, "");
        break;
      case deposit_action::release:
        if (bye_waits_) environment_.sip.confirm_bye(dialog_);
        bye_waits_ = false;
        break;
    }
  }
}

void inbound_call::start_recording(std::chrono::milliseconds longest) {
  auto tell = [weak = weak_from_this(), executor = environment_.executor](media_event::sound sound) {
    boost::asio::post(executor, [weak, sound] {
      if (const auto self = weak.lock()) self->deliver(media_message(sound));
    });
  };
  recorder_ = std::make_shared<metered_recorder>(longest, std::move(tell));
  media_->record(media::side::trunk, recorder_);
}

boost::asio::awaitable<void> inbound_call::stop_recording() {
  const auto stopped = std::make_shared<inbox<bool>>(environment_.executor);
  media_->stop_recording(media::side::trunk, [stopped] { stopped->post(true); });
  const auto done = co_await stopped->next(environment_.time.steady() + std::chrono::seconds(5));
  if (!done) {  // the worker may still be writing: what was recorded must not be touched
    spdlog::critical("event=recording_lost call_id={} reason=\"the media worker does not answer\"",
                     facts_.overlay_call);
    recorded_ = {};
    co_return;
  }
  recorded_.duration = recorder_->duration();
  recorded_.level_dbov = recorder_->level_dbov();
  recorded_.audio = std::make_shared<const std::vector<std::byte>>(recorder_->finish());
  recorder_.reset();
}

boost::asio::awaitable<voicemail::deposit_event> inbound_call::store_message(bool urgent) {
  if (!recorded_.audio || recorded_.audio->empty()) co_return voicemail::message_refused{};
  recorded_message message{};
  message.facts.message_id = make_call_id(environment_.time.wall());
  message.facts.account_id = owner_->account_id;
  message.facts.call_id = facts_.call_id;
  message.facts.caller = facts_.caller;
  message.facts.called = facts_.callee;
  message.facts.received_at = environment_.time.wall();
  message.facts.duration = recorded_.duration;
  message.facts.level_dbov = recorded_.level_dbov;
  message.facts.urgent = urgent;
  message.facts.caller_name = caller_name_;
  message.facts.caller_verdict = facts_.caller_verdict;
  message.audio = *recorded_.audio;
  recorded_ = {};
  const bool kept = co_await environment_.messages.keep(message);
  spdlog::info("event=voicemail_deposited call_id={} kept={} duration_ms={}", facts_.overlay_call, kept,
               message.facts.duration.count());
  if (!kept) co_return voicemail::message_refused{};
  co_return voicemail::message_committed{};
}

// Before the answer, so that it costs nobody anything; where the caller's network takes no early media, the status alone tells.
boost::asio::awaitable<void> inbound_call::announce(announcement what) {
  if (invite_.sdp.empty() || prepare_trunk_media()) co_return;
  environment_.sip.send_progress(dialog_, 183, trunk_sdp_);
  media_->connect_trunk(*trunk_remote_);
  const bool unavailable = what == announcement::unavailable;
  // E.180 §7: once, before the words.
  auto tone = media::cadence_of(unavailable ? media::tone::sit_no_circuit : media::tone::sit_vacant);
  tone.repeated = false;
  const voicemail::utterance said = unavailable ? voicemail::utterance{"im-sorry", "vm-goodbye"} : voicemail::utterance{"ss-noservice"};
  const auto words = environment_.prompts.of(std::nullopt).source(said);
  tell(media::make_sequence({media::make_tone_source(std::move(tone)), words}));
  constexpr std::chrono::seconds longest{20};
  const auto until = environment_.time.steady() + longest;
  while (!ending_ && !told_to_the_end()) {
    const auto event = co_await inbox_.next(until);
    if (!event) co_return;
    const auto* any = std::get_if<sip::event>(&*event);
    if (any && (std::holds_alternative<sip::cancelled>(*any) || std::holds_alternative<sip::ended>(*any)))
      end(party::caller, "cancelled", "The caller hung up before the answer.", 487, 16);
    if (const auto* one = std::get_if<operator_hang_up>(&*event)) {
      environment_.sip.hang_up(dialog_, 31, one->reason);
      end(party::gateway, one->reason, one->text, 480, 31);
    }
  }
}

}  // namespace tollgate::gateway::call
