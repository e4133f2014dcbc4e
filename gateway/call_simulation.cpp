// SPDX-License-Identifier: Apache-2.0
// The plan of a call that is not placed: what outbound_call would do now, from the same tables and the same
// code.
#include <boost/uuid/random_generator.hpp>
#include <pqxx/transaction>

#include "billing/error.hpp"
#include "gateway/call/outbound_plan.hpp"
#include "gateway/node_operations.hpp"
#include "pstn/trunk/sip_uri.hpp"

namespace tollgate::gateway {
namespace {

api::simulated_trunk shown(const call::trunk_directory::candidate& one,
                           const std::optional<billing::cost_rate>& cost,
                           const std::vector<call::trunk_choice>& targets) {
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
  for (const auto& each : targets)
    out.targets.push_back(pstn::trunk::target_text(*each));
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
      out.trunks.push_back(shown({trunk, {.offered = trunk.get()}}, std::nullopt, {trunk}));
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
    out.trunks.push_back(shown(one, with.cost ? with.cost(one.trunk->carrier_id, digits) : std::nullopt,
                               with.trunks.targets_of(one.trunk)));
  const auto planned = call::plan_outbound(with, caller, number);
  if (const auto* refused = std::get_if<call::call_refusal>(&planned)) return refuse(*refused);
  const auto& plan = std::get<call::outbound_plan>(planned);
  out.price = plan.rate;
  out.currency = plan.currency;
}

// What stands in the way of a call that has a route and a price, on this node and in its memory.
std::optional<call::call_refusal> refusal_of_node(const call::environment& with, bool draining,
                                                  const std::optional<billing::uuid>& account_id,
                                                  const call::caller_facts& caller) {
  if (draining) return call::refusal_while_draining();
  const auto workers = with.media.figures().workers;
  const auto refuses = [](const auto& worker) { return worker.level == call::load_level::refusing; };
  if (with.registry.size() >= with.settings.calls || std::ranges::all_of(workers, refuses))
    return call::refusal_when_full();
  if (account_id && with.registry.count_of(*account_id) >= call::calls_permitted(with, caller))
    return call::refusal_of_too_many_calls();
  return std::nullopt;
}

// Asks the ledger for the hold, and takes it back: it judges credit, the limits against fraud and those of
// the account by the code that a call is judged by, and nothing of the question stays.
billing::hold_answer try_hold(pqxx::work& tx, const call::environment& with,
                              const billing::hold_request& request) {
  tx.exec("SAVEPOINT simulated_call");
  const auto answer = call::open_hold(tx, with, request);
  tx.exec("ROLLBACK TO SAVEPOINT simulated_call");
  return answer;
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
  const auto& with = with_.environment;
  explain(with, caller, question.number, out);
  if (out.verdict != "ok" || !out.price) co_return out;  // refused, or an emergency: nothing keeps that back
  auto refused = refusal_of_node(with, with_.calls.draining(), question.account_id, caller);
  if (!refused && question.account_id) {
    auto request = call::make_hold_request(with, caller, *out.number, *out.price, out.currency);
    request.account_id = *question.account_id;
    request.call_id = boost::uuids::random_generator()();
    if (caller.presentation) request.caller = caller.presentation->e164();
    const auto work = [&](pqxx::work& tx) { return try_hold(tx, with, request); };
    const boost::system::result<billing::hold_answer> held =
        co_await with.database.run(work, {.idempotent = true});
    if (!held) co_return held.error();
    refused = call::refusal_of(*held, *out.price);
  }
  if (refused) {
    out.verdict = refused->code;
    out.text = refused->text;
  }
  co_return out;
}

}  // namespace tollgate::gateway
