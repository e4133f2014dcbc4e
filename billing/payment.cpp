// SPDX-License-Identifier: Apache-2.0
// Top-ups.
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/credit.hpp"
#include "billing/ledger.hpp"
#include "billing/sql.hpp"
#include "billing/tax_row.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

constexpr std::size_t longest_payment_id = 200;

}  // namespace

boost::system::result<top_up_answer> top_up(pqxx::transaction_base& tx, const top_up_request& request,
                                            money least) {
  if (request.payment_id.empty() || request.payment_id.size() > longest_payment_id ||
      !is_clean(request.payment_id))
    return error::malformed;
  if (request.amount <= money{} || request.amount > max_balance) return error::invalid_amount;
  if (!request.currency.empty() && !is_currency(request.currency)) return error::wrong_currency;
  const auto row = tx.exec_params1(
      "SELECT status, balance_after, sequence, credited, " + sql::tax_columns("tax") +
          " FROM billing.top_up($1, $2, $3, $4, $5, $6, coalesce(nullif($7, '')::timestamptz, now()))",
      sql::text_of(request.account_id), request.amount.micros, request.payment_id, clean_text(request.note),
      request.currency, least.micros, request.at ? iso_time(*request.at) : std::string{});
  const auto status = row[0].as<std::string>();
  if (status != "credited" && status != "repeated") return sql::error_of(status);
  if (status == "credited") tell_more_credit(tx, request.account_id);
  return top_up_answer{.status = status == "credited" ? top_up_status::credited : top_up_status::repeated,
                       .balance_after = sql::money_of(row[1]),
                       .sequence = row[2].as<std::int64_t>(),
                       .credited = sql::money_of(row[3]),
                       .tax = sql::tax_of(row, 4)};
}

}  // namespace tollgate::billing
