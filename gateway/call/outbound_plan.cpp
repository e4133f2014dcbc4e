// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/outbound_plan.hpp"

#include <algorithm>
#include <iterator>

#include "billing/account.hpp"
#include "gateway/subscriber/caller_choice.hpp"
#include "gateway/subscriber/subscriber_store.hpp"
#include "voicemail/number_store.hpp"

namespace tollgate::gateway::call {
namespace {

// Those that the account rents and has paid for: in grace none is shown.
std::vector<pstn::phone_number> rented_numbers(pqxx::work& tx, const uuid& account_id) {
  voicemail::number_filter filter;
  filter.account_id = account_id;
  filter.state = voicemail::number_state::assigned;
  filter.paid = true;
  filter.limit = 1'000;
  std::vector<pstn::phone_number> numbers;
  for (const auto& one : voicemail::list_numbers(tx, filter))
    numbers.push_back(one.number);
  return numbers;
}

std::optional<billing::cost_rate> cost_of(const environment& with, const pstn::trunk::trunk& trunk,
                                          const std::string& digits) {
  return with.cost ? with.cost(trunk.carrier_id, digits) : std::nullopt;
}

// Up or not, full or not: the trunks that are meant for it.
std::variant<call_refusal, outbound_plan> plan_emergency(const environment& with, const caller_facts& caller,
                                                         const std::string& digits) {
  outbound_plan plan{.number = std::nullopt,
                     .callee = digits,
                     .region = caller.region,
                     .rate = {},
                     .currency = caller.currency,
                     .route = {},
                     .costs = {}};
  plan.rate.destination = "Emergency";
  const auto known = with.trunks.list();
  for (const auto& name : with.settings.emergency_trunks)
    for (const auto& one : known)
      if (one.trunk->name == name)
        std::ranges::copy(with.trunks.targets_of(one.trunk), std::back_inserter(plan.route));
  plan.costs.assign(plan.route.size(), std::nullopt);
  if (!plan.route.empty()) return plan;
  constexpr auto why = pstn::number::dial_error::emergency;
  return call_refusal{std::string(code(why)), std::string(sentence(why)), 34, false};
}

// Of those that serve the number: what keeps a call from it now. A trunk that is switched off is none.
bool is_passed_over(pstn::trunk::verdict why) {
  using pstn::trunk::verdict;
  return why != verdict::chosen && why != verdict::other_destinations && why != verdict::disabled;
}

}  // namespace

bool is_carried_emergency(const environment& with, const caller_facts& caller, std::string_view to) {
  return !with.settings.emergency_trunks.empty() &&
         pstn::number::dialled_emergency(to, caller.region).has_value();
}

caller_facts read_caller(pqxx::work& tx, const uuid& account_id) {
  caller_facts found;
  if (const auto who = subscriber::find_subscriber(tx, account_id)) found.region = who->region;
  if (const auto money = billing::find_account(tx, account_id)) {
    found.may_call = !money->blocked;
    found.currency = money->currency;
    found.deck = money->deck;
    found.own_deck = money->own_deck;
    found.balance = money->credit.posted;
  } else {
    found.may_call = false;
  }
  const auto choice = subscriber::find_caller_choice(tx, account_id);
  found.presentation = subscriber::shown_number(choice, rented_numbers(tx, account_id));
  found.withheld = choice.withheld;
  found.policy = subscriber::find_calling_policy(tx, account_id);
  return found;
}

std::variant<call_refusal, dialled_call> read_dialled(const environment& with, const caller_facts& caller,
                                                      std::string_view to) {
  const auto policy = pstn::number::merged(with.settings.dial_policy, caller.policy.dial);
  const auto dialled = pstn::number::interpret(to, caller.region, policy);
  if (!dialled) {
    const auto why = static_cast<pstn::number::dial_error>(dialled.error().value());
    return call_refusal{std::string(code(why)), std::string(sentence(why)), 28, false};
  }
  return dialled_call{dialled->number, dialled->region, dialled->type};
}

std::vector<trunk_directory::candidate> consider_trunks(const environment& with,
                                                        const pstn::phone_number& number,
                                                        const std::string& currency) {
  const auto digits = number.digits();
  const auto cost = [&](const pstn::trunk::trunk& by) -> std::optional<std::int64_t> {
    const auto asked = cost_of(with, by, digits);
    if (!asked || asked->currency != currency) return std::nullopt;
    return billing::call_price(asked->terms, with.settings.usual_call).micros;
  };
  return with.trunks.consider(number, cost);
}

std::variant<call_refusal, outbound_plan> plan_outbound(const environment& with, const caller_facts& caller,
                                                        std::string_view to) {
  if (is_carried_emergency(with, caller, to))
    return plan_emergency(with, caller, *pstn::number::dialled_emergency(to, caller.region));
  auto dialled = read_dialled(with, caller, to);
  if (auto* refused = std::get_if<call_refusal>(&dialled)) return std::move(*refused);
  const auto& what = std::get<dialled_call>(dialled);
  const auto digits = what.number.digits();
  const auto rates = with.rates({caller.deck, caller.own_deck});
  const auto* rate = rates->find(digits);
  if (!rate || rates->currency() != caller.currency)
    return call_refusal{"no_rate", "There is no price for calls to this number.", 3};
  outbound_plan plan{.number = what.number,
                     .callee = what.number.e164(),
                     .region = what.region,
                     .rate = *rate,
                     .currency = caller.currency,
                     .route = {},
                     .costs = {}};
  std::vector<std::size_t> begins;  // where each chosen trunk's targets begin in the route
  for (const auto& one : consider_trunks(with, what.number, caller.currency)) {
    if (one.looked_at.why != pstn::trunk::verdict::chosen) {
      if (!is_passed_over(one.looked_at.why)) continue;
      const std::size_t chosen = one.looked_at.turn;
      plan.passed_over.push_back(
          {one.trunk->name, one.looked_at.why, chosen < begins.size() ? begins[chosen] : plan.route.size()});
      continue;
    }
    begins.push_back(plan.route.size());
    for (const auto& each : with.trunks.targets_of(one.trunk)) {
      plan.route.push_back(each);
      plan.costs.push_back(cost_of(with, *each, digits));
    }
  }
  if (!plan.route.empty()) return plan;
  call_refusal none{"no_route", "No carrier is available for this number at the moment.", 34};
  none.passed_over = std::move(plan.passed_over);
  return none;
}

void put_targets_last(std::vector<trunk_choice>& route, std::vector<std::optional<billing::cost_rate>>& costs,
                      std::size_t from) {
  const auto id = route.at(from)->id;
  std::vector<trunk_choice> same;
  std::vector<std::optional<billing::cost_rate>> same_costs;
  std::size_t kept = from + 1;
  for (std::size_t at = from + 1; at < route.size(); ++at) {
    if (route[at]->id == id) {
      same.push_back(route[at]);
      same_costs.push_back(costs.at(at));
      continue;
    }
    route[kept] = route[at];
    costs[kept++] = costs.at(at);
  }
  std::ranges::copy(same, route.begin() + static_cast<std::ptrdiff_t>(kept));
  std::ranges::copy(same_costs, costs.begin() + static_cast<std::ptrdiff_t>(kept));
}

billing::hold_request make_hold_request(const environment& with, const caller_facts& caller,
                                        const pstn::phone_number& callee, const billing::rate& terms,
                                        const std::string& currency) {
  const credit_clock clock(terms, with.settings.credit);
  billing::hold_request request;
  request.gateway_instance = with.settings.instance;
  request.node = with.settings.node;
  request.terms = terms;
  request.currency = currency;
  request.minimum = clock.minimum();
  request.wanted = clock.wanted();
  request.lease = with.settings.hold_lease;
  request.callee = callee.e164();
  if (const auto most = caller.policy.country_spend_day_micros)
    request.bound = {"+" + std::to_string(callee.country_code()), {*most}};
  return request;
}

billing::hold_answer open_hold(pqxx::transaction_base& tx, const environment& with,
                               const billing::hold_request& request) {
  return with.settings.fraud_limits ? billing::open_guarded_hold(tx, request)
                                    : billing::open_hold(tx, request);
}

std::optional<call_refusal> refusal_of(const billing::hold_answer& answer, const billing::rate& terms) {
  switch (answer.status) {
    case billing::hold_status::opened:
    case billing::hold_status::repeated:
      return std::nullopt;
    case billing::hold_status::insufficient_credit:
      return call_refusal{"insufficient_credit",
                          "Your credit does not cover the first " +
                              std::to_string(terms.initial_increment.count()) +
                              " seconds of this call: top up and call again.",
                          21};
    case billing::hold_status::fraud_limit:
      return call_refusal{"fraud_limit",
                          "Your account has reached a limit that protects it from misuse: ask your operator.",
                          21};
    case billing::hold_status::callee_limit:
      return call_refusal{std::string(country_limit_code), std::string(country_limit_text), 21};
    case billing::hold_status::wrong_currency:
      return call_refusal{"no_rate", "There is no price for calls to this number in your currency.", 3};
    case billing::hold_status::account_blocked:
    case billing::hold_status::already_settled:
    case billing::hold_status::no_account:
      break;
  }
  return call_refusal{"account_blocked", "This account may not place calls.", 21};
}

call_refusal refusal_while_draining() {
  return {"draining", "The gateway is about to stop: call again in a minute.", 41, false};
}

call_refusal refusal_when_full() {
  return {"overloaded", "The gateway is full at the moment: try again in a minute.", 42, false};
}

call_refusal refusal_of_too_many_calls() {
  return {"too_many_calls", "You have as many calls as are allowed at a time.", 21, false};
}

std::size_t calls_permitted(const environment& with, const caller_facts& caller) {
  return caller.policy.calls ? static_cast<std::size_t>(*caller.policy.calls)
                             : with.settings.calls_per_subscriber;
}

}  // namespace tollgate::gateway::call
