// SPDX-License-Identifier: Apache-2.0
// A device's call once it is admitted: what the device is told, and the call's end. Its leg to the telephone
// is outbound_leg.cpp, admission outbound_admission.cpp.
#include "gateway/call/outbound_call.hpp"

#include <spdlog/spdlog.h>

#include <boost/json/object.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "gateway/call/leg_setup.hpp"
#include "gateway/call/summary.hpp"
#include "gateway/logging/line.hpp"
#include "pstn/media/tone_source.hpp"

namespace tollgate::gateway::call {

namespace media = pstn::media;

outbound_call::outbound_call(const environment& e, overlay::session_ptr device, overlay::call_offer offer,
                             bool draining)
    : outbound_leg(e, billing::call_direction::out),
      draining_(draining),
      device_(std::move(device)),
      offer_(std::move(offer)) {
  facts_.account_id = device_->account_id();
  facts_.credential_generation = device_->credential_generation();
  facts_.overlay_call = offer_.call;
  facts_.callee = offer_.to;
}

boost::asio::awaitable<void> outbound_call::run(std::shared_ptr<outbound_call> self) {
  self->environment_.registry.add(self);
  try {
    co_await self->live();
  } catch (const std::exception& e) {  // its hold is settled at the last report, as after a crash
    spdlog::critical("event=call_failed call_id={} error={}", boost::uuids::to_string(self->facts_.call_id),
                     logging::text(e.what()));
    if (self->dialog_) self->environment_.sip.hang_up(*self->dialog_, 41, "");
    self->release_trunk();
    self->media_.reset();
  }
  self->end_trace();
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
  facts_.talked = talk;
  if (record_.answered) environment_.trunks.talked(trunk_in_use(), talk);
  if (!facts_.trunk.empty()) record_.cost = costs_[in_use_];
  note_rest_of_route();
  const bool heard = begin_farewell();
  bool left = false;
  const std::function<void(const call_event&)> take = [this, &left](const call_event& event) {
    left = left || std::holds_alternative<peer_event::hung_up>(event);
    on(event);
  };
  co_await hear_given_up(take);
  // The trunk is free and the credit is released before the tone ends, not after.
  if (heard)
    co_await note_media();
  else
    co_await close_media();
  const auto settled = co_await settle(end, talk);
  spdlog::info("event=call_ended call_id={} reason={} sip_code={} talk_ms={} charged_micros={}",
               boost::uuids::to_string(facts_.call_id), logging::text(end.reason), end.sip_code, talk.count(),
               settled ? settled->charged.micros : -1);
  raise_alarm(end);
  if (heard) {
    if (!left) co_await hear_farewell();
    co_await close_media();
  }
  device_->send_hangup(offer_.call, end.reason, end.text,
                       ended_summary(facts_.call_id, talk, currency_, settled, caller_.balance));
}

void outbound_call::raise_alarm(const ending& end) {
  if (!emergency_ || record_.answered) return;
  if (end.by == party::caller && !any_attempt_failed()) return;  // gave up before anything went wrong
  spdlog::critical("event=emergency_call_failed call_id={} reason={} sip_code={} attempts={}",
                   boost::uuids::to_string(facts_.call_id), logging::text(end.reason), end.sip_code, record_.attempts.size());
  environment_.trunks.emergency_failed();
}

pstn::trunk::caller_identity outbound_call::shown_caller() const {
  return {caller_.presentation, "", caller_.withheld && number_};
}

void outbound_call::tell_ringing(bool early_media) {
  if (early_media)
    media_->stop_playing(media::side::overlay);
  else
    media_->play(media::side::overlay, media::make_tone_source(media::tone::ringback, callee_region_),
                 media::play_mode::replace);
  media_->connect_voice(early_media);
  device_->send_ring(offer_.call, "", ringing_body(early_media));
}

void outbound_call::tell_answered() {
  media_->stop_playing(media::side::overlay);
  media_->connect_voice(true);
  media_->watch_silence(media::side::overlay, true);
  media_->watch_silence(media::side::trunk, true);
  const auto& credit = machine_->credit();
  std::optional<std::chrono::seconds> granted;
  if (credit.limited_by_credit() && credit.has_all_credit()) granted = credit.granted_duration();
  device_->send_answer(offer_.call, "", answered_body(rate_, currency_, granted, number_ ? spendable_ : caller_.balance));
}

void outbound_call::tell_low_credit(std::chrono::seconds left) {
  media_->play(media::side::overlay, media::make_tone_source(media::tone::warning), media::play_mode::mix);
  device_->send_event("low_credit", {{"seconds_left", left.count()}}, offer_.call);
}

void outbound_call::tell_more_credit(std::chrono::seconds left) {
  device_->send_event("credit_extended", {{"seconds_left", left.count()}}, offer_.call);
}

void outbound_call::tell_cost() {
  if (!number_ || !facts_.answered || machine_->current() != call_machine::state::talking) return;
  const auto talk = talk_of(facts_, environment_.time.steady());
  device_->send_event("running_cost", running_cost_body(rate_, currency_, talk, facts_.held), offer_.call);
}

void outbound_call::tell_digit(char digit, std::chrono::milliseconds duration) {
  media_->send_digits(media::side::overlay, std::string(1, digit), duration);
}

call_actions outbound_call::on(const call_event& event) {
  if (const auto* one = std::get_if<media_message>(&event)) return on_media(*one);
  if (std::holds_alternative<peer_event::hung_up>(event))
    return machine_->on_caller_hung_up(environment_.time.steady());
  if (std::holds_alternative<cost_due>(event)) tell_cost();
  if (const auto* one = std::get_if<peer_event::digit>(&event)) press(one->digit, one->duration);
  if (const auto* one = std::get_if<peer_event::restarted>(&event)) on_restart(*one);
  if (const auto* one = std::get_if<peer_event::reattached>(&event))
    if (one->device->device() == device_->device()) {
      const std::string unanswered = device_->unanswered_offer(offer_.call);
      device_ = one->device;
      facts_.credential_generation = device_->credential_generation();
      device_->resume_begun(offer_.call, offer_.to, unanswered);
    }
  return on_leg(event);
}

call_actions outbound_call::on_media(const media_message& message) {
  const auto now = environment_.time.steady();
  if (std::holds_alternative<media_event::overlay_connected>(message)) overlay_up_ = true;
  if (std::holds_alternative<media_event::overlay_failed>(message)) overlay_failed_ = true;
  if (const auto* one = std::get_if<media_event::overlay_failed>(&message))
    return machine_->on_gateway_ends(
        "media_refused", "No secure media path to your device came up (" + one->why + ").", 47, now);
  if (const auto* one = std::get_if<media_event::digit>(&message);
      one && one->from == media::side::overlay && digits_by_info())
    press(one->digit, one->duration);
  if (const auto* one = std::get_if<media_event::heard>(&message); one && one->from == media::side::trunk)
    return on_heard();
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
