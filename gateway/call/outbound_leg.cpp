// SPDX-License-Identifier: Apache-2.0
// What happens to a paid leg once it is admitted: trying trunks, ringing, talking, its credit. Admission is
// in outbound_admission.cpp.
#include "gateway/call/outbound_leg.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/uuid/uuid_io.hpp>
#include <utility>

#include "gateway/call/leg_setup.hpp"
#include "gateway/logging/line.hpp"
#include "pstn/trunk/outbound_invite.hpp"
#include "pstn/trunk/sip_uri.hpp"

namespace tollgate::gateway::call {

namespace media = pstn::media;
namespace sip = pstn::sip;

namespace {
constexpr int recovery_on_timer_expiry = 102;  // ITU-T Q.850
}

outbound_leg::outbound_leg(const environment& e, billing::call_direction direction)
    : call_base(e, direction) {}

void outbound_leg::tell_redirections(sip::invite&, const pstn::trunk::trunk&) const {}

void outbound_leg::perform(const call_actions& actions) {
  const auto self = [this] { return std::static_pointer_cast<outbound_leg>(shared_from_this()); };
  const auto perform_one = overloaded{
      [this](const action::invite_trunk& one) { invite_trunk(one.index); },
      [this](const action::drop_trunk& one) { drop_trunk(one.q850); },
      [this](const action::tell_ringing& one) { ring(one.early_media); },
      [this](const action::connect&) { connect(); },
      [&](const action::extend& one) { environment_.spawn(extend(self(), one)); },
      [this](const action::warn& one) { tell_low_credit(one.left); },
      [this](const action::relieve& one) { tell_more_credit(one.left); },
      [](const action::finish&) {},  // the call's loop sees the machine's state
  };
  for (const auto& any : actions)
    std::visit(perform_one, any);
}

sip::address_family outbound_leg::first_family() const {
  return route_.empty() ? sip::address_family::ipv4 : pstn::trunk::family_of(*route_.front());
}

void outbound_leg::invite_trunk(std::size_t index) {
  note_passed_over(passed_over_, index);
  const auto trunk = route_[index];
  const auto family = pstn::trunk::family_of(*trunk);
  const bool again = std::ranges::find(tried_trunks_, trunk->id) != tried_trunks_.end();
  // It may have been filled since the route was made.
  const auto room = emergency_ ? pstn::trunk::verdict::chosen : environment_.trunks.room(trunk, again);
  const bool has_room = room == pstn::trunk::verdict::chosen;
  billing::trunk_attempt attempt;
  attempt.trunk = trunk->name;
  attempt.target = pstn::trunk::target_text(*trunk);
  attempt.at = environment_.time.wall();
  // The one before may have been heard without an answer: its announcement is over.
  if (std::exchange(early_media_, false)) media_->disconnect_trunk(trunk_side_);
  if (!has_room || !open_trunk_port(family)) {
    attempt.reason = has_room ? "no_port" : pstn::trunk::name(room);
    record_.attempts.push_back(std::move(attempt));
    perform(machine_->on_trunk_skipped(environment_.time.steady()));
    return;
  }
  if (!again) tried_trunks_.push_back(trunk->id);
  in_use_ = index;
  attempt_delay_.reset();
  media_described_ = media_heard_ = false;
  sign_of_life_ = {};
  facts_.trunk = trunk->name;
  record_.carrier_id = trunk->carrier_id;
  facts_.state = "trying";
  trunk_keys_.reset();
  trunk_offer_ = sip::make_offer(local_media(*trunk));
  trunk_media_.clear();
  dialog_ = environment_.sip.next_call_key();
  environment_.registry.bind(*dialog_, facts_.call_id);
  environment_.trunks.call_started(trunk, again);
  note_started();
  const auto caller = shown_caller();
  const auto& host = environment_.settings.sip_domain_toward(family);
  auto request = number_ ? pstn::trunk::make_invite(*trunk, *number_, caller, host)
                         : pstn::trunk::make_emergency_invite(*trunk, facts_.callee, caller, host);
  sign(request, *trunk, caller);
  tell_redirections(request, *trunk);
  request.max_forwards = max_forwards();
  request.sdp = trunk_offer_;
  request.sip_call_id = make_cname();  // random: tells nothing, and is known before the first message
  attempt.sip_call_id = request.sip_call_id;
  record_.attempts.push_back(std::move(attempt));
  trace_dialog(request.sip_call_id, trunk->name);
  invited_at_ = environment_.time.steady();
  environment_.sip.send_invite(*dialog_, std::move(request));
}

void outbound_leg::drop_trunk(int q850) {
  if (!dialog_) return;
  environment_.sip.hang_up(*dialog_, q850, machine_->outcome().reason);
  if (record_.attempts.back().sip_code != 0) {  // answered: the BYE is on its way
    release_trunk();
    return;
  }
  const bool no_progress = q850 == recovery_on_timer_expiry;
  note_attempt(no_progress ? 408 : 487, no_progress ? "no progress" : "dropped");
  note_outcome(no_progress ? 408 : 487);
  give_up(std::nullopt);
  if (no_progress) postpone_targets();
}

void outbound_leg::postpone_targets() {
  put_targets_last(route_, costs_, in_use_);
}

void outbound_leg::note_passed_over(const std::vector<passed_over_trunk>& trunks, std::size_t until) {
  std::vector<passed_over_trunk> later;
  for (const auto& one : trunks) {
    if (one.turn > until) {
      later.push_back(one);
      continue;
    }
    billing::trunk_attempt attempt;
    attempt.trunk = one.name;
    attempt.reason = pstn::trunk::name(one.why);
    attempt.at = environment_.time.wall();
    record_.attempts.push_back(std::move(attempt));
  }
  passed_over_ = std::move(later);
}

void outbound_leg::note_rest_of_route() {
  if (machine_->exhausted()) note_passed_over(std::exchange(passed_over_, {}), route_.size());
}

bool outbound_leg::any_attempt_failed() const {
  constexpr int request_terminated = 487;
  return std::ranges::any_of(record_.attempts, [](const billing::trunk_attempt& one) {
    return one.sip_code != request_terminated && (one.sip_code < 200 || one.sip_code > 299);
  });
}

void outbound_leg::release_trunk() {
  if (!dialog_) return;
  environment_.registry.release(*dialog_);
  environment_.trunks.call_ended(trunk_in_use());
  dialog_.reset();
}

void outbound_leg::press(char digit, std::chrono::milliseconds duration) {
  if (dialog_) send_digit(*trunk_in_use(), *dialog_, digit, duration);
}

bool outbound_leg::digits_by_info() const {
  return dialog_ && trunk_in_use()->dtmf == pstn::trunk::dtmf_mode::info;
}

void outbound_leg::note_attempt(int sip_code, const std::string& reason) {
  auto& attempt = record_.attempts.back();
  attempt.sip_code = sip_code;
  attempt.reason = reason;
}

void outbound_leg::ring(bool early_media) {
  const bool first = facts_.state != "ringing";
  facts_.state = "ringing";
  note_ringing();
  if (first) note_post_dial_delay();
  if (!first && early_media == early_media_) return;
  early_media_ = early_media;
  tell_ringing(early_media);
}

void outbound_leg::connect() {
  note_answered();
  note_post_dial_delay();
  note_attempt(200, "OK");
  note_outcome(200);
  tell_answered();
  if (facts_.holds_credit)
    environment_.spawn(report_answer(std::static_pointer_cast<outbound_leg>(shared_from_this())));
  spdlog::info("event=call_answered call_id={} trunk={}", boost::uuids::to_string(facts_.call_id), logging::text(facts_.trunk));
}

void outbound_leg::note_post_dial_delay() {
  if (!invited_at_) return;
  const auto delay =
      std::chrono::duration_cast<std::chrono::milliseconds>(environment_.time.steady() - *invited_at_);
  if (!attempt_delay_) record_.attempts.back().post_dial_delay = attempt_delay_ = delay;
  if (!record_.post_dial_delay) record_.post_dial_delay = delay;
}

// A failure after it rang is the called party's, or the network's behind it: the trunk lives.
void outbound_leg::note_first_answer(int sip_code, bool heard) {
  environment_.trunks.call_answered(trunk_in_use(), sign_of_life_.take(sip_code, heard), sip_code);
}

void outbound_leg::note_outcome(int sip_code) {
  environment_.trunks.attempt_done(trunk_in_use(), {sip_code, attempt_delay_});
}

// From now on a crash of this gateway leaves an answered call in the ledger.
boost::asio::awaitable<void> outbound_leg::report_answer(std::shared_ptr<outbound_leg> self) {
  const billing::usage call{self->facts_.account_id, self->facts_.call_id, std::chrono::seconds(1)};
  const auto work = [&](pqxx::transaction_base& tx) {
    const auto& settings = self->environment_.settings;
    return billing::report_usage(tx, settings.instance, std::span(&call, 1), settings.hold_lease);
  };
  co_await self->environment_.database.step(work, db::of_call(self->facts_.call_id));
}

boost::asio::awaitable<void> outbound_leg::extend(std::shared_ptr<outbound_leg> self, action::extend more) {
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
  const auto answer = co_await self->environment_.database.step(work, db::of_call(self->facts_.call_id));
  self->deliver(answer ? credit_extended{*answer} : credit_extended{});
}

call_actions outbound_leg::on_leg(const call_event& event) {
  const auto now = environment_.time.steady();
  if (const auto* one = std::get_if<sip::event>(&event)) return on_sip(*one);
  if (const auto* one = std::get_if<operator_hang_up>(&event); one && one->spares_emergencies && emergency_)
    return {};  // whoever asked could not know yet
  if (const auto* one = std::get_if<operator_hang_up>(&event))
    return machine_->on_gateway_ends(one->reason, one->text, 31, now);
  if (std::holds_alternative<hold_lost>(event)) return machine_->on_hold_lost(now);
  if (std::holds_alternative<credit_grew>(event)) return machine_->on_credit_grew(now);
  if (const auto* one = std::get_if<credit_extended>(&event)) return on_extended(*one);
  return {};
}

call_actions outbound_leg::on_extended(const credit_extended& extended) {
  const auto now = environment_.time.steady();
  if (!extended.answer) return machine_->on_extension_failed(now);
  const auto& answer = *extended.answer;
  if (answer.status == billing::extend_status::no_hold) return machine_->on_hold_lost(now);
  const bool cut = answer.status == billing::extend_status::fraud_limit;
  if (!answer.limit.empty())
    spdlog::warn("event=fraud_limit call_id={} account={} limit={} cut={}",
                 boost::uuids::to_string(facts_.call_id), boost::uuids::to_string(facts_.account_id),
                 logging::text(answer.limit), cut);
  if (cut)
    return machine_->on_gateway_ends(
        "fraud_limit", "The call has reached a limit that protects your account from misuse.", 21, now);
  facts_.held = answer.total;
  return machine_->on_extended(answer.total, answer.status == billing::extend_status::final_unit, now);
}

call_actions outbound_leg::on_heard() {
  if (!media_described_) return {};  // of the attempt before
  media_heard_ = true;
  if (early_media_) return {};
  return machine_->on_provisional(183, true, environment_.time.steady());
}

call_actions outbound_leg::on_sip(const sip::event& event) {
  if (!dialog_ || sip::key_of(event) != *dialog_) {
    on_given_up(event);
    return {};
  }
  const auto now = environment_.time.steady();
  if (const auto* one = std::get_if<sip::provisional>(&event)) {
    note_first_answer(one->status, true);
    const bool described = !one->sdp.empty() && accept_trunk_media(one->sdp);
    media_described_ = media_described_ || described;
    // RFC 3960 §3.2: at a 180 we make it ring until its media comes, if it does.
    return machine_->on_provisional(one->status, described && (one->status != 180 || media_heard_), now);
  }
  if (const auto* one = std::get_if<sip::answered>(&event)) return on_answered(*one);
  if (const auto* one = std::get_if<sip::failed>(&event)) {
    note_attempt(one->status, one->reason.empty() ? one->phrase : one->reason);
    record_.attempts.back().q850_cause = one->q850.value_or(0);
    note_first_answer(one->status, one->heard);
    note_outcome(one->status);
    // Of the server, where other statuses mean the called party (RFC 3261 §20.33).
    if (one->status == 503 && one->retry_after) environment_.trunks.rest(trunk_in_use(), *one->retry_after);
    if (one->status == 408 && !one->heard) postpone_targets();
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
  if (const auto* one = std::get_if<sip::acknowledged>(&event)) take_reinvite_answer(*trunk_in_use(), *one);
  if (const auto* one = std::get_if<sip::info_dtmf>(&event)) tell_digit(one->digit, one->duration);
  return {};
}

void outbound_leg::give_up(std::optional<std::chrono::steady_clock::time_point> answered) {
  const auto dialog = *dialog_;
  given_up_.insert_or_assign(dialog, given_up{record_.attempts.size() - 1, costs_[in_use_], answered});
  release_trunk();
  environment_.registry.bind(dialog, facts_.call_id);
}

void outbound_leg::on_given_up(const sip::event& event) {
  const auto found = given_up_.find(sip::key_of(event));
  if (found == given_up_.end()) return;
  auto& one = found->second;
  if (std::holds_alternative<sip::answered>(event) && !one.answered) {
    auto& attempt = record_.attempts[one.attempt];
    spdlog::warn("event=answer_crossed_cancel call_id={} trunk={}", boost::uuids::to_string(facts_.call_id),
                 logging::text(attempt.trunk));
    attempt.sip_code = 200;
    attempt.reason = "answered as it was cancelled";
    one.answered = environment_.time.steady();
  }
  if (std::holds_alternative<sip::bye_received>(event)) environment_.sip.confirm_bye(found->first);
  if (!std::holds_alternative<sip::ended>(event)) return;
  note_connected(one);
  environment_.registry.release(found->first);
  given_up_.erase(found);
}

// A carrier's clock runs from its 200 to our BYE, however soon that came.
void outbound_leg::note_connected(const given_up& of) {
  if (!of.answered) return;
  auto& attempt = record_.attempts[of.attempt];
  const auto connected =
      std::chrono::duration_cast<std::chrono::milliseconds>(environment_.time.steady() - *of.answered);
  attempt.connected = std::max(connected, std::chrono::milliseconds(1));
  attempt.cost = of.cost;
}

boost::asio::awaitable<void> outbound_leg::hear_given_up(std::function<void(const call_event&)> take) {
  constexpr std::chrono::seconds patience{
      1};  // an answer that has crossed our CANCEL is a round trip behind it
  const auto until = environment_.time.steady() + patience;
  while (!given_up_.empty() && environment_.time.steady() < until) {
    const auto event = co_await inbox_.next(until);
    if (event) take(*event);
  }
  for (const auto& [dialog, one] : given_up_) {
    note_connected(one);
    environment_.registry.release(dialog);
  }
  given_up_.clear();
}

call_actions outbound_leg::on_answered(const sip::answered& answer) {
  const auto now = environment_.time.steady();
  note_first_answer(200, true);
  if (accept_trunk_media(answer.sdp)) return machine_->on_answered(now);
  spdlog::warn("event=trunk_answer_unusable call_id={} trunk={}", boost::uuids::to_string(facts_.call_id),
               logging::text(facts_.trunk));
  environment_.sip.hang_up(*dialog_, 65, "the answer's session description has no codec in common");
  note_attempt(488, "unusable answer");
  note_outcome(488);
  give_up(now);
  return machine_->on_unusable_answer(now);
}

bool outbound_leg::accept_trunk_media(const std::string& sdp) {
  if (sdp == trunk_media_) return true;  // repeated in the 200 what the 183 had
  const auto negotiated = sip::accept_answer(trunk_offer_, sdp);
  if (!negotiated) return false;
  trunk_media_ = sdp;
  record_.trunk_codec = media::encoding_name(negotiated->codec.id);
  trunk_keys_ = negotiated->srtp;
  media_->connect_trunk(trunk_remote_of(*trunk_in_use(), *negotiated, cname_), trunk_side_);
  return true;
}

}  // namespace tollgate::gateway::call
