// SPDX-License-Identifier: Apache-2.0
#include "billing/subscription_list.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/sequence_page.hpp"
#include "billing/sql.hpp"
#include "billing/tax_row.hpp"

namespace tollgate::billing {
namespace {

std::string select_subscriptions() {
  return "SELECT s.subscription_id, s.account_id, a.currency, s.months, s.price_micros, coalesce(s.charged_micros, s.price_micros), "
         "s.sequence, e.note, (extract(epoch FROM e.at) * 1000000)::bigint, " +
         sql::tax_columns("e.tax") +
         " FROM billing.subscription_charge s JOIN billing.account a ON a.account_id = s.account_id "
         "JOIN billing.entry e ON e.account_id = s.account_id AND e.sequence = s.sequence WHERE s.period = 1 AND ";
}

subscription_record record_of(const pqxx::row& row) {
  return {.subscription_id = sql::uuid_of(row[0]),
          .account_id = sql::uuid_of(row[1]),
          .currency = row[2].as<std::string>(),
          .length = std::chrono::months(row[3].as<int>()),
          .first = {.price = sql::money_of(row[4]), .charged = sql::money_of(row[5]), .tax = sql::tax_of(row, 9)},
          .sequence = row[6].as<std::int64_t>(),
          .note = row[7].as<std::string>(),
          .at = sql::time_of(row[8]).value()};
}

}  // namespace

std::optional<subscription_record> find_subscription(pqxx::transaction_base& tx, const uuid& subscription_id,
                                                     const std::optional<uuid>& account_id) {
  const auto rows = tx.exec_params(select_subscriptions() +
                                       "s.subscription_id = $1 AND ($2 = '' OR s.account_id = nullif($2, '')::uuid) ORDER BY e.at DESC LIMIT 1",
                                   sql::text_of(subscription_id), account_id ? sql::text_of(*account_id) : "");
  return rows.empty() ? std::nullopt : std::optional(record_of(rows[0]));
}

std::vector<subscription_record> list_subscriptions(pqxx::transaction_base& tx, const uuid& account_id, const sequence_page& page) {
  std::vector<subscription_record> out;
  for (const auto& row : tx.exec_params(select_subscriptions() + "s.account_id = $1 AND " + sql::page_clause("s.sequence", page),
                                        sql::text_of(account_id), sql::page_start(page), sql::page_limit(page)))
    out.push_back(record_of(row));
  return out;
}

}  // namespace tollgate::billing
