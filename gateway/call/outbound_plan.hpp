// SPDX-License-Identifier: Apache-2.0
// How a call to a telephone would be placed: number, dial policy, rate, trunks in order with their costs. The
// call itself and its simulation both ask here, so that they cannot differ. Reads the tables in memory; no IO
// beside read_caller.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "billing/ledger.hpp"
#include "billing/rate.hpp"
#include "gateway/call/environment.hpp"
#include "gateway/subscriber/calling_policy.hpp"
#include "pstn/number/phone_number.hpp"

namespace tollgate::gateway::call {

// Who calls, as far as the call needs to know them.
struct caller_facts {
  std::string region;  // ISO 3166, for national forms
  std::optional<pstn::phone_number>
      presentation;       // a number that the account rents or has verified; none: the trunk's default
  bool withheld = false;  // the called party does not see it
  bool may_call = true;
  std::string currency;
  std::string deck;                     // its plan's rates
  std::optional<std::string> own_deck;  // and its own, which go before
  billing::money balance;               // posted, before the call
  subscriber::calling_policy policy;
};

// A trunk that serves the number and gets no INVITE, for it is down, full or at rest.
struct passed_over_trunk {
  std::string name;
  pstn::trunk::verdict why = pstn::trunk::verdict::down;
  std::size_t turn = 0;  // how many places of the route go before it
};

// Why a call is not placed.
struct call_refusal {
  std::string code;
  std::string text;
  int q850 = 21;
  bool leaves_record = true;  // a CDR without charge
  std::vector<passed_over_trunk> passed_over{};
};

// Of an account's limit on what a day's calls to one country may cost.
inline constexpr std::string_view country_limit_code = "country_limit";
inline constexpr std::string_view country_limit_text =
    "Your account has reached what it may spend on calls to this country in a day.";

struct dialled_call {
  pstn::phone_number number;
  std::string region;  // of the number
  pstn::number::number_type type;
};

struct outbound_plan {
  std::optional<pstn::phone_number> number;  // none: an emergency number, which goes without rate and credit
  std::string callee;                        // "+442079460958", "112"
  std::string region;                        // of the callee
  billing::rate rate;
  std::string currency;
  std::vector<trunk_choice> route;                       // best first, not empty
  std::vector<std::optional<billing::cost_rate>> costs;  // of each in `route`, as they are now
  std::vector<passed_over_trunk> passed_over{};          // in their order
};

// Is that an emergency number, and is there a trunk for it? Nothing then keeps the caller from it: no limit,
// no block, no credit.
bool is_carried_emergency(const environment& with, const caller_facts& caller, std::string_view to);

// The account's facts; may_call is false for one that is unknown or blocked.
caller_facts read_caller(pqxx::work& tx, const uuid& account_id);

// What is dialled, if the policy permits it.
std::variant<call_refusal, dialled_call> read_dialled(const environment& with, const caller_facts& caller,
                                                      std::string_view to);

// All trunks for this number, those of the route first (pstn/trunk/router.hpp). Costs are compared by what a
// call of usual length costs, where the carrier's currency is this one.
std::vector<trunk_directory::candidate> consider_trunks(const environment& with,
                                                        const pstn::phone_number& number,
                                                        const std::string& currency);

// Of a route with the costs of each: what is to come of the trunk at `from` goes behind all others.
void put_targets_last(std::vector<trunk_choice>& route, std::vector<std::optional<billing::cost_rate>>& costs,
                      std::size_t from);

// What the ledger is asked for before the call may ring, but for whose and which call it is; and why the call
// does not, by its answer.
billing::hold_request make_hold_request(const environment& with, const caller_facts& caller,
                                        const pstn::phone_number& callee, const billing::rate& terms,
                                        const std::string& currency);
billing::hold_answer open_hold(pqxx::transaction_base& tx, const environment& with,
                               const billing::hold_request& request);
std::optional<call_refusal> refusal_of(const billing::hold_answer& answer, const billing::rate& terms);

// Of a call that comes while the gateway drains, has as many calls as it takes, or whose caller has.
call_refusal refusal_while_draining();
call_refusal refusal_when_full();
call_refusal refusal_of_too_many_calls();
// How many calls at once the caller may have.
std::size_t calls_permitted(const environment& with, const caller_facts& caller);

std::variant<call_refusal, outbound_plan> plan_outbound(const environment& with, const caller_facts& caller,
                                                        std::string_view to);

}  // namespace tollgate::gateway::call
