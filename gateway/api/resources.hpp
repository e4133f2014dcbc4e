// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: the handlers of the resources. Each is a coroutine that gets a routed, authenticated
// request.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "gateway/api/http.hpp"
#include "gateway/api/services.hpp"

namespace tollgate::gateway::api {

// the node itself (health.cpp)
boost::asio::awaitable<reply> get_health(services& with, const request& from);
boost::asio::awaitable<reply> get_ready(services& with, const request& from);
boost::asio::awaitable<reply> get_metrics(services& with, const request& from);
boost::asio::awaitable<reply> get_status(services& with, const request& from);
boost::asio::awaitable<reply> post_drain(services& with, const request& from);

// all nodes (nodes.cpp)
boost::asio::awaitable<reply> list_nodes(services& with, const request& from);
boost::asio::awaitable<reply> get_node(services& with, const request& from);
boost::asio::awaitable<reply> drain_node(services& with, const request& from);
boost::asio::awaitable<reply> undrain_node(services& with, const request& from);

// what may be called from here (dial_policies.cpp)
boost::asio::awaitable<reply> list_dial_policies(services& with, const request& from);
boost::asio::awaitable<reply> get_dial_policy(services& with, const request& from);
boost::asio::awaitable<reply> put_dial_policy(services& with, const request& from);
boost::asio::awaitable<reply> remove_dial_policy(services& with, const request& from);

// the API itself (document.cpp)
boost::asio::awaitable<reply> get_document(services& with, const request& from);

// who may use all this (api_tokens.cpp)
boost::asio::awaitable<reply> list_roles(services& with, const request& from);
boost::asio::awaitable<reply> list_api_tokens(services& with, const request& from);
boost::asio::awaitable<reply> create_api_token(services& with, const request& from);
boost::asio::awaitable<reply> get_api_token(services& with, const request& from);
boost::asio::awaitable<reply> revoke_api_token(services& with, const request& from);
boost::asio::awaitable<reply> rotate_api_token(services& with, const request& from);
boost::asio::awaitable<reply> open_session(services& with, const request& from);
boost::asio::awaitable<reply> end_session(services& with, const request& from);

// what happens (events.cpp), and who is told of it (webhooks.cpp)
boost::asio::awaitable<reply> list_events(services& with, const request& from);
boost::asio::awaitable<reply> list_webhooks(services& with, const request& from);
boost::asio::awaitable<reply> create_webhook(services& with, const request& from);
boost::asio::awaitable<reply> get_webhook(services& with, const request& from);
boost::asio::awaitable<reply> change_webhook(services& with, const request& from);
boost::asio::awaitable<reply> remove_webhook(services& with, const request& from);
boost::asio::awaitable<reply> rotate_webhook_secret(services& with, const request& from);
boost::asio::awaitable<reply> list_webhook_deliveries(services& with, const request& from);
boost::asio::awaitable<reply> replay_webhook(services& with, const request& from);

// who changed what (audit.cpp)
boost::asio::awaitable<reply> list_audit(services& with, const request& from);

// subscribers and their accounts (accounts.cpp)
boost::asio::awaitable<reply> list_accounts(services& with, const request& from);
boost::asio::awaitable<reply> create_account(services& with, const request& from);
boost::asio::awaitable<reply> get_account(services& with, const request& from);
boost::asio::awaitable<reply> change_account(services& with, const request& from);

// devices of an account, and their credentials (devices.cpp)
boost::asio::awaitable<reply> list_devices(services& with, const request& from);
boost::asio::awaitable<reply> disconnect_device(services& with, const request& from);
boost::asio::awaitable<reply> revoke_credentials(services& with, const request& from);

// what an account may call (calling_policy.cpp)
boost::asio::awaitable<reply> get_calling_policy(services& with, const request& from);
boost::asio::awaitable<reply> put_calling_policy(services& with, const request& from);

// which number an account shows (caller_choice.cpp)
boost::asio::awaitable<reply> get_caller_choice(services& with, const request& from);
boost::asio::awaitable<reply> put_caller_choice(services& with, const request& from);

// money (ledger.cpp)
boost::asio::awaitable<reply> get_balance(services& with, const request& from);
boost::asio::awaitable<reply> get_low_balance(services& with, const request& from);  // low_balance.cpp
boost::asio::awaitable<reply> put_low_balance(services& with, const request& from);
boost::asio::awaitable<reply> list_entries(services& with, const request& from);
boost::asio::awaitable<reply> create_payment(services& with, const request& from);
boost::asio::awaitable<reply> list_payments(services& with, const request& from);  // payments.cpp
boost::asio::awaitable<reply> get_payment(services& with, const request& from);
boost::asio::awaitable<reply> list_routes(services& with, const request& from);  // routes.cpp
boost::asio::awaitable<reply> list_violations(services& with, const request& from);

// what moves credit beside calls and payments (credit.cpp)
boost::asio::awaitable<reply> create_refund(services& with, const request& from);
boost::asio::awaitable<reply> create_adjustment(services& with, const request& from);
boost::asio::awaitable<reply> list_house_accounts(services& with, const request& from);
boost::asio::awaitable<reply> reactivate_credit(services& with, const request& from);
boost::asio::awaitable<reply> list_account_events(services& with, const request& from);

// limits against fraud (fraud.cpp)
boost::asio::awaitable<reply> list_fraud_limits(services& with, const request& from);
boost::asio::awaitable<reply> set_fraud_limit(services& with, const request& from);
boost::asio::awaitable<reply> remove_fraud_limit(services& with, const request& from);
boost::asio::awaitable<reply> get_fraud_policy(services& with, const request& from);
boost::asio::awaitable<reply> set_fraud_policy(services& with, const request& from);
boost::asio::awaitable<reply> set_fraud_amounts(services& with, const request& from);
boost::asio::awaitable<reply> remove_fraud_amounts(services& with, const request& from);
boost::asio::awaitable<reply> list_fraud_events(services& with, const request& from);
boost::asio::awaitable<reply> unlock_all_fraud(services& with, const request& from);
boost::asio::awaitable<reply> get_account_fraud(services& with, const request& from);
boost::asio::awaitable<reply> unlock_account_fraud(services& with, const request& from);

// what is set by currency (currencies.cpp)
boost::asio::awaitable<reply> list_currencies(services& with, const request& from);
boost::asio::awaitable<reply> set_least_topup(services& with, const request& from);
boost::asio::awaitable<reply> remove_least_topup(services& with, const request& from);
boost::asio::awaitable<reply> set_number_price(services& with, const request& from);
boost::asio::awaitable<reply> remove_number_price(services& with, const request& from);

// tax and statements (taxes.cpp)
boost::asio::awaitable<reply> list_tax_rates(services& with, const request& from);
boost::asio::awaitable<reply> set_tax_rate(services& with, const request& from);
boost::asio::awaitable<reply> remove_tax_rate(services& with, const request& from);
boost::asio::awaitable<reply> get_top_up_quote(services& with, const request& from);
boost::asio::awaitable<reply> get_statement(services& with, const request& from);
boost::asio::awaitable<reply> list_tax_due(services& with, const request& from);

// the payment provider's events (payment_events.cpp)
boost::asio::awaitable<reply> take_payment_event(services& with, const request& from);

// vouchers (vouchers.cpp)
boost::asio::awaitable<reply> list_voucher_batches(services& with, const request& from);
boost::asio::awaitable<reply> create_voucher_batch(services& with, const request& from);
boost::asio::awaitable<reply> get_voucher_batch(services& with, const request& from);
boost::asio::awaitable<reply> revoke_voucher_batch(services& with, const request& from);
boost::asio::awaitable<reply> redeem_account_voucher(services& with, const request& from);

// calls that have ended (cdrs.cpp)
boost::asio::awaitable<reply> list_account_calls(services& with, const request& from);
boost::asio::awaitable<reply> get_account_call(services& with, const request& from);
boost::asio::awaitable<reply> list_cdrs(services& with, const request& from);

// their export and reconciliation (cdr_exports.cpp)
boost::asio::awaitable<reply> export_cdrs(services& with, const request& from);
boost::asio::awaitable<reply> list_cdr_consumers(services& with, const request& from);
boost::asio::awaitable<reply> acknowledge_cdrs(services& with, const request& from);
boost::asio::awaitable<reply> remove_cdr_consumer(services& with, const request& from);
boost::asio::awaitable<reply> reconcile_ledger(services& with, const request& from);
boost::asio::awaitable<reply> report_rerating(services& with, const request& from);
boost::asio::awaitable<reply> create_rerating(services& with, const request& from);
boost::asio::awaitable<reply> list_reratings(services& with, const request& from);
boost::asio::awaitable<reply> get_rerating(services& with, const request& from);
boost::asio::awaitable<reply> list_rerated_calls(services& with, const request& from);
boost::asio::awaitable<reply> reconcile_carrier(services& with, const request& from);

// rate decks and prices (rates.cpp)
boost::asio::awaitable<reply> list_rate_decks(services& with, const request& from);
boost::asio::awaitable<reply> export_rate_deck(services& with, const request& from);
boost::asio::awaitable<reply> import_rate_deck(services& with, const request& from);  // rate_imports.cpp
boost::asio::awaitable<reply> list_rate_imports(services& with, const request& from);
boost::asio::awaitable<reply> get_rate_import(services& with, const request& from);
boost::asio::awaitable<reply> commit_rate_import(services& with, const request& from);
boost::asio::awaitable<reply> roll_back_rate_import(services& with, const request& from);
boost::asio::awaitable<reply> find_rate(services& with, const request& from);
boost::asio::awaitable<reply> get_cost_deck(services& with, const request& from);
boost::asio::awaitable<reply> put_cost_deck(services& with, const request& from);
boost::asio::awaitable<reply> remove_cost_deck(services& with, const request& from);

// carriers and trunks (trunks.cpp)
boost::asio::awaitable<reply> list_carriers(services& with, const request& from);
boost::asio::awaitable<reply> create_carrier(services& with, const request& from);
boost::asio::awaitable<reply> get_carrier(services& with, const request& from);
boost::asio::awaitable<reply> replace_carrier(services& with, const request& from);
boost::asio::awaitable<reply> remove_carrier(services& with, const request& from);
boost::asio::awaitable<reply> list_trunks(services& with, const request& from);
boost::asio::awaitable<reply> create_trunk(services& with, const request& from);
boost::asio::awaitable<reply> get_trunk(services& with, const request& from);
boost::asio::awaitable<reply> replace_trunk(services& with, const request& from);
boost::asio::awaitable<reply> change_trunk(services& with, const request& from);
boost::asio::awaitable<reply> remove_trunk(services& with, const request& from);
boost::json::object trunk_status_json(const trunk_status& now);  // how it is doing, in a trunk and in the status

// how a call would go (simulation.cpp)
boost::asio::awaitable<reply> simulate_call(services& with, const request& from);

// the inventory of numbers and their rental (numbers.cpp)
boost::asio::awaitable<reply> list_numbers(services& with, const request& from);
boost::asio::awaitable<reply> list_available_numbers(services& with, const request& from);  // available_numbers.cpp
boost::asio::awaitable<reply> create_number(services& with, const request& from);
boost::asio::awaitable<reply> get_number(services& with, const request& from);
boost::asio::awaitable<reply> change_number(services& with, const request& from);
boost::asio::awaitable<reply> release_number(services& with, const request& from);
boost::asio::awaitable<reply> refund_number(services& with, const request& from);
boost::asio::awaitable<reply> reserve_number(services& with, const request& from);
boost::asio::awaitable<reply> port_number(services& with, const request& from);
boost::asio::awaitable<reply> renew_number(services& with, const request& from);

// renting one (number_orders.cpp)
boost::asio::awaitable<reply> create_number_order(services& with, const request& from);

// what they cost (number_prices.cpp)
boost::asio::awaitable<reply> list_number_prices(services& with, const request& from);
boost::asio::awaitable<reply> set_own_number_price(services& with, const request& from);
boost::asio::awaitable<reply> remove_own_number_price(services& with, const request& from);

// who may rent one (country_rules.cpp)
boost::asio::awaitable<reply> list_country_rules(services& with, const request& from);
boost::asio::awaitable<reply> replace_country_rules(services& with, const request& from);
boost::asio::awaitable<reply> get_account_address(services& with, const request& from);
boost::asio::awaitable<reply> set_account_address(services& with, const request& from);

// numbers by the list, and what became of them (number_lists.cpp)
boost::asio::awaitable<reply> list_number_imports(services& with, const request& from);
boost::asio::awaitable<reply> get_number_import(services& with, const request& from);
boost::asio::awaitable<reply> import_numbers(services& with, const request& from);
boost::asio::awaitable<reply> withdraw_numbers(services& with, const request& from);
boost::asio::awaitable<reply> list_number_events(services& with, const request& from);
// Who asks, for the events of numbers.
std::string actor_of(const request& from);

// what is done with its callers (number_rules.cpp)
boost::asio::awaitable<reply> get_number_rules(services& with, const request& from);
boost::asio::awaitable<reply> set_number_rules(services& with, const request& from);

// live calls (calls.cpp)
boost::asio::awaitable<reply> list_live_calls(services& with, const request& from);
boost::asio::awaitable<reply> get_live_call(services& with, const request& from);
boost::asio::awaitable<reply> hang_up_call(services& with, const request& from);

// traces.cpp
boost::asio::awaitable<reply> get_trace(services& with, const request& from);

// mailboxes (voicemails.cpp)
boost::asio::awaitable<reply> list_voicemails(services& with, const request& from);
boost::asio::awaitable<reply> get_voicemail(services& with, const request& from);
boost::asio::awaitable<reply> get_voicemail_audio(services& with, const request& from);
boost::asio::awaitable<reply> change_voicemail(services& with, const request& from);
boost::asio::awaitable<reply> delete_voicemail(services& with, const request& from);
boost::asio::awaitable<reply> restore_voicemail(services& with, const request& from);

// what an owner has chosen for one (mailboxes.cpp)
boost::asio::awaitable<reply> list_mailboxes(services& with, const request& from);
boost::asio::awaitable<reply> list_greetings(services& with, const request& from);
boost::asio::awaitable<reply> get_mailbox(services& with, const request& from);
boost::asio::awaitable<reply> change_mailbox(services& with, const request& from);
boost::asio::awaitable<reply> get_mailbox_limits(services& with, const request& from);  // mailbox_limits.cpp
boost::asio::awaitable<reply> set_mailbox_limits(services& with, const request& from);
boost::asio::awaitable<reply> set_mailbox_pin(services& with, const request& from);
boost::asio::awaitable<reply> get_greeting(services& with, const request& from);
boost::asio::awaitable<reply> put_greeting(services& with, const request& from);
boost::asio::awaitable<reply> remove_greeting(services& with, const request& from);
// A random PIN that is no part of these numbers (digits).
std::string make_mailbox_pin(const std::vector<std::string>& numbers);

}  // namespace tollgate::gateway::api
