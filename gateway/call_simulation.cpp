// SPDX-License-Identifier: Apache-2.0
// The plan of a call that is not placed: what outbound_call would do now, from the same tables and the same
// code.
#include "billing/error.hpp"
#include "gateway/call/outbound_plan.hpp"
#include "gateway/node_operations.hpp"

namespace tollgate::gateway {
namespace {

api::simulated_trunk shown(const call::trunk_directory::candidate& one,
                           const std::optional<billing::cost_rate>& cost) {
  const auto& state = one.looked_at.state;
  api::simulated_trunk out;
  out.trunk_id = one.trunk->id;
  out.trunk = one.trunk->name;
  out.carrier_id = one.trunk->carrier_id;
  out.verdict = pstn::trunk::name(one.looked_at.why);
  out.prefix_size = std::max(0, one.looked_at.prefix_size);
  out.priority = one.trunk->priority;
  out.weight = one.trunk->weight;
  out.cost = cost;
  out.up = state.up;
  out.calls = state.live_calls;
  out.attempts = state.quality.attempts;
  out.answered = state.quality.answered;
  out.post_dial_delay = state.quality.post_dial_delay;
  return out;
}

void explain(const call::environment& with, const call::caller_facts& caller, const std::string& number,
             api::simulated_call& out) {
  const auto refuse = [&out](const call::call_refusal& why) {
    out.verdict = why.code;
    out.text = why.text;
  };
  if (call::is_carried_emergency(with, caller, number)) {
    const auto planned = call::plan_outbound(with, caller, number);
    if (const auto* refused = std::get_if<call::call_refusal>(&planned)) return refuse(*refused);
    const auto& plan = std::get<call::outbound_plan>(planned);
    out.number_type = "emergency";
    out.region = plan.region;
    for (const auto& trunk : plan.route)
      out.trunks.push_back(shown({trunk, {.offered = trunk.get()}}, std::nullopt));
    return;
  }
  if (!caller.may_call) return refuse({"account_blocked", "This account may not place calls."});
  const auto dialled = call::read_dialled(with, caller, number);
  if (const auto* refused = std::get_if<call::call_refusal>(&dialled)) return refuse(*refused);
  const auto& what = std::get<call::dialled_call>(dialled);
  out.number = what.number;
  out.region = what.region;
  out.number_type = pstn::number::name(what.type);
  const auto digits = what.number.digits();
  for (const auto& one : call::consider_trunks(with, what.number, caller.currency))
    out.trunks.push_back(shown(one, with.cost ? with.cost(one.trunk->carrier_id, digits) : std::nullopt));
  const auto planned = call::plan_outbound(with, caller, number);
  if (const auto* refused = std::get_if<call::call_refusal>(&planned)) return refuse(*refused);
  const auto& plan = std::get<call::outbound_plan>(planned);
  out.price = plan.rate;
  out.currency = plan.currency;
  if (caller.available && *caller.available < billing::call_price(plan.rate, std::chrono::milliseconds(1)))
    refuse({"insufficient_credit", "The account's credit does not cover the first increment of this call."});
}

}  // namespace

boost::asio::awaitable<boost::system::result<api::simulated_call>> node_operations::simulate(
    api::call_question question) {
  call::caller_facts caller;
  caller.region = question.region;
  caller.currency = with_.standard_currency;
  caller.deck = with_.standard_deck;
  if (question.account_id) {
    const auto work = [id = *question.account_id](pqxx::work& tx) { return call::read_caller(tx, id); };
    const boost::system::result<call::caller_facts> found =
        co_await with_.environment.database.run(work, {.idempotent = true});
    if (!found) co_return found.error();
    if (found->currency.empty()) co_return billing::make_error_code(billing::error::no_account);
    caller = *found;
  }
  api::simulated_call out;
  out.verdict = "ok";
  out.usual_call = with_.environment.settings.usual_call;
  out.caller = caller.presentation;
  explain(with_.environment, caller, question.number, out);
  co_return out;
}

}  // namespace tollgate::gateway
