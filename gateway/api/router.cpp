// SPDX-License-Identifier: Apache-2.0
// The table of resources.
#include "gateway/api/router.hpp"

#include <algorithm>
#include <iterator>

#include "gateway/api/documentation.hpp"
#include "gateway/api/lookups.hpp"
#include "gateway/api/notifications.hpp"
#include "gateway/api/own_credentials.hpp"
#include "gateway/api/resources.hpp"

namespace tollgate::gateway::api {
namespace {

constexpr auto large = body_size::large;

// Who may use a resource. Admins may use every one.
constexpr access everybody{.open = true};
constexpr access admins{};
constexpr access auditors{{role::auditor}};
constexpr access any_role{
    {role::auditor, role::rates, role::numbers, role::support, role::carrier, role::subscriber}};
constexpr access desks{{role::auditor, role::rates, role::numbers, role::support}};
constexpr access prices{{role::auditor, role::rates, role::numbers, role::support, role::subscriber}};
constexpr access prices_own{{role::auditor, role::rates, role::numbers, role::support, role::subscriber},
                            owner::query};
constexpr access records{{role::auditor, role::support, role::carrier}};  // a carrier: of its trunks
constexpr access records_ordered{{role::support, role::carrier}};         // as files: an auditor orders and removes nothing
constexpr access accounts_read{{role::auditor, role::numbers, role::support}};
constexpr access support_reads{{role::auditor, role::support}};
constexpr access support_desk{{role::support}};
constexpr access owner_reads{{role::auditor, role::support, role::subscriber}, owner::path};
constexpr access owner_or_support{{role::support, role::subscriber}, owner::path};
constexpr access owner_only{{role::subscriber}, owner::path};
constexpr access rates_read{{role::auditor, role::rates, role::support}};
constexpr access rates_desk{{role::rates}};
constexpr access numbers_read{{role::auditor, role::numbers, role::support}};
constexpr access numbers_desk{{role::numbers}};
constexpr access number_seen{{role::auditor, role::numbers, role::support, role::subscriber}, owner::number};
constexpr access stock_seen{{role::auditor, role::numbers, role::support, role::subscriber}};  // a subscriber: what may be rented
constexpr access number_set{{role::numbers, role::support, role::subscriber}, owner::number};
constexpr access orders{{role::numbers, role::subscriber}, owner::body};
constexpr access orders_read{{role::auditor, role::numbers, role::support, role::subscriber}, owner::query};  // by id: its own

// Subscribers and carriers: of their own (events.cpp, webhooks.cpp).
constexpr access events_read{{role::auditor, role::support, role::carrier, role::subscriber}};
constexpr access webhooks_read{{role::auditor, role::subscriber}};
constexpr access webhooks_own{{role::subscriber}};

constexpr route table[] = {
    {"GET", "/health", get_health, everybody},
    {"GET", "/ready", get_ready, everybody},
    {"GET", "/metrics", get_metrics, everybody},
    {"GET", "/v1/openapi.json", get_document, everybody},
    {"GET", "/v1/docs", get_documentation, everybody},
    {"GET", "/v1/docs/page.css", get_documentation_style, everybody},
    {"GET", "/v1/docs/page.js", get_documentation_script, everybody},
    {"GET", "/v1/roles", list_roles, any_role},
    {"GET", "/v1/api_tokens", list_api_tokens, auditors},
    {"POST", "/v1/api_tokens", create_api_token, admins},
    {"GET", "/v1/api_tokens/{}", get_api_token, auditors},
    {"DELETE", "/v1/api_tokens/{}", revoke_api_token, admins},
    {"POST", "/v1/api_tokens/{}/rotation", rotate_api_token, admins},
    {"POST", "/v1/sessions", open_session, everybody},
    {"DELETE", "/v1/sessions/current", end_session, any_role},
    {"GET", "/v1/audit_log", list_audit, auditors},

    {"GET", "/v1/events", list_events, events_read},
    {"GET", "/v1/webhooks", list_webhooks, webhooks_read},
    {"POST", "/v1/webhooks", create_webhook, webhooks_own},
    {"GET", "/v1/webhooks/{}", get_webhook, webhooks_read},
    {"PATCH", "/v1/webhooks/{}", change_webhook, webhooks_own},
    {"DELETE", "/v1/webhooks/{}", remove_webhook, webhooks_own},
    {"POST", "/v1/webhooks/{}/secret", rotate_webhook_secret, webhooks_own},
    {"GET", "/v1/webhooks/{}/deliveries", list_webhook_deliveries, webhooks_read},
    {"POST", "/v1/webhooks/{}/replay", replay_webhook, webhooks_own},

    {"GET", "/v1/status", get_status, desks},
    {"POST", "/v1/drain", post_drain, admins},
    {"GET", "/v1/nodes", list_nodes, desks},
    {"GET", "/v1/nodes/{}", get_node, desks},
    {"POST", "/v1/nodes/{}/drain", drain_node, admins},
    {"POST", "/v1/nodes/{}/undrain", undrain_node, admins},
    {"GET", "/v1/dial_policies", list_dial_policies, support_reads},
    {"GET", "/v1/dial_policies/gateway", get_dial_policy, support_reads},
    {"PUT", "/v1/dial_policies/gateway", put_dial_policy, admins},
    {"DELETE", "/v1/dial_policies/gateway", remove_dial_policy, admins},

    {"GET", "/v1/accounts", list_accounts, accounts_read},
    {"POST", "/v1/accounts", create_account, support_desk},
    {"GET", "/v1/accounts/{}", get_account, owner_reads},
    {"PATCH", "/v1/accounts/{}", change_account, support_desk},
    {"POST", "/v1/accounts/{}/passphrase", change_passphrase, owner_only},
    {"GET", "/v1/accounts/{}/devices", list_devices, owner_reads},
    {"DELETE", "/v1/accounts/{}/devices/{}", disconnect_device, owner_or_support},
    {"POST", "/v1/accounts/{}/credentials/revocation", revoke_credentials, owner_or_support},
    {"GET", "/v1/accounts/{}/calling_policy", get_calling_policy, owner_reads},
    {"PUT", "/v1/accounts/{}/calling_policy", put_calling_policy, admins},
    {"GET", "/v1/accounts/{}/caller_id", get_caller_choice, owner_reads},
    {"PUT", "/v1/accounts/{}/caller_id", put_caller_choice, owner_or_support},
    {"GET", "/v1/accounts/{}/balance", get_balance, owner_reads},
    {"GET", "/v1/accounts/{}/low_balance", get_low_balance, owner_reads},
    {"PUT", "/v1/accounts/{}/low_balance", put_low_balance, owner_or_support},
    {"GET", "/v1/accounts/{}/entries", list_entries, owner_reads},
    {"GET", "/v1/accounts/{}/statement", get_statement, owner_reads},
    {"GET", "/v1/accounts/{}/topup_quote", get_top_up_quote, owner_reads},
    {"GET", "/v1/accounts/{}/calls", list_account_calls, owner_reads},
    {"GET", "/v1/accounts/{}/calls/{}", get_account_call, owner_reads},
    {"GET", "/v1/accounts/{}/events", list_account_events, owner_reads},
    {"POST", "/v1/accounts/{}/reactivation", reactivate_credit, owner_only},
    {"POST", "/v1/accounts/{}/vouchers", redeem_account_voucher, owner_only},
    {"GET", "/v1/payments", list_payments, support_reads},
    {"POST", "/v1/payments", create_payment, admins},
    {"GET", "/v1/payments/{}", get_payment, support_reads},
    {"POST", "/v1/payment_events", take_payment_event, everybody},
    {"GET", "/v1/refunds", list_refunds, support_reads},
    {"POST", "/v1/refunds", create_refund, admins},
    {"GET", "/v1/refunds/{}", get_refund, support_reads},
    {"GET", "/v1/adjustments", list_adjustments, support_reads},
    {"POST", "/v1/adjustments", create_adjustment, admins},
    {"GET", "/v1/adjustments/{}", get_adjustment, support_reads},
    {"GET", "/v1/ledger/violations", list_violations, auditors},
    {"GET", "/v1/ledger/house_accounts", list_house_accounts, auditors},
    {"GET", "/v1/ledger/tax", list_tax_due, auditors},
    {"GET", "/v1/tax_rates", list_tax_rates, rates_read},
    {"PUT", "/v1/tax_rates/{}/{}", set_tax_rate, rates_desk},
    {"DELETE", "/v1/tax_rates/{}/{}/{}", remove_tax_rate, rates_desk},
    {"GET", "/v1/currencies", list_currencies, rates_read},
    {"PUT", "/v1/currencies/{}/least_topup", set_least_topup, rates_desk},
    {"DELETE", "/v1/currencies/{}/least_topup", remove_least_topup, rates_desk},
    {"GET", "/v1/fraud/limits", list_fraud_limits, auditors},
    {"PUT", "/v1/fraud/limits/{}/{}", set_fraud_limit, admins},
    {"DELETE", "/v1/fraud/limits/{}/{}", remove_fraud_limit, admins},
    {"GET", "/v1/fraud/policy", get_fraud_policy, auditors},
    {"PUT", "/v1/fraud/policy", set_fraud_policy, admins},
    {"PUT", "/v1/fraud/policy/{}", set_fraud_amounts, admins},
    {"DELETE", "/v1/fraud/policy/{}", remove_fraud_amounts, admins},
    {"GET", "/v1/fraud/events", list_fraud_events, support_reads},
    {"POST", "/v1/fraud/unlock", unlock_all_fraud, admins},
    {"GET", "/v1/accounts/{}/fraud", get_account_fraud, support_reads},
    {"POST", "/v1/accounts/{}/fraud/unlock", unlock_account_fraud, admins},
    {"GET", "/v1/voucher_batches", list_voucher_batches, auditors},
    {"POST", "/v1/voucher_batches", create_voucher_batch, admins},
    {"GET", "/v1/voucher_batches/{}", get_voucher_batch, auditors},
    {"GET", "/v1/voucher_batches/{}/vouchers", list_vouchers, auditors},
    {"GET", "/v1/voucher_batches/{}/vouchers/{}", get_voucher, auditors},
    {"POST", "/v1/voucher_batches/{}/revocation", revoke_voucher_batch, admins},

    {"GET", "/v1/rate_decks", list_rate_decks, rates_read},
    {"GET", "/v1/rate_decks/{}/{}", export_rate_deck, rates_read},
    {"GET", "/v1/rate_decks/{}/{}/changes", compare_rate_decks, rates_read},
    {"GET", "/v1/rate_imports", list_rate_imports, rates_read},
    {"POST", "/v1/rate_imports", import_rate_deck, rates_desk, large},
    {"GET", "/v1/rate_imports/{}", get_rate_import, rates_read},
    {"POST", "/v1/rate_imports/{}/commit", commit_rate_import, rates_desk},
    {"POST", "/v1/rate_imports/{}/rollback", roll_back_rate_import, rates_desk},
    {"GET", "/v1/rates", find_rate, prices_own},
    {"GET", "/v1/carriers/{}/cost_deck", get_cost_deck, rates_read},
    {"PUT", "/v1/carriers/{}/cost_deck", put_cost_deck, rates_desk},
    {"DELETE", "/v1/carriers/{}/cost_deck", remove_cost_deck, rates_desk},

    {"GET", "/v1/carriers", list_carriers, desks},
    {"POST", "/v1/carriers", create_carrier, admins},
    {"GET", "/v1/carriers/{}", get_carrier, desks},
    {"PUT", "/v1/carriers/{}", replace_carrier, admins},
    {"DELETE", "/v1/carriers/{}", remove_carrier, admins},
    {"GET", "/v1/trunks", list_trunks, desks},
    {"POST", "/v1/trunks", create_trunk, admins},
    {"GET", "/v1/trunks/{}", get_trunk, desks},
    {"PUT", "/v1/trunks/{}", replace_trunk, admins},
    {"PATCH", "/v1/trunks/{}", change_trunk, admins},
    {"DELETE", "/v1/trunks/{}", remove_trunk, admins},

    {"GET", "/v1/routes", list_routes, desks},
    {"POST", "/v1/route_simulations", simulate_call, desks},

    {"GET", "/v1/numbers", list_numbers, stock_seen},
    {"POST", "/v1/numbers", create_number, numbers_desk},
    {"GET", "/v1/available_numbers", list_available_numbers, stock_seen},
    {"GET", "/v1/numbers/{}", get_number, number_seen},
    {"PATCH", "/v1/numbers/{}", change_number, number_set},
    {"POST", "/v1/numbers/{}/release", release_number, orders},
    {"POST", "/v1/numbers/{}/refund", refund_number, admins},
    {"POST", "/v1/numbers/{}/reservation", reserve_number, orders},
    {"POST", "/v1/numbers/{}/renewal", renew_number, orders},
    {"POST", "/v1/numbers/{}/porting", port_number, numbers_desk},
    {"GET", "/v1/numbers/{}/events", list_number_events, numbers_read},
    {"GET", "/v1/numbers/{}/rules", get_number_rules, number_seen},
    {"PUT", "/v1/numbers/{}/rules", set_number_rules, number_set},
    {"PUT", "/v1/numbers/{}/prices/{}/{}", set_own_number_price, rates_desk},
    {"DELETE", "/v1/numbers/{}/prices/{}/{}", remove_own_number_price, rates_desk},
    {"GET", "/v1/number_imports", list_number_imports, numbers_read},
    {"GET", "/v1/number_imports/{}", get_number_import, numbers_read},
    {"POST", "/v1/number_imports", import_numbers, numbers_desk, large},
    {"POST", "/v1/number_withdrawals", withdraw_numbers, numbers_desk, large},
    {"GET", "/v1/number_orders", list_number_orders, orders_read},
    {"POST", "/v1/number_orders", create_number_order, orders},
    {"GET", "/v1/number_orders/{}", get_number_order, orders_read},
    {"GET", "/v1/number_prices", list_number_prices, prices},
    {"PUT", "/v1/number_prices/{}/{}", set_number_price, rates_desk},
    {"DELETE", "/v1/number_prices/{}/{}", remove_number_price, rates_desk},
    {"GET", "/v1/country_rules", list_country_rules, prices},
    {"PUT", "/v1/country_rules", replace_country_rules, numbers_desk, large},
    {"GET", "/v1/accounts/{}/address", get_account_address, owner_reads},
    {"PUT", "/v1/accounts/{}/address", set_account_address, owner_or_support},

    {"GET", "/v1/calls", list_live_calls, support_reads},
    {"GET", "/v1/calls/{}", get_live_call, support_reads},
    {"DELETE", "/v1/calls/{}", hang_up_call, support_desk},
    {"GET", "/v1/traces/{}", get_trace, support_reads},
    {"GET", "/v1/cdrs", list_cdrs, records},
    {"GET", "/v1/cdrs/export", export_cdrs, auditors},
    {"GET", "/v1/cdr_exports", list_cdr_exports, records},
    {"POST", "/v1/cdr_exports", create_cdr_export, records_ordered},
    {"GET", "/v1/cdr_exports/{}", get_cdr_export, records},
    {"DELETE", "/v1/cdr_exports/{}", remove_cdr_export, records_ordered},
    {"GET", "/v1/cdr_exports/{}/file", get_cdr_export_file, records},
    {"POST", "/v1/cdrs/reconciliation", reconcile_carrier, auditors, large},
    {"GET", "/v1/ledger/reconciliation", reconcile_ledger, auditors},
    {"GET", "/v1/cdrs/rerating", report_rerating, auditors},
    {"GET", "/v1/reratings", list_reratings, auditors},
    {"POST", "/v1/reratings", create_rerating, admins},
    {"GET", "/v1/reratings/{}", get_rerating, auditors},
    {"GET", "/v1/reratings/{}/calls", list_rerated_calls, auditors},
    {"GET", "/v1/cdr_consumers", list_cdr_consumers, auditors},
    {"PUT", "/v1/cdr_consumers/{}", acknowledge_cdrs, admins},
    {"DELETE", "/v1/cdr_consumers/{}", remove_cdr_consumer, admins},

    {"GET", "/v1/mailboxes/{}/voicemails", list_voicemails, owner_reads},
    {"GET", "/v1/mailboxes/{}/voicemails/{}", get_voicemail, owner_reads},
    {"GET", "/v1/mailboxes/{}/voicemails/{}/audio", get_voicemail_audio, owner_only},
    {"PATCH", "/v1/mailboxes/{}/voicemails/{}", change_voicemail, owner_only},
    {"DELETE", "/v1/mailboxes/{}/voicemails/{}", delete_voicemail, owner_only},
    {"POST", "/v1/mailboxes/{}/voicemails/{}/restoration", restore_voicemail, owner_or_support},
    {"GET", "/v1/mailboxes", list_mailboxes, support_reads},
    {"GET", "/v1/mailboxes/{}", get_mailbox, owner_reads},
    {"PATCH", "/v1/mailboxes/{}", change_mailbox, owner_or_support},
    {"GET", "/v1/mailboxes/{}/limits", get_mailbox_limits, owner_reads},
    {"PUT", "/v1/mailboxes/{}/limits", set_mailbox_limits, support_desk},
    {"POST", "/v1/mailboxes/{}/pin", set_mailbox_pin, owner_only},  // the answer may have it in clear
    {"GET", "/v1/mailboxes/{}/notifications", get_notifications, owner_reads},
    {"PUT", "/v1/mailboxes/{}/notifications", set_notifications, owner_only},  // where the audio may go
    {"GET", "/v1/mailboxes/{}/greetings", list_greetings, owner_reads},
    {"GET", "/v1/mailboxes/{}/greetings/{}", get_greeting, owner_only},
    {"PUT", "/v1/mailboxes/{}/greetings/{}", put_greeting, owner_only, large},
    {"DELETE", "/v1/mailboxes/{}/greetings/{}", remove_greeting, owner_or_support},
};

// Whether the path is of this pattern; what stands for {} is put there, unless it is null.
bool matches(std::string_view pattern, const std::vector<std::string>& path, std::vector<std::string>* parameters) {
  for (const std::string& segment : path) {
    if (!pattern.starts_with('/')) return false;
    pattern.remove_prefix(1);
    const std::string_view wanted = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(wanted.size());
    if (wanted != "{}" && wanted != segment) return false;
    if (wanted == "{}" && parameters != nullptr) parameters->push_back(segment);
  }
  return pattern.empty();
}

}  // namespace

std::span<const route> routes() {
  return table;
}

bool takes_key(const route& of) {
  // These only read, or are the same however often they are sent.
  constexpr std::string_view keyless[] = {"/v1/drain", "/v1/nodes/{}/drain", "/v1/nodes/{}/undrain", "/v1/cdrs/reconciliation", "/v1/route_simulations"};
  return of.method == "POST" && !of.who.open && std::find(std::begin(keyless), std::end(keyless), of.pattern) == std::end(keyless);
}

routing choose_route(std::span<const route> from, request& to) {
  routing chosen;
  for (const route& each : from) {
    if (!matches(each.pattern, to.path, nullptr)) continue;
    if (each.method == to.method) {
      to.parameters.clear();
      matches(each.pattern, to.path, &to.parameters);
      chosen.found = &each;
      return chosen;
    }
    chosen.allowed += (chosen.allowed.empty() ? "" : ", ") + std::string(each.method);
    if (each.method == "GET") chosen.allowed += ", HEAD";
  }
  return chosen;
}

}  // namespace tollgate::gateway::api
