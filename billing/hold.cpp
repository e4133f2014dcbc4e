// SPDX-License-Identifier: Apache-2.0
// Holds: opening, extending, reporting usage.
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <stdexcept>

#include "billing/ledger.hpp"
#include "billing/sql.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

hold_status hold_status_of(const std::string& text) {
  if (text == "opened") return hold_status::opened;
  if (text == "repeated") return hold_status::repeated;
  if (text == "insufficient_credit") return hold_status::insufficient_credit;
  if (text == "account_blocked") return hold_status::account_blocked;
  if (text == "wrong_currency") return hold_status::wrong_currency;
  if (text == "fraud_limit") return hold_status::fraud_limit;
  if (text == "callee_limit") return hold_status::callee_limit;
  if (text == "already_settled") return hold_status::already_settled;
  if (text == "no_account") return hold_status::no_account;
  throw std::logic_error("billing: open_hold answered '" + text + "'");
}

extend_status extend_status_of(const std::string& text) {
  if (text == "extended") return extend_status::extended;
  if (text == "repeated") return extend_status::repeated;
  if (text == "final_unit") return extend_status::final_unit;
  if (text == "fraud_limit") return extend_status::fraud_limit;
  if (text == "no_hold") return extend_status::no_hold;
  throw std::logic_error("billing: extend_hold answered '" + text + "'");
}

void append_element(std::string& array, const std::string& element) {
  array += array.size() > 1 ? "," : "";
  array += element;
}

// Every value of a request, after those that stand before them in the function's parameters.
template <typename... Before>
pqxx::row ask(pqxx::transaction_base& tx, const char* name, const char* statement,
              const hold_request& request, bool guarded, const Before&... before) {
  const auto& terms = request.terms;
  return sql::prepared_row(
      tx, name, statement, before..., sql::text_of(request.account_id), sql::text_of(request.call_id),
      clean_text(request.node), sql::text_of(request.gateway_instance),
      std::string(to_string(request.direction)), clean_text(request.caller), clean_text(request.callee),
      clean_text(request.currency), request.minimum.micros, request.wanted.micros, sql::int_of(request.lease),
      terms.rate_id, clean_text(terms.prefix), clean_text(terms.destination), terms.connection_fee.micros,
      terms.price_per_minute.micros, sql::int_of(terms.initial_increment), sql::int_of(terms.next_increment),
      sql::int_of(terms.free_start), sql::int_of(terms.included), guarded);
}

hold_answer open(pqxx::transaction_base& tx, const hold_request& request, bool guarded) {
  if (!is_valid(request.terms)) throw std::invalid_argument("billing: open_hold with an invalid rate");
  const auto row =
      request.bound
          ? ask(tx, "billing.open_bounded_hold",
                "SELECT billing.open_bounded_hold($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
                "$14, "
                "$15, $16, $17, $18, $19, $20, $21, $22, $23)",
                request, guarded, clean_text(request.bound->callee_begins), request.bound->most.micros)
          : ask(tx, "billing.open_hold",
                "SELECT billing.open_hold($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
                "$16, $17, $18, $19, $20, $21)",
                request, guarded);
  sql::step_answer answer(row[0].as<std::string>());
  hold_answer out;
  out.status = hold_status_of(answer.text());
  out.granted = answer.amount();
  out.available = answer.amount();
  out.limit = answer.text();
  return out;
}

extend_answer extend(pqxx::transaction_base& tx, const extend_request& request, bool guarded) {
  const auto row = sql::prepared_row(
      tx, "billing.extend_hold", "SELECT billing.extend_hold($1, $2, $3, $4, $5, $6, $7)",
      sql::text_of(request.account_id), sql::text_of(request.call_id), request.request_number,
      sql::int_of(request.used), request.more.micros, sql::int_of(request.lease), guarded);
  sql::step_answer answer(row[0].as<std::string>());
  extend_answer out;
  out.status = extend_status_of(answer.text());
  out.total = answer.amount();
  out.available = answer.amount();
  out.limit = answer.text();
  return out;
}

}  // namespace

hold_answer open_hold(pqxx::transaction_base& tx, const hold_request& request) {
  return open(tx, request, false);
}

hold_answer open_guarded_hold(pqxx::transaction_base& tx, const hold_request& request) {
  return open(tx, request, true);
}

extend_answer extend_hold(pqxx::transaction_base& tx, const extend_request& request) {
  return extend(tx, request, false);
}

extend_answer extend_guarded_hold(pqxx::transaction_base& tx, const extend_request& request) {
  return extend(tx, request, true);
}

usage_answer report_usage(pqxx::transaction_base& tx, const uuid& gateway_instance,
                          std::span<const usage> calls, std::chrono::seconds lease) {
  usage_answer answer;
  if (calls.empty()) return answer;
  std::string accounts = "{";
  std::string ids = "{";
  std::string used = "{";
  for (const auto& call : calls) {
    append_element(accounts, sql::text_of(call.account_id));
    append_element(ids, sql::text_of(call.call_id));
    append_element(used, std::to_string(sql::int_of(call.used)));
  }
  const auto row = tx.exec_params1(
      "SELECT renewed, without_hold FROM billing.report_usage($1, $2, $3, $4, $5)",
      sql::text_of(gateway_instance), accounts + "}", ids + "}", used + "}", sql::int_of(lease));
  answer.renewed = row[0].as<std::size_t>();
  auto missing = row[1].as_array();
  for (auto next = missing.get_next(); next.first != pqxx::array_parser::juncture::done;
       next = missing.get_next())
    if (next.first == pqxx::array_parser::juncture::string_value)
      answer.without_hold.push_back(sql::uuid_of_text(next.second));
  return answer;
}

}  // namespace tollgate::billing
