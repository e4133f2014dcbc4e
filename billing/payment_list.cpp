// SPDX-License-Identifier: Apache-2.0
#include "billing/payment_list.hpp"

#include <limits>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/sql.hpp"

namespace tollgate::billing {
namespace {

constexpr const char* select = R"(
  SELECT p.payment_id, p.account_id, a.currency, p.amount_micros, e.amount_micros,
    coalesce((SELECT sum(r.amount_micros) FROM billing.refund r WHERE r.account_id = p.account_id AND r.payment_id = p.payment_id), 0)::bigint,
    p.sequence, e.note, (extract(epoch FROM e.at) * 1000000)::bigint
    FROM billing.payment p JOIN billing.account a ON a.account_id = p.account_id
      JOIN billing.entry e ON e.account_id = p.account_id AND e.sequence = p.sequence )";

payment_record record_of(const pqxx::row& row) {
  return {.payment_id = row[0].as<std::string>(),
          .account_id = sql::uuid_of(row[1]),
          .currency = row[2].as<std::string>(),
          .amount = sql::money_of(row[3]),
          .credited = sql::money_of(row[4]),
          .refunded = sql::money_of(row[5]),
          .sequence = row[6].as<std::int64_t>(),
          .note = row[7].as<std::string>(),
          .at = sql::time_of(row[8]).value()};
}

}  // namespace

std::optional<payment_record> find_payment(pqxx::transaction_base& tx, const std::string& payment_id) {
  const auto rows = tx.exec_params(std::string(select) + "WHERE p.payment_id = $1", payment_id);
  return rows.empty() ? std::nullopt : std::optional(record_of(rows[0]));
}

std::vector<payment_record> list_payments(pqxx::transaction_base& tx, const uuid& account_id, int limit,
                                          std::optional<std::int64_t> before) {
  std::vector<payment_record> out;
  for (const auto& row : tx.exec_params(std::string(select) + "WHERE p.account_id = $1 AND p.sequence < $2 ORDER BY p.sequence DESC LIMIT $3",
                                        sql::text_of(account_id), before.value_or(std::numeric_limits<std::int64_t>::max()), limit))
    out.push_back(record_of(row));
  return out;
}

}  // namespace tollgate::billing
