// SPDX-License-Identifier: Apache-2.0
// Statements. One statement of SQL for the bounds and the sums each: the entries are append-only, so that
// they agree.
#include "billing/statement.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/sql.hpp"
#include "billing/tax_row.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {

boost::system::result<statement> make_statement(pqxx::transaction_base& tx, const uuid& account_id,
                                                std::chrono::system_clock::time_point from,
                                                std::chrono::system_clock::time_point until) {
  const auto id = sql::text_of(account_id);
  // An account's entries follow each other under its lock; their times may go back by a step of the clock.
  const auto bounds = tx.exec_params(
      "SELECT a.currency, coalesce(min(e.sequence), 0), coalesce(max(e.sequence), 0), "
      "coalesce((SELECT posted_after_micros FROM billing.entry p WHERE p.account_id = $1 AND p.at < $2 ORDER "
      "BY p.sequence DESC LIMIT 1), 0) FROM billing.account a LEFT JOIN billing.entry e ON e.account_id = "
      "a.account_id AND e.at >= $2 AND e.at < $3 WHERE a.account_id = $1 GROUP BY a.account_id",
      id, iso_time(from), iso_time(until));
  if (bounds.empty()) return error::no_account;
  statement made{.currency = bounds[0][0].as<std::string>(),
                 .opening = sql::money_of(bounds[0][3]),
                 .closing = sql::money_of(bounds[0][3]),
                 .first_sequence = bounds[0][1].as<std::int64_t>(),
                 .last_sequence = bounds[0][2].as<std::int64_t>()};
  if (made.last_sequence == 0) return made;
  const auto ends = tx.exec_params1(
      "SELECT f.posted_after_micros - f.amount_micros, l.posted_after_micros FROM billing.entry f, "
      "billing.entry l WHERE f.account_id = $1 AND f.sequence = $2 AND l.account_id = $1 AND l.sequence = $3",
      id, made.first_sequence, made.last_sequence);
  made.opening = sql::money_of(ends[0]);
  made.closing = sql::money_of(ends[1]);
  for (const auto& row :
       tx.exec_params("SELECT kind, sum(amount_micros)::bigint, count(*) FROM billing.entry "
                      "WHERE account_id = $1 AND sequence BETWEEN $2 AND $3 GROUP BY 1 "
                      "ORDER BY 1",
                      id, made.first_sequence, made.last_sequence))
    made.totals.push_back({.kind = row[0].as<std::string>(),
                           .amount = sql::money_of(row[1]),
                           .entries = row[2].as<std::int64_t>()});
  for (const auto& row : tx.exec_params(
           "SELECT kind, count(*), (tax).country, (tax).name, (tax).rate_ppm, (tax).included, "
           "sum((tax).net_micros)::bigint, sum((tax).tax_micros)::bigint FROM billing.entry WHERE account_id "
           "= $1 AND sequence BETWEEN $2 AND $3 AND (tax).country IS NOT NULL GROUP BY 1, 3, 4, 5, 6 ORDER "
           "BY 1, 3, 4, 5, 6",
           id, made.first_sequence, made.last_sequence))
    made.taxes.push_back({.kind = row[0].as<std::string>(),
                          .share = *sql::tax_of(row, 2),
                          .entries = row[1].as<std::int64_t>()});
  return made;
}

}  // namespace tollgate::billing
