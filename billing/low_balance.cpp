// SPDX-License-Identifier: Apache-2.0
#include "billing/low_balance.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/sql.hpp"

namespace tollgate::billing {

boost::system::result<low_balance_mark> find_low_balance(pqxx::transaction_base& tx, const uuid& account_id) {
  const auto rows = tx.exec_params("SELECT coalesce(low_balance_micros, 0), currency FROM billing.account WHERE account_id = $1",
                                   sql::text_of(account_id));
  if (rows.empty()) return error::no_account;
  return low_balance_mark{sql::money_of(rows[0][0]), rows[0][1].as<std::string>()};
}

boost::system::result<low_balance_mark> set_low_balance(pqxx::transaction_base& tx, const uuid& account_id, money amount) {
  if (amount < money{0}) return error::invalid_amount;
  tx.exec_params0("UPDATE billing.account SET low_balance_micros = $2 WHERE account_id = $1", sql::text_of(account_id), amount.micros);
  return find_low_balance(tx, account_id);
}

}  // namespace tollgate::billing
