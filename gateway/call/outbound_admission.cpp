// SPDX-License-Identifier: Apache-2.0
// Before an outbound call may ring: who calls, which number, at what rate, over which trunks, with what
// credit.
#include <spdlog/spdlog.h>

#include <boost/uuid/uuid_io.hpp>

#include "gateway/call/leg_setup.hpp"
#include "gateway/call/outbound_call.hpp"
#include "gateway/logging/line.hpp"

namespace tollgate::gateway::call {

namespace media = pstn::media;

std::optional<outbound_call::refusal> outbound_call::find_room() const {
  if (draining_) return refusal_while_draining();
  if (environment_.registry.size() > environment_.settings.calls || !environment_.media.admit())
    return refusal_when_full();
  return std::nullopt;
}

boost::asio::awaitable<std::optional<outbound_call::refusal>> outbound_call::admit() {
  // What may be an emergency number is told from others by the caller's country only.
  const bool short_number = offer_.to.size() <= overlay::longest_emergency;
  if (!short_number)
    if (auto full = find_room()) co_return full;
  const auto account = facts_.account_id;
  const auto work = [account](pqxx::work& tx) { return read_caller(tx, account); };
  auto found = co_await environment_.database.run(work, {.idempotent = true, .subject = db::of_call(facts_.call_id)});
  if (found) caller_ = std::move(*found);
  if (caller_.region.empty()) caller_.region = environment_.settings.default_region;
  currency_ = caller_.currency;
  facts_.caller = caller_.presentation ? caller_.presentation->e164() : device_->name();
  if (is_carried_emergency(environment_, caller_, offer_.to)) {
    facts_.emergency = emergency_ = true;
    spdlog::warn("event=emergency_call call_id={}", boost::uuids::to_string(facts_.call_id));
    co_return route_number(offer_.to);
  }
  if (!found)
    co_return refusal{"unavailable", "Calls are not possible at the moment: try again in a minute.", 41,
                      false};
  if (short_number)
    if (auto full = find_room()) co_return full;
  if (environment_.registry.count_of(facts_.account_id) >
      calls_permitted(environment_, caller_))  // with this one
    co_return refusal_of_too_many_calls();
  if (!caller_.may_call) co_return refusal{"account_blocked", "This account may not place calls.", 21, false};
  co_return route_number(offer_.to);
}

std::optional<outbound_leg::refusal> outbound_leg::route_number(std::string_view to) {
  auto planned = plan_outbound(environment_, caller_, to);
  if (auto* refused = std::get_if<call_refusal>(&planned)) {
    note_passed_over(refused->passed_over, 0);
    return std::move(*refused);
  }
  auto& plan = std::get<outbound_plan>(planned);
  number_ = plan.number;
  callee_region_ = plan.region;
  facts_.callee = plan.callee;
  facts_.rate = plan.rate;
  facts_.currency = currency_;
  rate_ = plan.rate;
  route_ = std::move(plan.route);
  costs_ = std::move(plan.costs);
  passed_over_ = std::move(plan.passed_over);
  return std::nullopt;
}

boost::asio::awaitable<std::optional<outbound_leg::refusal>> outbound_leg::hold_credit() {
  credit_clock clock(rate_, environment_.settings.credit);
  if (!number_) {  // an emergency: there is no hold to ask about
    auto unlimited = environment_.settings.credit;
    unlimited.check = {};
    clock = credit_clock(rate_, std::move(unlimited));
    clock.granted({}, false, environment_.time.steady());
    auto settings = machine_settings();
    settings.try_all = true;
    machine_.emplace(settings, std::move(clock), route_.size());
    co_return std::nullopt;
  }
  auto request = make_hold_request(environment_, caller_, *number_, rate_, currency_);
  request.account_id = facts_.account_id;
  request.call_id = facts_.call_id;
  request.direction = record_.direction;
  request.caller = facts_.caller;
  request.callee = facts_.callee;
  const auto work = [&request, this](pqxx::transaction_base& tx) {
    return open_hold(tx, environment_, request);
  };
  const auto asked = co_await environment_.database.step(work, db::of_call(facts_.call_id));
  if (!asked)
    co_return refusal{"unavailable", "Calls are not possible at the moment: try again in a minute.", 41};
  const billing::hold_answer& answer = *asked;
  if (!answer.limit.empty())
    spdlog::warn("event=fraud_limit call_id={} account={} limit={} refused={}",
                 boost::uuids::to_string(facts_.call_id), boost::uuids::to_string(facts_.account_id),
                 answer.limit, answer.status == billing::hold_status::fraud_limit);
  if (auto refused = refusal_of(answer, rate_)) co_return refused;
  clock.granted(answer.granted, answer.granted < request.wanted, environment_.time.steady());
  facts_.holds_credit = true;
  facts_.held = answer.granted;
  spendable_ = billing::money{answer.granted.micros + answer.available.micros};
  machine_.emplace(machine_settings(), std::move(clock), route_.size());
  co_return std::nullopt;
}

std::optional<outbound_call::refusal> outbound_call::prepare_media() {
  if (!open_media(first_family(), number_ ? urgency::ordinary : urgency::emergency))
    return refusal{"overloaded", "The gateway is full at the moment: try again in a minute.", 42};
  const auto local = media_->add_device();
  overlay_device_ = local.index;
  const auto answer = answer_overlay(offer_.description, own_endpoint(), local.ice, overlay_ssrc_, cname_);
  media_->connect_overlay(local.index,
                          overlay_remote_of(offer_.description, answer.setup, overlay_ssrc_, cname_));
  media_->choose_device(local.index);
  overlay_answer_ = to_string(answer);
  record_.overlay_codec = media::encoding_name(offer_.description.opus.id);
  return std::nullopt;
}

boost::asio::awaitable<void> outbound_call::refuse(refusal why) {
  spdlog::info("event=call_refused call_id={} reason={}", boost::uuids::to_string(facts_.call_id), logging::text(why.code));
  co_await close_media();
  facts_.holds_credit = false;
  // g++ 12 destroys an aggregate twice that is made within a co_await expression: it gets a name.
  const ending end{party::gateway, why.code, why.text, 0, why.q850};
  if (why.leaves_record) co_await settle(end, std::chrono::milliseconds(0));
  raise_alarm(end);
  device_->send_hangup(offer_.call, why.code, why.text, {});
}

}  // namespace tollgate::gateway::call
