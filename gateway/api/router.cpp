// SPDX-License-Identifier: Apache-2.0
// The table of resources.
#include "gateway/api/router.hpp"

#include "gateway/api/resources.hpp"

namespace tollgate::gateway::api {
namespace {

constexpr route table[] = {
    {"GET", "/health", get_health, true},
    {"GET", "/ready", get_ready, true},
    {"GET", "/metrics", get_metrics, true},
    {"GET", "/v1/status", get_status},
    {"POST", "/v1/drain", post_drain},

    {"GET", "/v1/accounts", list_accounts},
    {"POST", "/v1/accounts", create_account},
    {"GET", "/v1/accounts/{}", get_account},
    {"PATCH", "/v1/accounts/{}", change_account},
    {"GET", "/v1/accounts/{}/calling_policy", get_calling_policy},
    {"PUT", "/v1/accounts/{}/calling_policy", put_calling_policy},
    {"GET", "/v1/accounts/{}/balance", get_balance},
    {"GET", "/v1/accounts/{}/entries", list_entries},
    {"GET", "/v1/accounts/{}/statement", get_statement},
    {"GET", "/v1/accounts/{}/topup_quote", get_top_up_quote},
    {"GET", "/v1/accounts/{}/calls", list_account_calls},
    {"GET", "/v1/accounts/{}/calls/{}", get_account_call},
    {"GET", "/v1/accounts/{}/events", list_account_events},
    {"POST", "/v1/accounts/{}/reactivation", reactivate_credit},
    {"POST", "/v1/accounts/{}/vouchers", redeem_account_voucher},
    {"POST", "/v1/payments", create_payment},
    {"POST", "/v1/payment_events", take_payment_event, true},
    {"POST", "/v1/refunds", create_refund},
    {"POST", "/v1/adjustments", create_adjustment},
    {"GET", "/v1/ledger/violations", list_violations},
    {"GET", "/v1/ledger/house_accounts", list_house_accounts},
    {"GET", "/v1/ledger/tax", list_tax_due},
    {"GET", "/v1/tax_rates", list_tax_rates},
    {"PUT", "/v1/tax_rates/{}/{}", set_tax_rate},
    {"DELETE", "/v1/tax_rates/{}/{}/{}", remove_tax_rate},
    {"GET", "/v1/currencies", list_currencies},
    {"PUT", "/v1/currencies/{}/least_topup", set_least_topup},
    {"DELETE", "/v1/currencies/{}/least_topup", remove_least_topup},
    {"GET", "/v1/fraud/limits", list_fraud_limits},
    {"PUT", "/v1/fraud/limits/{}/{}", set_fraud_limit},
    {"DELETE", "/v1/fraud/limits/{}/{}", remove_fraud_limit},
    {"GET", "/v1/fraud/policy", get_fraud_policy},
    {"PUT", "/v1/fraud/policy", set_fraud_policy},
    {"GET", "/v1/fraud/events", list_fraud_events},
    {"POST", "/v1/fraud/unlock", unlock_all_fraud},
    {"GET", "/v1/accounts/{}/fraud", get_account_fraud},
    {"POST", "/v1/accounts/{}/fraud/unlock", unlock_account_fraud},
    {"GET", "/v1/voucher_batches", list_voucher_batches},
    {"POST", "/v1/voucher_batches", create_voucher_batch},
    {"GET", "/v1/voucher_batches/{}", get_voucher_batch},
    {"POST", "/v1/voucher_batches/{}/revocation", revoke_voucher_batch},

    {"GET", "/v1/rate_decks", list_rate_decks},
    {"GET", "/v1/rate_decks/{}/{}", export_rate_deck},
    {"POST", "/v1/rate_imports", import_rate_deck, false, true},
    {"GET", "/v1/rates", find_rate},
    {"GET", "/v1/carriers/{}/cost_deck", get_cost_deck},
    {"PUT", "/v1/carriers/{}/cost_deck", put_cost_deck},
    {"DELETE", "/v1/carriers/{}/cost_deck", remove_cost_deck},

    {"GET", "/v1/carriers", list_carriers},
    {"POST", "/v1/carriers", create_carrier},
    {"GET", "/v1/carriers/{}", get_carrier},
    {"PUT", "/v1/carriers/{}", replace_carrier},
    {"DELETE", "/v1/carriers/{}", remove_carrier},
    {"GET", "/v1/trunks", list_trunks},
    {"POST", "/v1/trunks", create_trunk},
    {"GET", "/v1/trunks/{}", get_trunk},
    {"PUT", "/v1/trunks/{}", replace_trunk},
    {"DELETE", "/v1/trunks/{}", remove_trunk},

    {"GET", "/v1/call_simulation", simulate_call},

    {"GET", "/v1/numbers", list_numbers},
    {"POST", "/v1/numbers", create_number},
    {"GET", "/v1/numbers/{}", get_number},
    {"PATCH", "/v1/numbers/{}", change_number},
    {"POST", "/v1/numbers/{}/release", release_number},
    {"POST", "/v1/numbers/{}/refund", refund_number},
    {"POST", "/v1/numbers/{}/reservation", reserve_number},
    {"POST", "/v1/numbers/{}/porting", port_number},
    {"GET", "/v1/numbers/{}/events", list_number_events},
    {"GET", "/v1/numbers/{}/rules", get_number_rules},
    {"PUT", "/v1/numbers/{}/rules", set_number_rules},
    {"POST", "/v1/number_imports", import_numbers, false, true},
    {"POST", "/v1/number_withdrawals", withdraw_numbers, false, true},
    {"POST", "/v1/number_orders", create_number_order},
    {"GET", "/v1/number_prices", list_number_prices},
    {"PUT", "/v1/number_prices/{}/{}", set_number_price},
    {"DELETE", "/v1/number_prices/{}/{}", remove_number_price},

    {"GET", "/v1/calls", list_live_calls},
    {"GET", "/v1/calls/{}", get_live_call},
    {"DELETE", "/v1/calls/{}", hang_up_call},
    {"GET", "/v1/traces/{}", get_trace},
    {"GET", "/v1/cdrs", list_cdrs},
    {"GET", "/v1/cdrs/export", export_cdrs},
    {"POST", "/v1/cdrs/reconciliation", reconcile_carrier, false, true},
    {"GET", "/v1/ledger/reconciliation", reconcile_ledger},
    {"GET", "/v1/cdr_consumers", list_cdr_consumers},
    {"PUT", "/v1/cdr_consumers/{}", acknowledge_cdrs},
    {"DELETE", "/v1/cdr_consumers/{}", remove_cdr_consumer},

    {"GET", "/v1/mailboxes/{}/voicemails", list_voicemails},
    {"GET", "/v1/mailboxes/{}/voicemails/{}", get_voicemail},
    {"GET", "/v1/mailboxes/{}/voicemails/{}/audio", get_voicemail_audio},
    {"PATCH", "/v1/mailboxes/{}/voicemails/{}", change_voicemail},
    {"DELETE", "/v1/mailboxes/{}/voicemails/{}", delete_voicemail},
    {"POST", "/v1/mailboxes/{}/voicemails/{}/restoration", restore_voicemail},
    {"GET", "/v1/mailboxes/{}", get_mailbox},
    {"PATCH", "/v1/mailboxes/{}", change_mailbox},
    {"POST", "/v1/mailboxes/{}/pin", set_mailbox_pin},
    {"GET", "/v1/mailboxes/{}/greetings/{}", get_greeting},
    {"PUT", "/v1/mailboxes/{}/greetings/{}", put_greeting, false, true},
    {"DELETE", "/v1/mailboxes/{}/greetings/{}", remove_greeting},
};

bool matches(std::string_view pattern, const std::vector<std::string>& path,
             std::vector<std::string>& parameters) {
  parameters.clear();
  for (const std::string& segment : path) {
    if (!pattern.starts_with('/')) return false;
    pattern.remove_prefix(1);
    const std::string_view wanted = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(wanted.size());
    if (wanted == "{}")
      parameters.push_back(segment);
    else if (wanted != segment)
      return false;
  }
  return pattern.empty();
}

}  // namespace

std::span<const route> routes() {
  return table;
}

routing choose_route(std::span<const route> from, request& to) {
  routing chosen;
  for (const route& each : from) {
    std::vector<std::string> parameters;
    if (!matches(each.pattern, to.path, parameters)) continue;
    if (each.method == to.method) {
      to.parameters = std::move(parameters);
      chosen.found = &each;
      return chosen;
    }
    chosen.allowed += (chosen.allowed.empty() ? "" : ", ") + std::string(each.method);
  }
  return chosen;
}

}  // namespace tollgate::gateway::api
