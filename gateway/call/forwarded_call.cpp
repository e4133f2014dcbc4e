// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/forwarded_call.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/uuid/uuid_io.hpp>

#include "gateway/logging/line.hpp"
#include "pstn/media/tone_source.hpp"
#include "pstn/sip/diversion.hpp"
#include "pstn/sip/uri.hpp"
#include "pstn/trunk/outbound_invite.hpp"

namespace tollgate::gateway::call {

namespace media = pstn::media;

namespace {

// RFC 5806 §4.
std::string reason_of(voicemail::forward_situation why) {
  using voicemail::forward_situation;
  switch (why) {
    case forward_situation::busy:
      return "user-busy";
    case forward_situation::no_answer:
      return "no-answer";
    case forward_situation::offline:
      return "unavailable";
    case forward_situation::always:
      return "unconditional";
  }
  return "unknown";
}

}  // namespace

std::vector<voicemail::forward_target> targets_for(const std::vector<voicemail::forward_target>& all,
                                                   voicemail::forward_situation when,
                                                   const std::vector<pstn::phone_number>& been_through,
                                                   const std::vector<live_call_ptr>& forwards) {
  std::vector<voicemail::forward_target> targets;
  for (const auto& one : all) {
    const auto is_tried = [&one](const live_call_ptr& call) {
      return !call->facts().answered && call->facts().callee == one.number.e164();
    };
    if (!one.serves(when)) continue;
    if (std::find(been_through.begin(), been_through.end(), one.number) != been_through.end()) continue;
    if (std::any_of(forwards.begin(), forwards.end(), is_tried)) continue;
    targets.push_back(one);
  }
  return targets;
}

redirection_history history_of(const pstn::sip::incoming_invite& invite, const pstn::trunk::trunk& trunk,
                               const pstn::phone_number& called) {
  redirection_history history;
  if (!trunk.trusted_identity) {
    history.unnamed = invite.diversion_count;
    return history;
  }
  history.diversions = invite.diversions;
  history.entries = invite.history;
  if (!history.entries.empty())
    history.has_called =
        pstn::trunk::read_number(trunk, pstn::sip::user_of(history.entries.back().uri)) == called;
  return history;
}

forwarded_call::forwarded_call(const environment& e, forward_order order,
                               std::function<void(forward_told)> tell)
    : outbound_leg(e, billing::call_direction::forward), order_(std::move(order)), tell_(std::move(tell)) {
  facts_.account_id = order_.account_id;
  facts_.overlay_call = boost::uuids::to_string(facts_.call_id);
  facts_.callee = order_.target.number.e164();
  if (order_.caller.number && !order_.caller.withheld) facts_.caller = order_.caller.number->e164();
  record_.parent_call_id = order_.parent;
}

boost::asio::awaitable<void> forwarded_call::run(std::shared_ptr<forwarded_call> self) {
  self->environment_.registry.add(self);
  try {
    co_await self->live();
  } catch (const std::exception& e) {  // its hold is settled at the last report, as after a crash
    spdlog::critical("event=call_failed call_id={} error={}", self->facts_.overlay_call, logging::text(e.what()));
    if (self->dialog_) self->environment_.sip.hang_up(*self->dialog_, 41, "");
    self->release_trunk();
    self->tell({self->facts_.call_id, forward_event::over{false, "internal", "The call has failed.", 41}});
  }
  self->media_.reset();
  self->end_trace();
  self->environment_.registry.remove(self->facts_.call_id);
  self->tell({self->facts_.call_id, forward_event::settled{}});
}

boost::asio::awaitable<void> forwarded_call::live() {
  auto refused = co_await admit();
  if (!refused) refused = co_await hold_credit();
  ending end;
  bool leaves_record = true;
  std::chrono::milliseconds talked{0};
  if (refused) {
    end = {party::gateway, refused->code, refused->text, 0, refused->q850};
    leaves_record = refused->leaves_record;
  } else {
    join_media(std::exchange(order_.media, nullptr));
    co_await talk();
    end = machine_->outcome();
    talked = machine_->talk_duration();
    facts_.talked = talked;
    if (record_.answered) environment_.trunks.talked(trunk_in_use(), talked);
    if (!facts_.trunk.empty()) record_.cost = costs_[in_use_];
    note_rest_of_route();
  }
  facts_.state = "ending";
  facts_.holds_credit = false;
  tell({facts_.call_id, forward_event::over{end.by == party::callee, end.reason, end.text, end.q850}});
  const std::function<void(const call_event&)> take = [this](const call_event& event) { on(event); };
  co_await hear_given_up(take);
  if (media_) co_await note_media();
  std::optional<billing::settlement> settled;
  if (leaves_record) settled = co_await settle(end, talked);
  spdlog::info(
      "event=call_ended call_id={} direction=forward reason={} sip_code={} talk_ms={} charged_micros={}",
      facts_.overlay_call, logging::text(end.reason), end.sip_code, talked.count(), settled ? settled->charged.micros : -1);
}

boost::asio::awaitable<std::optional<outbound_leg::refusal>> forwarded_call::admit() {
  const auto account = facts_.account_id;
  const auto work = [account](pqxx::work& tx) { return read_caller(tx, account); };
  auto found = co_await environment_.database.run(work, {.idempotent = true, .subject = db::of_call(facts_.call_id)});
  if (!found)
    co_return refusal{"unavailable", "Calls are not possible at the moment: try again in a minute.", 41,
                      false};
  caller_ = std::move(*found);
  if (caller_.region.empty()) caller_.region = environment_.settings.default_region;
  currency_ = caller_.currency;
  if (is_carried_emergency(environment_, caller_, facts_.callee))
    co_return refusal{"emergency", "Calls are not forwarded to emergency numbers.", 21};
  if (environment_.registry.forwards_of(account).size() >
      calls_permitted(environment_, caller_))  // with this one
    co_return refusal{"too_many_calls", "You have as many calls as are allowed at a time.", 21};
  if (!caller_.may_call) co_return refusal{"account_blocked", "This account may not place calls.", 21};
  co_return route_number(facts_.callee);
}

boost::asio::awaitable<void> forwarded_call::talk() {
  while (const auto waiting = inbox_.take())
    on(*waiting);  // the caller may have given up meanwhile
  if (machine_->current() == call_machine::state::ended) co_return;
  perform(machine_->start(environment_.time.steady()));
  while (machine_->current() != call_machine::state::ended) {
    const auto event = co_await inbox_.next(*machine_->next_deadline());
    if (event) on(*event);
    perform(machine_->on_time(environment_.time.steady()));  // however many events come: credit is watched
  }
}

void forwarded_call::on(const call_event& event) {
  const auto now = environment_.time.steady();
  if (std::holds_alternative<caller_gone>(event)) return perform(machine_->on_caller_hung_up(now));
  if (const auto* message = std::get_if<media_message>(&event)) {
    if (std::holds_alternative<media_event::heard>(*message)) return perform(on_heard());
    if (std::holds_alternative<media_event::silent>(*message))
      return perform(
          machine_->on_gateway_ends("media_lost", "One side of the call fell silent for too long.", 27, now));
  }
  perform(on_leg(event));
}

call_machine::settings forwarded_call::machine_settings() const {
  auto settings = environment_.settings.machine;
  settings.ringing = order_.target.ring_for;
  return settings;
}

void forwarded_call::tell_redirections(pstn::sip::invite& request, const pstn::trunk::trunk& by) const {
  using pstn::trunk::redirection_headers;
  const auto& history = order_.history;
  pstn::sip::diversion ours;
  ours.uri = pstn::trunk::number_uri(by, order_.called,
                                     environment_.settings.sip_domain_toward(pstn::trunk::family_of(by)));
  ours.reason = reason_of(order_.why);
  ours.counter = 1 + static_cast<int>(history.unnamed);
  std::vector<pstn::sip::diversion> through{ours};
  through.insert(through.end(), history.diversions.begin(), history.diversions.end());
  if (by.redirections != redirection_headers::diversion)
    request.history = history.entries.empty() ? pstn::sip::history_of(through, request.request_uri)
                                              : pstn::sip::history_beyond(history.entries, history.has_called,
                                                                          ours, request.request_uri);
  if (by.redirections != redirection_headers::history_info) request.diversions = std::move(through);
}

// The owner is at this telephone, or somebody is for the owner.
void forwarded_call::tell_low_credit(std::chrono::seconds left) {
  media_->play(trunk_side_, media::make_tone_source(media::tone::warning), media::play_mode::mix);
  tell_payer("low_credit", left);
}

void forwarded_call::tell_more_credit(std::chrono::seconds left) {
  tell_payer("credit_extended", left);
}

// Wherever the owner is who pays: no device has this call, so the event names none.
void forwarded_call::tell_payer(const std::string& kind, std::chrono::seconds left) const {
  for (const auto& device : environment_.devices_of(facts_.account_id))
    device->send_event(kind, {{"seconds_left", left.count()}, {"forwarded_to", facts_.callee}}, "");
}

void forwarded_call::tell_digit(char digit, std::chrono::milliseconds duration) {
  tell({facts_.call_id, forward_event::digit{digit, duration}});
}

}  // namespace tollgate::gateway::call
