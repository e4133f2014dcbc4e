// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/member_access.hpp"

#include <cstddef>
#include <iterator>

namespace tollgate::gateway::api {
namespace {

constexpr role_set admins_alone{};
constexpr role_set owners{role::subscriber};
constexpr role_set staff{role::numbers, role::support};

constexpr member_rule rules[] = {
    {guarded::new_account_deck, "POST /v1/accounts", "rate_deck", admins_alone, "An account's prices are set by admins."},
    {guarded::account_deck, "PATCH /v1/accounts/{}", "rate_deck", admins_alone, "An account's prices are set by admins."},
    {guarded::account_own_deck, "PATCH /v1/accounts/{}", "own_rate_deck", admins_alone, "An account's prices are set by admins."},
    {guarded::account_passphrase, "PATCH /v1/accounts/{}", "passphrase", admins_alone,
     "A pass-phrase is set by admins, or by its owner, who knows the old one (POST /v1/accounts/{}/passphrase)."},
    {guarded::account_region, "PATCH /v1/accounts/{}", "region", admins_alone, "An account's country, which its taxes go by, is changed by admins."},
    {guarded::account_reopening, "PATCH /v1/accounts/{}", "status", admins_alone,
     "Support changes the status of an active account, or of one that support has blocked; any other is an admin's. What support has closed it may close again."},
    {guarded::number_auto_renewal, "PATCH /v1/numbers/{}", "auto_renew", owners, "That a term is renewed from its owner's credit is turned on by the owner."},
    {guarded::number_forwarding, "PUT /v1/numbers/{}/rules", "forward", owners,
     "Calls are forwarded at the owner's cost: others may leave telephones of the list out, and add none."},
    {guarded::number_name, "PATCH /v1/numbers/{}", "external_id", staff, "It is the operator's own."},
    {guarded::rented_porting, "POST /v1/numbers/{}/porting", "", admins_alone,
     "A number in a paid term is ported out by admins: its owner gets the unused days back."},
    {guarded::rented_withdrawal, "POST /v1/number_withdrawals", "", admins_alone,
     "A number in a paid term is withdrawn by admins: its owner gets the unused days back."},
    {guarded::imported_prices, "POST /v1/number_imports", "", admins_alone,
     "Numbers with prices of their own are imported by admins; rates sets prices of numbers that are there."},
    {guarded::verified_numbers, "PUT /v1/accounts/{}/caller_id", "verified_numbers", {role::support}, "Whose a number is, the operator says."},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(rules); ++i)
    if (static_cast<std::size_t>(rules[i].what) != i) return false;
  return true;
}
static_assert(in_order());

const member_rule& rule_of(guarded what) {
  return rules[static_cast<std::size_t>(what)];
}

}  // namespace

std::span<const member_rule> member_rules() {
  return rules;
}

bool may_set(const request& from, guarded what) {
  return !from.by || is_allowed({.roles = rule_of(what).who}, from.by->as);
}

reply forbidden(guarded what) {
  return problem(403, "refused_to_role", rule_of(what).about);
}

}  // namespace tollgate::gateway::api
