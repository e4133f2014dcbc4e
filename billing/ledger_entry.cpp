// SPDX-License-Identifier: Apache-2.0
// Reading the ledger: entries and broken invariants.
#include <algorithm>
#include <limits>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/ledger.hpp"
#include "billing/sql.hpp"
#include "billing/tax_row.hpp"

namespace tollgate::billing {
namespace {

constexpr int longest_list = 1000;

}  // namespace

std::vector<entry> list_entries(pqxx::transaction_base& tx, const uuid& account_id, int limit,
                                std::optional<std::int64_t> before, bool oldest_first) {
  const auto rows = tx.exec_params(
      "SELECT sequence, kind, contra, amount_micros, posted_after_micros, reference, note, (extract(epoch "
      "FROM at) * 1000000)::bigint, " +
          sql::tax_columns("tax") +
          " FROM billing.entry WHERE account_id = $1 AND sequence " +
          (oldest_first ? "> $2 ORDER BY sequence LIMIT $3" : "< $2 ORDER BY sequence DESC LIMIT $3"),
      sql::text_of(account_id), before.value_or(oldest_first ? 0 : std::numeric_limits<std::int64_t>::max()),
      std::clamp(limit, 1, longest_list));
  std::vector<entry> entries;
  entries.reserve(rows.size());
  for (const auto& row : rows)
    entries.push_back({.sequence = row[0].as<std::int64_t>(),
                       .kind = row[1].as<std::string>(),
                       .contra = row[2].as<std::string>(),
                       .amount = sql::money_of(row[3]),
                       .posted_after = sql::money_of(row[4]),
                       .reference = row[5].as<std::string>(),
                       .note = row[6].as<std::string>(),
                       .at = sql::time_of(row[7]).value(),
                       .tax = sql::tax_of(row, 8)});
  return entries;
}

std::vector<violation> violations(pqxx::transaction_base& tx) {
  std::vector<violation> found;
  for (const auto& row : tx.exec("SELECT what, account_id, difference FROM billing.violation"))
    found.push_back({.what = row[0].as<std::string>(),
                     .account_id = sql::uuid_of(row[1]),
                     .difference = row[2].as<std::int64_t>()});
  return found;
}

}  // namespace tollgate::billing
