// SPDX-License-Identifier: Apache-2.0
// An inbound call that no device takes goes on to the owner's telephones, one after the other. The caller
// hears them ring, their early media and then them; each leg is a forwarded_call with a charge and a CDR of
// its own.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "gateway/call/forwarded_call.hpp"
#include "gateway/call/inbound_call.hpp"
#include "gateway/logging/line.hpp"
#include "pstn/media/tone_source.hpp"
#include "pstn/number/numbering_plan.hpp"
#include "pstn/sip/uri.hpp"

namespace tollgate::gateway::call {

namespace media = pstn::media;
namespace sip = pstn::sip;
using voicemail::forward_situation;

bool inbound_call::forwards(forward_situation when) const {
  return std::any_of(forwarding_.begin(), forwarding_.end(),
                     [when](const auto& one) { return one.serves(when); });
}

// The numbers that the call has been through, its caller's among them. Nothing: it has come back to us, or
// has been redirected too often.
std::optional<std::vector<pstn::phone_number>> inbound_call::been_through() const {
  if (invite_.diversion_count >= environment_.settings.forward_hops) return std::nullopt;
  std::vector<pstn::phone_number> numbers{*called_};
  if (identity_.number) numbers.push_back(*identity_.number);
  for (const auto& one : invite_.diversions) {
    const auto number = pstn::trunk::read_number(*trunk_, sip::user_of(one.uri));
    if (!number) continue;
    if (*number == *called_) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

// To each of the telephones for this situation, until one answers.
boost::asio::awaitable<void> inbound_call::forward(forward_situation when) {
  const auto numbers = been_through();
  if (!numbers) {
    spdlog::warn("event=forward_loop call_id={} redirections={}", facts_.overlay_call, invite_.diversion_count);
    co_return;
  }
  const auto targets =
      targets_for(forwarding_, when, *numbers, environment_.registry.forwards_of(facts_.account_id));
  for (const auto& target : targets) {
    if (ending_) break;
    // Every port is taken: the mailbox needs no second one.
    if (!media_->open_trunk(media::side::overlay, trunk_family_)) co_return;
    co_await forward_to(target, when);
  }
}

boost::asio::awaitable<void> inbound_call::forward_to(const voicemail::forward_target& target,
                                                      forward_situation when) {
  forward_order order{.parent = facts_.call_id,
                      .account_id = facts_.account_id,
                      .called = *called_,
                      .target = target,
                      .why = when,
                      .caller = identity_,
                      .history = history_of(invite_, *trunk_, *called_),
                      .max_forwards = std::max(0, invite_.max_forwards - 1),  // RFC 7332 §4
                      .media = media_};
  auto tell = [weak = weak_from_this()](forward_told what) {
    if (const auto self = weak.lock()) self->deliver(std::move(what));
  };
  forward_ = std::make_shared<forwarded_call>(environment_, std::move(order), std::move(tell));
  forward_answered_ = false;
  forward_region_ = std::string(pstn::number::classify(target.number).region);
  environment_.spawn(forwarded_call::run(forward_));
  const auto begun = environment_.time.steady();
  while (forward_) {
    constexpr std::chrono::seconds settlement{30};
    const auto longest = facts_.answered.value_or(begun) + environment_.settings.credit.longest;
    const auto event = co_await inbox_.next(ending_ ? environment_.time.steady() + settlement : longest);
    if (event)
      on_forwarding(*event);
    else if (ending_)
      forward_.reset();  // its charge waits for the database: nothing here does
    else
      end_forwarded(party::gateway, "longest_duration", "The longest duration of a call was reached.", 31);
  }
  media_->connect_voice(false);
  media_->disconnect_trunk(media::side::overlay);
}

// Ends the caller's side; the leg to the telephone follows, and is waited for until it is settled.
void inbound_call::end_forwarded(party by, const std::string& reason, const std::string& text, int q850) {
  if (ending_) return;
  environment_.sip.hang_up(dialog_, q850, reason);
  const bool answered = forward_answered_;
  end(by, reason, text, answered ? 200 : 480, q850);
  if (forward_) forward_->deliver(caller_gone{});
}

void inbound_call::on_forwarding(const call_event& event) {
  if (const auto* told = std::get_if<forward_told>(&event)) {
    if (told->leg == forward_->facts().call_id) on_forward_told(*told);
    return;
  }
  if (const auto* any = std::get_if<sip::event>(&event)) return on_forwarding_sip(*any);
  if (const auto* one = std::get_if<operator_hang_up>(&event))
    return end_forwarded(party::gateway, one->reason, one->text, 31);
  const auto* message = std::get_if<media_message>(&event);
  if (!message) return;  // of devices: none takes part
  if (std::holds_alternative<media_event::silent>(*message)) forward_->deliver(*message);
  if (const auto* heard = std::get_if<media_event::heard>(message);
      heard && heard->from == media::side::overlay)
    forward_->deliver(*message);
  if (const auto* digit = std::get_if<media_event::digit>(message)) {
    if (digit->from == media::side::trunk && forward_->wants_digits_by_info())
      forward_->press_for_caller(digit->digit, digit->duration);
    if (digit->from == media::side::overlay && trunk_->dtmf == pstn::trunk::dtmf_mode::info &&
        forward_answered_)
      send_digit(*trunk_, dialog_, digit->digit, digit->duration);
  }
}

void inbound_call::on_forward_told(const forward_told& told) {
  std::visit(overloaded{
                 [this](const forward_event::rang& one) { ring_forwarded(one.early_media); },
                 [this](const forward_event::answered&) { connect_forwarded(); },
                 [this](const forward_event::digit& one) {
                   if (forward_answered_) send_digit(*trunk_, dialog_, one.digit, one.duration);
                 },
                 [this](const forward_event::over& one) {
                   if (forward_answered_)
                     end_forwarded(one.by_telephone ? party::callee : party::gateway, one.reason, one.text,
                                   one.q850);
                   else if (!ending_)
                     spdlog::info("event=forward_failed call_id={} reason={}", facts_.overlay_call, logging::text(one.reason));
                 },
                 [this](const forward_event::settled&) { forward_.reset(); },
             },
             told.what);
}

// The caller hears the telephone's network where that speaks before the answer and the caller's can take it:
// then it is in early media from now on, and hears our ringing where the next telephone has none of its own.
void inbound_call::ring_forwarded(bool early_media) {
  if (ending_) return;
  facts_.state = "ringing";
  note_ringing();
  if (early_media && trunk_remote_) {
    if (!std::exchange(early_, true)) {
      environment_.sip.send_progress(dialog_, 183, trunk_sdp_);
      media_->connect_trunk(*trunk_remote_);
    }
    media_->stop_playing(media::side::trunk);
    media_->connect_voice(true);
  } else if (early_) {
    media_->connect_voice(false);
    media_->play(media::side::trunk, media::make_tone_source(media::tone::ringback, forward_region_),
                 media::play_mode::replace);
  } else if (!std::exchange(ringing_told_, true)) {
    environment_.sip.send_progress(dialog_, 180, "");
  }
}

void inbound_call::connect_forwarded() {
  if (ending_) return;
  forward_answered_ = true;
  media_->stop_playing(media::side::trunk);
  answer_trunk();
  media_->connect_voice(true);
  media_->watch_silence(media::side::overlay, true);
  media_->watch_silence(media::side::trunk, true);
}

void inbound_call::on_forwarding_sip(const sip::event& event) {
  if (std::holds_alternative<sip::bye_received>(event)) environment_.sip.confirm_bye(dialog_);
  if (std::holds_alternative<sip::bye_received>(event) || std::holds_alternative<sip::cancelled>(event) ||
      std::holds_alternative<sip::ended>(event)) {
    if (ending_) return;
    const bool broken = std::holds_alternative<sip::ended>(event);
    const auto* bye = std::get_if<sip::bye_received>(&event);
    if (forward_answered_ && std::holds_alternative<sip::cancelled>(event))
      cancel_answered();  // it has overtaken our answer: nobody was connected
    else if (forward_answered_)
      end(party::caller, broken ? "network_failure" : "normal",
          broken ? "The telephone side was cut off." : "The other side hung up.", 200,
          broken ? 41 : (bye ? bye->q850.value_or(16) : 16));
    else
      end(party::caller, "cancelled", "The caller hung up before the answer.", 487, 16);
    if (forward_) forward_->deliver(caller_gone{});
    return;
  }
  if (const auto* ack = std::get_if<sip::acknowledged>(&event)) {
    if (!take_acknowledgement(*ack)) end_forwarded(party::gateway, "no_common_codec", no_media, 65);
  }
  if (const auto* change = std::get_if<sip::reinvite>(&event)) answer_reinvite(*trunk_, *change);
  if (const auto* digit = std::get_if<sip::info_dtmf>(&event); digit && forward_)
    forward_->press_for_caller(digit->digit, digit->duration);
}

}  // namespace tollgate::gateway::call
