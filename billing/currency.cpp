// SPDX-License-Identifier: Apache-2.0
// Rows of billing.currency.
#include "billing/currency.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/sql.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {

std::vector<currency> list_currencies(pqxx::transaction_base& tx) {
  std::vector<currency> found;
  for (const auto& row :
       tx.exec("SELECT currency, decimals, least_top_up_micros FROM billing.currency ORDER BY currency"))
    found.push_back({.code = row[0].as<std::string>(),
                     .decimals = row[1].as<int>(),
                     .least_top_up = row[2].is_null() ? std::nullopt : std::optional(sql::money_of(row[2]))});
  return found;
}

bool is_known_currency(pqxx::transaction_base& tx, const std::string& code) {
  return is_currency(code) &&
         !tx.exec_params("SELECT FROM billing.currency WHERE currency = $1", code).empty();
}

boost::system::result<void> set_least_top_up(pqxx::transaction_base& tx, const std::string& code,
                                             std::optional<money> least) {
  if (!is_currency(code)) return error::unknown_currency;
  if (least && (*least <= money{} || *least > max_balance)) return error::invalid_amount;
  const auto changed =
      tx.exec_params("UPDATE billing.currency SET least_top_up_micros = nullif($2::bigint, 0) WHERE currency = $1",
                     code, least.value_or(money{}).micros);
  if (changed.affected_rows() == 0) return error::unknown_currency;
  return {};
}

}  // namespace tollgate::billing
