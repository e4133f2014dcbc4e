// SPDX-License-Identifier: Apache-2.0
#include "billing/credit_view.hpp"

#include <algorithm>
#include <boost/uuid/uuid_io.hpp>
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <stdexcept>

#include "billing/sql.hpp"

namespace tollgate::billing {
namespace {

constexpr std::size_t most_accounts = 10'000;

// Prepared once a connection, and planned once: of an array PostgreSQL expects ten members where it does not know them, takes a plan made for
// fewer to be cheaper, and plans at every call, which takes thrice as long as carrying it out; a JSON array has a hundred for it, always. OFFSET 0
// has each looked up by its key, however few accounts there are. What billing.account_lapses_at tells is written out, for PostgreSQL inlines no
// function that reads a table, and calling it takes as long as all of the rest.
constexpr auto name = "billing_view_credit";
constexpr auto text =
    "SELECT a.account_id, a.currency, a.blocked, a.posted_micros, a.held_micros, a.inactive_micros, "
    "(CASE WHEN billing.lapse_months($2, a.country) IS NOT NULL THEN extract(epoch FROM greatest(billing.lapses_at(a.last_used_on, "
    "billing.lapse_months($2, a.country)), (SELECT s.not_before FROM billing.lapse_start s))) * 1000000 END)::bigint, "
    "(SELECT coalesce(sum(d.left_micros), 0)::bigint FROM billing.debt_left d WHERE d.account_id = a.account_id) "
    "FROM jsonb_array_elements_text($1::jsonb) AS wanted(id) CROSS JOIN LATERAL (SELECT b.account_id, b.currency, b.blocked, b.posted_micros, "
    "b.held_micros, b.inactive_micros, b.country, b.last_used_on FROM billing.account b WHERE b.account_id = wanted.id::uuid OFFSET 0) a";

// A JSON array, each once.
std::string list_of(std::span<const uuid> accounts) {
  std::vector<uuid> ids(accounts.begin(), accounts.end());
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::string out = "[";
  for (const uuid& each : ids)
    out += (out.size() > 1 ? ",\"" : "\"") + boost::uuids::to_string(each) + "\"";
  return out += "]";
}

}  // namespace

std::vector<credit_view> view_credit(pqxx::transaction_base& tx, std::span<const uuid> accounts, const lapse_policy& policy) {
  if (accounts.size() > most_accounts) throw std::length_error("too many accounts in one question");
  std::vector<credit_view> found;
  if (accounts.empty()) return found;
  tx.conn().prepare(name, text);  // nothing if it is known
  const auto rows = tx.exec_prepared(name, list_of(accounts), to_json(policy));
  found.reserve(static_cast<std::size_t>(rows.size()));
  for (const auto& row : rows)
    found.push_back({.account_id = sql::uuid_of(row[0]),
                     .currency = row[1].as<std::string>(),
                     .blocked = row[2].as<bool>(),
                     .credit = {.posted = sql::money_of(row[3]), .held = sql::money_of(row[4])},
                     .inactive = sql::money_of(row[5]),
                     .lapses_at = sql::time_of(row[6]),
                     .owed = sql::money_of(row[7])});
  return found;
}

}  // namespace tollgate::billing
