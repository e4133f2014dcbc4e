// SPDX-License-Identifier: Apache-2.0
// Refunds, goodwill, adjustments.
#include "billing/credit.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/sql.hpp"
#include "billing/tax_row.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

constexpr std::size_t longest_id = 200;

bool is_id(const std::string& text) {
  return !text.empty() && text.size() <= longest_id && is_clean(text);
}

}  // namespace

namespace {

// By `function`, whose answer ends with what is owed.
boost::system::result<refund_answer> give_back(pqxx::transaction_base& tx, const refund_request& request,
                                               const std::string& function) {
  if (!is_id(request.refund_id) || !is_id(request.payment_id)) return error::malformed;
  if (request.amount <= money{} || request.amount > max_balance) return error::invalid_amount;
  if (!request.currency.empty() && !is_currency(request.currency)) return error::wrong_currency;
  const bool borne = function == "take_back_payment";
  const auto row = tx.exec_params1(
      "SELECT status, account_id, balance_after, left_micros, debited, " + std::string(borne ? "owed" : "0") +
          ", " + sql::tax_columns("tax") + " FROM billing." + function + "($1, $2, $3, $4, $5)",
      request.refund_id, request.payment_id, request.amount.micros, request.currency, clean_text(request.note));
  const auto status = row[0].as<std::string>();
  if (status != "refunded" && status != "repeated") return sql::error_of(status);
  return refund_answer{.repeated = status == "repeated",
                       .account_id = sql::uuid_of(row[1]),
                       .balance_after = sql::money_of(row[2]),
                       .left = sql::money_of(row[3]),
                       .debited = sql::money_of(row[4]),
                       .owed = sql::money_of(row[5]),
                       .tax = sql::tax_of(row, 6)};
}

}  // namespace

boost::system::result<refund_answer> refund_payment(pqxx::transaction_base& tx,
                                                    const refund_request& request) {
  return give_back(tx, request, "refund_payment");
}

boost::system::result<refund_answer> take_back_payment(pqxx::transaction_base& tx,
                                                       const refund_request& request) {
  return give_back(tx, request, "take_back_payment");
}

money find_debt(pqxx::transaction_base& tx, const uuid& account_id) {
  return sql::money_of(tx.exec_params1(
      "SELECT coalesce(sum(left_micros), 0)::bigint FROM billing.debt_left WHERE account_id = $1",
      sql::text_of(account_id))[0]);
}

const char* to_string(adjustment_kind value) {
  switch (value) {
    case adjustment_kind::goodwill:
      return "goodwill";
    case adjustment_kind::adjustment:
      return "adjustment";
  }
  return "adjustment";
}

boost::system::result<adjustment_answer> adjust(pqxx::transaction_base& tx,
                                                const adjustment_request& request) {
  if (!is_id(request.reference) || request.note.empty()) return error::malformed;
  if (request.reference.starts_with("owed/")) return error::malformed;  // the ledger's own: take_back_payment
  if (request.amount < -max_balance || request.amount > max_balance) return error::invalid_amount;
  if (!request.currency.empty() && !is_currency(request.currency)) return error::wrong_currency;
  const auto row = tx.exec_params1(
      "SELECT status, balance_after, sequence FROM billing.adjust($1, $2, $3, $4, $5, $6, ($7::timestamptz "
      "AT "
      "TIME ZONE 'UTC')::date)",
      sql::text_of(request.account_id), std::string(to_string(request.kind)), request.amount.micros,
      request.reference, clean_text(request.note), request.currency, iso_time(request.now));
  const auto status = row[0].as<std::string>();
  if (status != "posted" && status != "repeated") return sql::error_of(status);
  if (status == "posted" && request.amount > money{}) tell_more_credit(tx, request.account_id);
  return adjustment_answer{.repeated = status == "repeated",
                           .balance_after = sql::money_of(row[1]),
                           .sequence = row[2].as<std::int64_t>()};
}

void tell_more_credit(pqxx::transaction_base& tx, const uuid& account_id) {
  tx.exec_params(
      "SELECT pg_notify('tollgate_credit', account_id::text) FROM billing.account WHERE account_id = $1 AND "
      "held_micros > 0",
      sql::text_of(account_id));
}

std::vector<house_account> list_house_accounts(pqxx::transaction_base& tx) {
  std::vector<house_account> found;
  for (const auto& row : tx.exec("SELECT contra, currency, balance_micros::bigint, entries FROM "
                                 "billing.house_account ORDER BY contra, currency"))
    found.push_back({.name = row[0].as<std::string>(),
                     .currency = row[1].as<std::string>(),
                     .balance = sql::money_of(row[2]),
                     .entries = row[3].as<std::int64_t>()});
  return found;
}

}  // namespace tollgate::billing
