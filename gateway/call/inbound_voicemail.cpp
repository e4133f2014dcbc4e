// SPDX-License-Identifier: Apache-2.0
// The mailbox half of an inbound call: carries out what voicemail::deposit decides. The message is durable
// before the caller's BYE is answered.
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "gateway/call/call_id.hpp"
#include "gateway/call/inbound_call.hpp"

namespace tollgate::gateway::call {

namespace media = pstn::media;
namespace sip = pstn::sip;
using voicemail::deposit_action;

boost::asio::awaitable<void> inbound_call::voicemail() {
  if (!owner_->voicemail_enabled) {
    environment_.sip.reject(dialog_, 480, "Temporarily Unavailable", 19);
    end(party::callee, "no_answer", "Nobody answered.", 480, 19);
    co_return;
  }
  enum class mailbox { full, open };
  const auto work = [this](pqxx::work& tx) {
    const auto& settings = environment_.settings;
    return voicemail::has_room(tx, owner_->account_id, settings.deposit.shortest, settings.mailbox)
               ? mailbox::open
               : mailbox::full;
  };
  const auto state = co_await environment_.database.run(work, {.idempotent = true});
  record_.direction = billing::call_direction::voicemail;
  answer_trunk();
  facts_.state = "voicemail";
  voicemail::deposit machine(environment_.settings.deposit);
  // With the database away the message will go to the spool: there is room.
  co_await perform(machine, machine.begin(!state || *state == mailbox::open, environment_.time.steady()));
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
  if (bye_waits_) environment_.sip.confirm_bye(dialog_);
  end(party::gateway, "normal", "The message was taken.", 200, 16);
}

std::optional<voicemail::deposit_event> inbound_call::to_deposit_event(const call_event& event) {
  if (const auto* message = std::get_if<media_message>(&event)) {
    if (const auto* one = std::get_if<media_event::digit>(message))
      return voicemail::digit_pressed{one->digit};
    if (std::holds_alternative<media_event::playback_finished>(*message)) return voicemail::prompt_finished{};
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
  if (std::holds_alternative<sip::ended>(*any) || std::holds_alternative<sip::cancelled>(*any)) {
    end(party::caller, "network_failure", "The telephone side was cut off.", 200, 41);
    return voicemail::far_end_hung_up{};
  }
  if (const auto* one = std::get_if<sip::info_dtmf>(any)) return voicemail::digit_pressed{one->digit};
  if (const auto* one = std::get_if<sip::acknowledged>(any)) connect_offered_trunk(one->sdp);
  if (const auto* one = std::get_if<sip::reinvite>(any)) answer_reinvite(*trunk_, *one);
  return std::nullopt;
}

boost::asio::awaitable<void> inbound_call::perform(voicemail::deposit& machine,
                                                   voicemail::deposit::actions actions) {
  const auto say = [this](voicemail::prompt which) {
    media_->play(media::side::trunk, environment_.prompts.source(which), media::play_mode::replace);
  };
  for (const auto one : actions) {
    switch (one) {
      case deposit_action::play_greeting:
        say(voicemail::prompt::greeting);
        break;
      case deposit_action::play_beep:
        say(voicemail::prompt::beep);
        break;
      case deposit_action::play_saved:
        say(voicemail::prompt::saved);
        break;
      case deposit_action::play_full:
        say(voicemail::prompt::mailbox_full);
        break;
      case deposit_action::play_failed:
        say(voicemail::prompt::failed);
        break;
      case deposit_action::stop_prompt:
        media_->stop_playing(media::side::trunk);
        break;
      case deposit_action::start_recording:
        start_recording();
        break;
      case deposit_action::stop_recording:
        co_await stop_recording();
        break;
      case deposit_action::store_message: {
        const auto stored = co_await store_message();
        co_await perform(machine, machine.handle(stored, environment_.time.steady()));
        break;
      }
      case deposit_action::discard_message:
        recorder_.reset();
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

void inbound_call::start_recording() {
  auto tell = [weak = weak_from_this(), executor = environment_.executor](media_event::sound sound) {
    boost::asio::post(executor, [weak, sound] {
      if (const auto self = weak.lock()) self->deliver(media_message(sound));
    });
  };
  recorder_ = std::make_shared<metered_recorder>(environment_.settings.deposit.longest, std::move(tell));
  media_->record(media::side::trunk, recorder_);
}

boost::asio::awaitable<void> inbound_call::stop_recording() {
  const auto stopped = std::make_shared<inbox<bool>>(environment_.executor);
  media_->stop_recording(media::side::trunk, [stopped] { stopped->post(true); });
  const auto done = co_await stopped->next(environment_.time.steady() + std::chrono::seconds(5));
  recorder_stalled_ = !done;
}

boost::asio::awaitable<voicemail::deposit_event> inbound_call::store_message() {
  if (recorder_stalled_) {
    spdlog::critical("event=voicemail_lost call={} reason=\"the media worker does not answer\"",
                     facts_.overlay_call);
    co_return voicemail::message_refused{false};
  }
  recorded_message message{};
  message.facts.message_id = make_call_id(environment_.time.wall());
  message.facts.account_id = owner_->account_id;
  message.facts.call_id = facts_.call_id;
  message.facts.caller = facts_.caller;
  message.facts.called = facts_.callee;
  message.facts.received_at = environment_.time.wall();
  message.facts.duration = recorder_->duration();
  message.facts.level_dbov = recorder_->level_dbov();
  message.audio = recorder_->finish();
  recorder_.reset();
  const auto outcome = co_await environment_.messages.keep(message);
  spdlog::info("event=voicemail_deposited call={} kept={} duration_ms={}", facts_.overlay_call,
               outcome == message_desk::outcome::kept, message.facts.duration.count());
  if (outcome != message_desk::outcome::kept)
    co_return voicemail::message_refused{outcome == message_desk::outcome::mailbox_full};
  environment_.notify_mailbox(facts_.account_id);
  co_return voicemail::message_committed{};
}

}  // namespace tollgate::gateway::call
