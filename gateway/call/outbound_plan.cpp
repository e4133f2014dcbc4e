// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/outbound_plan.hpp"

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

// Up or not, full or not: the one trunk that is meant for it.
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
  for (const auto& one : with.trunks.list())
    if (one.trunk->name == with.settings.emergency_trunk) plan.route = with.trunks.targets_of(one.trunk);
  plan.costs.assign(plan.route.size(), std::nullopt);
  if (!plan.route.empty()) return plan;
  constexpr auto why = pstn::number::dial_error::emergency;
  return call_refusal{std::string(code(why)), std::string(sentence(why)), 34, false};
}

}  // namespace

bool is_carried_emergency(const environment& with, const caller_facts& caller, std::string_view to) {
  return !with.settings.emergency_trunk.empty() &&
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
    found.available = money->credit.posted - money->credit.held;
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
  for (const auto& one : consider_trunks(with, what.number, caller.currency)) {
    if (one.looked_at.why != pstn::trunk::verdict::chosen) continue;
    for (const auto& each : with.trunks.targets_of(one.trunk)) {
      plan.route.push_back(each);
      plan.costs.push_back(cost_of(with, *each, digits));
    }
  }
  if (plan.route.empty())
    return call_refusal{"no_route", "No carrier is available for this number at the moment.", 34};
  return plan;
}

}  // namespace tollgate::gateway::call
