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

boost::system::result<refund_answer> refund_payment(pqxx::transaction_base& tx,
                                                    const refund_request& request) {
  if (!is_id(request.refund_id) || !is_id(request.payment_id)) return error::malformed;
  if (request.amount <= money{} || request.amount > max_balance) return error::invalid_amount;
  if (!request.currency.empty() && !is_currency(request.currency)) return error::wrong_currency;
  const auto row =
      tx.exec_params1("SELECT status, account_id, balance_after, left_micros, debited, " +
                          sql::tax_columns("tax") + " FROM billing.refund_payment($1, $2, $3, $4, $5)",
                      request.refund_id, request.payment_id, request.amount.micros, request.currency,
                      clean_text(request.note));
  const auto status = row[0].as<std::string>();
  if (status != "refunded" && status != "repeated") return sql::error_of(status);
  return refund_answer{.repeated = status == "repeated",
                       .account_id = sql::uuid_of(row[1]),
                       .balance_after = sql::money_of(row[2]),
                       .left = sql::money_of(row[3]),
                       .debited = sql::money_of(row[4]),
                       .tax = sql::tax_of(row, 5)};
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
  return adjustment_answer{.repeated = status == "repeated",
                           .balance_after = sql::money_of(row[1]),
                           .sequence = row[2].as<std::int64_t>()};
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
