// SPDX-License-Identifier: Apache-2.0
// Before an outbound call may ring: who calls, which number, at what rate, over which trunks, with what
// credit.
#include <spdlog/spdlog.h>

#include <boost/uuid/uuid_io.hpp>

#include "gateway/call/leg_setup.hpp"
#include "gateway/call/outbound_call.hpp"

namespace tollgate::gateway::call {

namespace media = pstn::media;

std::optional<outbound_call::refusal> outbound_call::find_room() const {
  const auto& settings = environment_.settings;
  if (environment_.registry.size() > settings.calls || !environment_.media.admit())
    return refusal{"overloaded", "The gateway is full at the moment: try again in a minute.", 42, false};
  return std::nullopt;
}

boost::asio::awaitable<std::optional<outbound_call::refusal>> outbound_call::admit() {
  // What may be an emergency number is told from others by the caller's country only.
  constexpr std::size_t longest_emergency = 8;
  const bool short_number = offer_.to.size() <= longest_emergency;
  if (!short_number)
    if (auto full = find_room()) co_return full;
  const auto account = facts_.account_id;
  const auto work = [account](pqxx::work& tx) { return read_caller(tx, account); };
  auto found = co_await environment_.database.run(work, {.idempotent = true});
  if (found) caller_ = std::move(*found);
  if (caller_.region.empty()) caller_.region = environment_.settings.default_region;
  currency_ = caller_.currency;
  facts_.caller = caller_.presentation ? caller_.presentation->e164() : device_->name();
  if (is_carried_emergency(environment_, caller_, offer_.to)) {
    spdlog::warn("event=emergency_call call={}", boost::uuids::to_string(facts_.call_id));
    co_return route_number(offer_.to);
  }
  if (!found)
    co_return refusal{"unavailable", "Calls are not possible at the moment: try again in a minute.", 41,
                      false};
  if (short_number)
    if (auto full = find_room()) co_return full;
  const auto most = caller_.policy.calls ? static_cast<std::size_t>(*caller_.policy.calls)
                                         : environment_.settings.calls_per_subscriber;
  if (environment_.registry.count_of(facts_.account_id) > most)  // with this one
    co_return refusal{"too_many_calls", "You have as many calls as are allowed at a time.", 21, false};
  if (!caller_.may_call) co_return refusal{"account_blocked", "This account may not place calls.", 21, false};
  co_return route_number(offer_.to);
}

std::optional<outbound_leg::refusal> outbound_leg::route_number(std::string_view to) {
  auto planned = plan_outbound(environment_, caller_, to);
  if (auto* refused = std::get_if<call_refusal>(&planned)) return std::move(*refused);
  auto& plan = std::get<outbound_plan>(planned);
  number_ = plan.number;
  callee_region_ = plan.region;
  facts_.callee = plan.callee;
  facts_.rate = plan.rate;
  rate_ = plan.rate;
  route_ = std::move(plan.route);
  costs_ = std::move(plan.costs);
  return std::nullopt;
}

boost::asio::awaitable<std::optional<outbound_leg::refusal>> outbound_leg::hold_credit() {
  credit_clock clock(rate_, environment_.settings.credit);
  if (!number_) {  // an emergency: there is no hold to ask about
    auto unlimited = environment_.settings.credit;
    unlimited.check = {};
    clock = credit_clock(rate_, std::move(unlimited));
    clock.granted({}, false, environment_.time.steady());
    machine_.emplace(machine_settings(), std::move(clock), route_.size());
    co_return std::nullopt;
  }
  billing::hold_request request;
  request.account_id = facts_.account_id;
  request.call_id = facts_.call_id;
  request.direction = record_.direction;
  request.gateway_instance = environment_.settings.instance;
  request.node = environment_.settings.node;
  request.terms = rate_;
  request.currency = currency_;
  request.minimum = clock.minimum();
  request.wanted = clock.wanted();
  request.lease = environment_.settings.hold_lease;
  request.caller = facts_.caller;
  request.callee = facts_.callee;
  const bool guarded = environment_.settings.fraud_limits;
  if (const auto most = caller_.policy.country_spend_day_micros)
    request.bound = {"+" + std::to_string(number_->country_code()), {*most}};
  const auto work = [&request, guarded](pqxx::transaction_base& tx) {
    return guarded ? billing::open_guarded_hold(tx, request) : billing::open_hold(tx, request);
  };
  const auto asked = co_await environment_.database.step(work);
  if (!asked)
    co_return refusal{"unavailable", "Calls are not possible at the moment: try again in a minute.", 41};
  const billing::hold_answer& answer = *asked;
  if (!answer.limit.empty())
    spdlog::warn("event=fraud_limit call={} account={} limit={} refused={}",
                 boost::uuids::to_string(facts_.call_id), boost::uuids::to_string(facts_.account_id),
                 answer.limit, answer.status == billing::hold_status::fraud_limit);
  switch (answer.status) {
    case billing::hold_status::opened:
    case billing::hold_status::repeated:
      break;
    case billing::hold_status::insufficient_credit:
      co_return refusal{"insufficient_credit",
                        "Your credit does not cover the first " +
                            std::to_string(rate_.initial_increment.count()) +
                            " seconds of this call: top up and call again.",
                        21};
    case billing::hold_status::fraud_limit:
      co_return refusal{"fraud_limit",
                        "Your account has reached a limit that protects it from misuse: ask your operator.",
                        21};
    case billing::hold_status::callee_limit:
      co_return refusal{std::string(country_limit_code), std::string(country_limit_text), 21};
    case billing::hold_status::wrong_currency:
      co_return refusal{"no_rate", "There is no price for calls to this number in your currency.", 3};
    case billing::hold_status::account_blocked:
    case billing::hold_status::already_settled:
    case billing::hold_status::no_account:
      co_return refusal{"account_blocked", "This account may not place calls.", 21};
  }
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
  spdlog::info("event=call_refused call={} reason={}", boost::uuids::to_string(facts_.call_id), why.code);
  co_await close_media();
  facts_.holds_credit = false;
  // g++ 12 destroys an aggregate twice that is made within a co_await expression: it gets a name.
  const ending end{party::gateway, why.code, why.text, 0, why.q850};
  if (why.leaves_record) co_await settle(end, std::chrono::milliseconds(0));
  device_->send_hangup(offer_.call, why.code, why.text, {});
}

}  // namespace tollgate::gateway::call
