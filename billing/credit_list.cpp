// SPDX-License-Identifier: Apache-2.0
#include "billing/credit_list.hpp"

#include <algorithm>
#include <limits>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/sequence_page.hpp"
#include "billing/sql.hpp"
#include "billing/tax_row.hpp"

namespace tollgate::billing {
namespace {

std::string select_refunds() {
  return "SELECT r.refund_id, r.payment_id, r.account_id, a.currency, r.amount_micros, -e.amount_micros, r.sequence, e.note, "
         "(extract(epoch FROM e.at) * 1000000)::bigint, " +
         sql::tax_columns("e.tax") +
         " FROM billing.refund r JOIN billing.account a ON a.account_id = r.account_id "
         "JOIN billing.entry e ON e.account_id = r.account_id AND e.sequence = r.sequence ";
}

refund_record refund_of(const pqxx::row& row) {
  return {.refund_id = row[0].as<std::string>(),
          .payment_id = row[1].as<std::string>(),
          .account_id = sql::uuid_of(row[2]),
          .currency = row[3].as<std::string>(),
          .amount = sql::money_of(row[4]),
          .debited = sql::money_of(row[5]),
          .tax = sql::tax_of(row, 9),
          .sequence = row[6].as<std::int64_t>(),
          .note = row[7].as<std::string>(),
          .at = sql::time_of(row[8]).value()};
}

constexpr const char* select_adjustments =
    "SELECT e.reference, e.account_id, e.kind, a.currency, e.amount_micros, e.sequence, e.note, "
    "(extract(epoch FROM e.at) * 1000000)::bigint FROM billing.entry e JOIN billing.account a ON a.account_id = e.account_id "
    "WHERE e.kind IN ('goodwill', 'adjustment') AND ";

std::vector<adjustment_record> adjustments_of(const pqxx::result& rows) {
  std::vector<adjustment_record> out;
  for (const auto& row : rows)
    out.push_back({.reference = row[0].as<std::string>(),
                   .account_id = sql::uuid_of(row[1]),
                   .kind = row[2].as<std::string>() == "goodwill" ? adjustment_kind::goodwill : adjustment_kind::adjustment,
                   .currency = row[3].as<std::string>(),
                   .amount = sql::money_of(row[4]),
                   .sequence = row[5].as<std::int64_t>(),
                   .note = row[6].as<std::string>(),
                   .at = sql::time_of(row[7]).value()});
  return out;
}

}  // namespace

namespace sql {

std::string page_clause(const std::string& column, const sequence_page& page) {
  return column + (page.oldest_first ? " > $2 ORDER BY " : " < $2 ORDER BY ") + column + (page.oldest_first ? "" : " DESC") + " LIMIT $3";
}

std::int64_t page_start(const sequence_page& page) {
  return page.cursor.value_or(page.oldest_first ? 0 : std::numeric_limits<std::int64_t>::max());
}

int page_limit(const sequence_page& page) {
  return std::clamp(page.limit, 1, 1'000);
}

}  // namespace sql

std::optional<refund_record> find_refund(pqxx::transaction_base& tx, const std::string& refund_id) {
  const auto rows = tx.exec_params(select_refunds() + "WHERE r.refund_id = $1", refund_id);
  return rows.empty() ? std::nullopt : std::optional(refund_of(rows[0]));
}

std::vector<refund_record> list_refunds(pqxx::transaction_base& tx, const uuid& account_id, const sequence_page& page,
                                        const std::string& payment_id) {
  std::vector<refund_record> out;
  for (const auto& row : tx.exec_params(select_refunds() + "WHERE r.account_id = $1 AND ($4 = '' OR r.payment_id = $4) AND " +
                                            sql::page_clause("r.sequence", page),
                                        sql::text_of(account_id), sql::page_start(page), sql::page_limit(page), payment_id))
    out.push_back(refund_of(row));
  return out;
}

std::vector<adjustment_record> find_adjustments(pqxx::transaction_base& tx, const std::string& reference,
                                                const std::optional<uuid>& account_id, std::optional<adjustment_kind> kind) {
  return adjustments_of(tx.exec_params(
      std::string(select_adjustments) +
          "e.reference = $1 AND ($2 = '' OR e.account_id = nullif($2, '')::uuid) AND ($3 = '' OR e.kind = $3) ORDER BY e.at LIMIT 3",
      reference, account_id ? sql::text_of(*account_id) : "", kind ? to_string(*kind) : ""));
}

std::vector<adjustment_record> list_adjustments(pqxx::transaction_base& tx, const uuid& account_id, const sequence_page& page) {
  return adjustments_of(tx.exec_params(select_adjustments + ("e.account_id = $1 AND " + sql::page_clause("e.sequence", page)),
                                       sql::text_of(account_id), sql::page_start(page), sql::page_limit(page)));
}

}  // namespace tollgate::billing
