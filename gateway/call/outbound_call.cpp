// SPDX-License-Identifier: Apache-2.0
// What happens to a call once it is admitted: trying trunks, ringing, talking, ending. Admission is in
// outbound_admission.cpp.
#include "gateway/call/outbound_call.hpp"

#include <spdlog/spdlog.h>

#include <boost/json/object.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "gateway/call/leg_setup.hpp"
#include "gateway/call/summary.hpp"
#include "pstn/media/tone_source.hpp"
#include "pstn/trunk/outbound_invite.hpp"

namespace tollgate::gateway::call {

namespace media = pstn::media;
namespace sip = pstn::sip;

outbound_call::outbound_call(const environment& e, overlay::session_ptr device, overlay::call_offer offer)
    : call_base(e, billing::call_direction::out), device_(std::move(device)), offer_(std::move(offer)) {
  facts_.account_id = device_->account_id();
  facts_.overlay_call = offer_.call;
  facts_.callee = offer_.to;
}

boost::asio::awaitable<void> outbound_call::run(std::shared_ptr<outbound_call> self) {
  self->environment_.registry.add(self);
  try {
    co_await self->live();
  } catch (const std::exception& e) {  // its hold is settled at the last report, as after a crash
    spdlog::critical("event=call_failed call={} error=\"{}\"", boost::uuids::to_string(self->facts_.call_id),
                     e.what());
    if (self->dialog_) self->environment_.sip.hang_up(*self->dialog_, 41, "");
    self->release_trunk();
    self->media_.reset();
  }
  self->environment_.registry.remove(self->facts_.call_id);
}

boost::asio::awaitable<void> outbound_call::live() {
  auto refused = co_await admit();
  if (!refused) refused = co_await hold_credit();
  if (!refused) refused = prepare_media();
  if (refused) {
    co_await refuse(std::move(*refused));
    co_return;
  }
  co_await talk();
  co_await finish();
}

boost::asio::awaitable<void> outbound_call::talk() {
  while (const auto waiting = inbox_.take())
    perform(on(*waiting));  // the caller may have given up meanwhile
  if (machine_->current() == call_machine::state::ended) co_return;
  perform(machine_->start(environment_.time.steady()));
  device_->send_ring(offer_.call, overlay_answer_,
                     connecting_body(facts_.call_id, facts_.callee, rate_, currency_));
  while (machine_->current() != call_machine::state::ended) {
    const auto event = co_await inbox_.next(*machine_->next_deadline());
    if (event) perform(on(*event));
    perform(machine_->on_time(environment_.time.steady()));  // however many events come: credit is watched
  }
}

boost::asio::awaitable<void> outbound_call::finish() {
  facts_.state = "ending";
  facts_.holds_credit = false;
  const auto& end = machine_->outcome();
  const auto talk = machine_->talk_duration();
  if (!record_.attempts.empty()) record_.cost = costs_[in_use_];
  const bool heard = begin_farewell();
  // The trunk is free and the credit is released before the tone ends, not after.
  if (heard)
    co_await note_media();
  else
    co_await close_media();
  const auto settled = co_await settle(end, talk);
  spdlog::info("event=call_ended call={} reason={} sip_code={} talk_ms={} charged_micros={}",
               boost::uuids::to_string(facts_.call_id), end.reason, end.sip_code, talk.count(),
               settled ? settled->charged.micros : -1);
  if (heard) {
    co_await hear_farewell();
    co_await close_media();
  }
  device_->send_hangup(offer_.call, end.reason, end.text,
                       ended_summary(facts_.call_id, talk, currency_, settled, caller_.balance));
}

void outbound_call::perform(const call_actions& actions) {
  const auto perform_one = overloaded{
      [this](const action::invite_trunk& one) { invite_trunk(one.index); },
      [this](const action::drop_trunk& one) { drop_trunk(one.q850); },
      [this](const action::tell_ringing& one) { tell_ringing(one.early_media); },
      [this](const action::connect&) { connect(); },
      [this](const action::extend& one) {
        environment_.spawn(extend(std::static_pointer_cast<outbound_call>(shared_from_this()), one));
      },
      [this](const action::warn& one) { warn(one.left); },
      [](const action::finish&) {},  // talk() sees the machine's state
  };
  for (const auto& any : actions)
    std::visit(perform_one, any);
}

void outbound_call::invite_trunk(std::size_t index) {
  const auto& trunk = route_[index];
  if (number_ && !environment_.trunks.has_room(trunk)) {  // filled since the route was made
    perform(machine_->on_trunk_failed(503, 34, environment_.time.steady()));
    return;
  }
  in_use_ = index;
  attempt_delay_.reset();
  facts_.trunk = trunk->name;
  facts_.state = "trying";
  trunk_offer_ = sip::make_offer(local_media(*trunk));
  trunk_media_.clear();
  dialog_ = environment_.sip.next_call_key();
  environment_.registry.bind(*dialog_, facts_.call_id);
  environment_.trunks.call_started(trunk);
  record_.attempts.push_back({trunk->name, 0, "", environment_.time.wall()});
  const pstn::trunk::caller_identity caller{caller_.presentation, "", false};
  const auto& host = environment_.settings.sip_domain;
  auto request = number_ ? pstn::trunk::make_invite(*trunk, *number_, caller, host)
                         : pstn::trunk::make_emergency_invite(*trunk, facts_.callee, caller, host);
  request.sdp = trunk_offer_;
  invited_at_ = environment_.time.steady();
  environment_.sip.send_invite(*dialog_, std::move(request));
}

void outbound_call::drop_trunk(int q850) {
  if (!dialog_) return;
  environment_.registry.release(*dialog_);
  environment_.sip.hang_up(*dialog_, q850, machine_->outcome().reason);
  if (record_.attempts.back().sip_code == 0) note_attempt(q850 == 102 ? 408 : 487, "dropped");
  if (q850 == 102) note_outcome(408);
  release_trunk();
}

void outbound_call::release_trunk() {
  if (!dialog_) return;
  environment_.registry.release(*dialog_);
  environment_.trunks.call_ended(trunk_in_use());
  dialog_.reset();
}

void outbound_call::note_attempt(int sip_code, const std::string& reason) {
  auto& attempt = record_.attempts.back();
  attempt.sip_code = sip_code;
  attempt.reason = reason;
}

void outbound_call::tell_ringing(bool early_media) {
  const bool first = facts_.state != "ringing";
  facts_.state = "ringing";
  note_ringing();
  if (first) note_post_dial_delay();
  if (!first && early_media == early_media_) return;
  early_media_ = early_media;
  if (early_media)
    media_->stop_playing(media::side::overlay);
  else
    media_->play(media::side::overlay, media::make_tone_source(media::tone::ringback, callee_region_),
                 media::play_mode::replace);
  media_->connect_voice(early_media);
  device_->send_ring(offer_.call, "", ringing_body(early_media));
}

void outbound_call::connect() {
  note_answered();
  note_post_dial_delay();
  note_attempt(200, "OK");
  note_outcome(200);
  media_->stop_playing(media::side::overlay);
  media_->connect_voice(true);
  media_->watch_silence(media::side::overlay, true);
  media_->watch_silence(media::side::trunk, true);
  const auto& credit = machine_->credit();
  std::optional<std::chrono::seconds> granted;
  if (credit.limited_by_credit()) granted = credit.granted_duration();
  device_->send_answer(offer_.call, "", answered_body(rate_, currency_, granted, caller_.balance));
  if (facts_.holds_credit)
    environment_.spawn(report_answer(std::static_pointer_cast<outbound_call>(shared_from_this())));
  spdlog::info("event=call_answered call={} trunk={}", boost::uuids::to_string(facts_.call_id), facts_.trunk);
}

void outbound_call::note_post_dial_delay() {
  if (!invited_at_) return;
  const auto delay =
      std::chrono::duration_cast<std::chrono::milliseconds>(environment_.time.steady() - *invited_at_);
  if (!attempt_delay_) attempt_delay_ = delay;
  if (!record_.post_dial_delay) record_.post_dial_delay = delay;
}

void outbound_call::note_outcome(int sip_code) {
  environment_.trunks.attempt_done(trunk_in_use(), {sip_code, attempt_delay_});
}

void outbound_call::warn(std::chrono::seconds left) {
  media_->play(media::side::overlay, media::make_tone_source(media::tone::warning), media::play_mode::mix);
  device_->send_event("low_credit", {{"seconds_left", left.count()}}, offer_.call);
}

// From now on a crash of this gateway leaves an answered call in the ledger.
boost::asio::awaitable<void> outbound_call::report_answer(std::shared_ptr<outbound_call> self) {
  const billing::usage call{self->facts_.account_id, self->facts_.call_id, std::chrono::seconds(1)};
  const auto work = [&](pqxx::transaction_base& tx) {
    const auto& settings = self->environment_.settings;
    return billing::report_usage(tx, settings.instance, std::span(&call, 1), settings.hold_lease);
  };
  co_await self->environment_.database.step(work);
}

boost::asio::awaitable<void> outbound_call::extend(std::shared_ptr<outbound_call> self, action::extend more) {
  billing::extend_request request;
  request.account_id = self->facts_.account_id;
  request.call_id = self->facts_.call_id;
  request.request_number = more.request;
  request.used = more.used;
  request.more = more.more;
  request.lease = self->environment_.settings.hold_lease;
  const bool guarded = self->environment_.settings.fraud_limits;
  const auto work = [&request, guarded](pqxx::transaction_base& tx) {
    return guarded ? billing::extend_guarded_hold(tx, request) : billing::extend_hold(tx, request);
  };
  const auto answer = co_await self->environment_.database.step(work);
  self->deliver(answer ? credit_extended{*answer} : credit_extended{});
}

call_actions outbound_call::on(const call_event& event) {
  const auto now = environment_.time.steady();
  if (const auto* one = std::get_if<sip::event>(&event)) return on_sip(*one);
  if (const auto* one = std::get_if<media_message>(&event)) return on_media(*one);
  if (std::holds_alternative<peer_event::hung_up>(event)) return machine_->on_caller_hung_up(now);
  if (const auto* one = std::get_if<peer_event::digit>(&event))
    if (dialog_) send_digit(*trunk_in_use(), *dialog_, one->digit, one->duration);
  if (const auto* one = std::get_if<peer_event::restarted>(&event)) on_restart(*one);
  if (const auto* one = std::get_if<peer_event::reattached>(&event))
    if (one->device->device() == device_->device()) {
      const std::string unanswered = device_->unanswered_offer(offer_.call);
      device_ = one->device;
      device_->resume_begun(offer_.call, offer_.to, unanswered);
    }
  if (const auto* one = std::get_if<operator_hang_up>(&event))
    return machine_->on_gateway_ends(one->reason, one->text, 31, now);
  if (std::holds_alternative<hold_lost>(event)) return machine_->on_hold_lost(now);
  if (const auto* one = std::get_if<credit_extended>(&event)) {
    if (!one->answer) return machine_->on_extension_failed(now);
    if (one->answer->status == billing::extend_status::no_hold) return machine_->on_hold_lost(now);
    if (!one->answer->limit.empty())
      spdlog::warn("event=fraud_limit call={} account={} limit={} cut={}",
                   boost::uuids::to_string(facts_.call_id), boost::uuids::to_string(facts_.account_id),
                   one->answer->limit, one->answer->status == billing::extend_status::fraud_limit);
    if (one->answer->status == billing::extend_status::fraud_limit)
      return machine_->on_gateway_ends(
          "fraud_limit", "The call has reached a limit that protects your account from misuse.", 21, now);
    facts_.held = one->answer->total;
    return machine_->on_extended(one->answer->total,
                                 one->answer->status == billing::extend_status::final_unit, now);
  }
  return {};
}

call_actions outbound_call::on_sip(const sip::event& event) {
  if (!dialog_ || sip::key_of(event) != *dialog_) return {};  // of a trunk that was given up
  const auto now = environment_.time.steady();
  if (const auto* one = std::get_if<sip::provisional>(&event)) {
    environment_.trunks.call_answered(trunk_in_use(), one->status);
    const bool early_media = !one->sdp.empty() && accept_trunk_media(one->sdp);
    return machine_->on_provisional(one->status, early_media, now);
  }
  if (const auto* one = std::get_if<sip::answered>(&event)) return on_answered(*one);
  if (const auto* one = std::get_if<sip::failed>(&event)) {
    note_attempt(one->status, one->reason.empty() ? one->phrase : one->reason);
    environment_.trunks.call_answered(trunk_in_use(), one->status);
    note_outcome(one->status);
    // Of the server, where other statuses mean the called party (RFC 3261 §20.33).
    if (one->status == 503 && one->retry_after) environment_.trunks.rest(trunk_in_use(), *one->retry_after);
    release_trunk();
    return machine_->on_trunk_failed(one->status, one->q850, now, trunk_in_use()->failover_codes);
  }
  if (const auto* one = std::get_if<sip::bye_received>(&event)) {
    environment_.sip.confirm_bye(*dialog_);
    release_trunk();
    return machine_->on_trunk_hung_up(one->q850.value_or(16), now);
  }
  if (std::holds_alternative<sip::ended>(event)) {  // the dialog broke without a BYE
    release_trunk();
    return machine_->on_trunk_hung_up(41, now);
  }
  if (const auto* one = std::get_if<sip::reinvite>(&event)) {
    answer_reinvite(*trunk_in_use(), *one);
  }
  if (const auto* one = std::get_if<sip::acknowledged>(&event))
    take_reinvite_answer(*trunk_in_use(), one->sdp);
  if (const auto* one = std::get_if<sip::info_dtmf>(&event))
    media_->send_digits(media::side::overlay, std::string(1, one->digit), one->duration);
  return {};
}

call_actions outbound_call::on_answered(const sip::answered& answer) {
  const auto now = environment_.time.steady();
  environment_.trunks.call_answered(trunk_in_use(), 200);
  if (accept_trunk_media(answer.sdp)) return machine_->on_answered(now);
  spdlog::warn("event=trunk_answer_unusable call={} trunk={}", boost::uuids::to_string(facts_.call_id),
               facts_.trunk);
  environment_.sip.hang_up(*dialog_, 65, "the answer's session description has no codec in common");
  note_attempt(488, "unusable answer");
  note_outcome(488);
  release_trunk();
  return machine_->on_unusable_answer(now);
}

bool outbound_call::accept_trunk_media(const std::string& sdp) {
  if (sdp == trunk_media_) return true;  // repeated in the 200 what the 183 had
  const auto negotiated = sip::accept_answer(trunk_offer_, sdp);
  if (!negotiated) return false;
  trunk_media_ = sdp;
  record_.trunk_codec = media::encoding_name(negotiated->codec.id);
  media_->connect_trunk(trunk_remote_of(*trunk_in_use(), *negotiated, cname_));
  return true;
}

call_actions outbound_call::on_media(const media_message& message) {
  const auto now = environment_.time.steady();
  if (std::holds_alternative<media_event::overlay_connected>(message)) overlay_up_ = true;
  if (std::holds_alternative<media_event::overlay_failed>(message)) overlay_failed_ = true;
  if (const auto* one = std::get_if<media_event::overlay_failed>(&message))
    return machine_->on_gateway_ends(
        "media_refused", "No secure media path to your device came up (" + one->why + ").", 47, now);
  if (const auto* one = std::get_if<media_event::digit>(&message);
      one && one->from == media::side::overlay && dialog_ &&
      trunk_in_use()->dtmf == pstn::trunk::dtmf_mode::info)
    send_digit(*trunk_in_use(), *dialog_, one->digit, one->duration);
  if (const auto* one = std::get_if<media_event::silent>(&message)) {
    const bool ours = one->from == media::side::overlay;
    return machine_->on_gateway_ends("media_lost",
                                     ours ? "Nothing was received from your device any more."
                                          : "The telephone side fell silent for too long.",
                                     27, now);
  }
  return {};
}

void outbound_call::on_restart(const peer_event::restarted& restart) {
  const auto renewed = media_->restart_overlay(overlay_device_, restart.description.ice);
  const auto answer = answer_overlay(restart.description, own_endpoint(), renewed.ice, overlay_ssrc_, cname_);
  restart.device->send_restart(offer_.call, to_string(answer));
}

}  // namespace tollgate::gateway::call
