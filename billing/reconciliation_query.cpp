// SPDX-License-Identifier: Apache-2.0
// What is compared, out of the database.
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/reconciliation.hpp"
#include "billing/sql.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

constexpr int most_told = 1'000;

}  // namespace

ledger_comparison compare_ledger(pqxx::transaction_base& tx, system_clock::time_point from,
                                 system_clock::time_point until) {
  ledger_comparison found;
  const auto rows = tx.exec_params(
      "WITH charge AS (SELECT account_id, reference::uuid AS call_id, -sum(amount_micros)::bigint AS total "
      "FROM billing.entry WHERE kind IN ('call', 'correction') AND reference::uuid >= "
      "billing.call_id_from($1) AND reference::uuid < billing.call_id_from($2) GROUP BY 1, 2), record AS "
      "(SELECT account_id, call_id, charged_micros FROM billing.cdr WHERE call_id >= "
      "billing.call_id_from($1) AND call_id < billing.call_id_from($2)), compared AS (SELECT account_id, "
      "call_id, e.total, c.charged_micros, count(*) OVER () AS calls, CASE WHEN c.call_id IS NULL THEN "
      "'missing' WHEN coalesce(e.total, 0) = c.charged_micros THEN '' WHEN e.total IS NULL THEN 'extra' ELSE "
      "'amount' END AS what FROM charge e FULL JOIN record c USING (account_id, call_id) WHERE NOT EXISTS "
      "(SELECT FROM billing.cdr_retired r WHERE c.call_id IS NULL AND e.call_id >= r.from_id AND e.call_id < "
      "r.until_id)), numbered AS (SELECT *, row_number() OVER (PARTITION BY what = '' ORDER BY call_id) AS "
      "place, count(*) FILTER (WHERE what <> '') OVER () AS differences FROM compared) SELECT what, "
      "account_id, call_id, coalesce(total, 0), coalesce(charged_micros, 0), calls, differences FROM "
      "numbered "
      "WHERE place <= CASE WHEN what = '' THEN 1 ELSE $3 END ORDER BY call_id",
      iso_time(from), iso_time(until), most_told);
  for (const auto& row : rows) {
    found.calls = row[5].as<std::int64_t>();
    found.differences = row[6].as<std::int64_t>();
    const auto what = row[0].as<std::string>();
    if (!what.empty())
      found.first.push_back({.what = what,
                             .account_id = sql::uuid_of(row[1]),
                             .call_id = sql::uuid_of(row[2]),
                             .ledger = sql::money_of(row[3]),
                             .record = sql::money_of(row[4])});
  }
  return found;
}

std::vector<own_call> calls_over_trunks(pqxx::transaction_base& tx, const std::vector<std::string>& trunks,
                                        system_clock::time_point from, system_clock::time_point until,
                                        std::optional<uuid> carrier_id) {
  std::vector<own_call> calls;
  // A day before: ids are made before the call begins, and clocks differ.
  for (const auto& trunk : trunks)
    for (const auto& row : tx.exec_params(
             "SELECT account_id, call_id, (extract(epoch FROM started_at) * 1000000)::bigint, (extract(epoch "
             "FROM answered_at) * 1000000)::bigint, regexp_replace(callee, '[^0-9]', '', 'g'), talk_ms, CASE "
             "WHEN cost IS NULL THEN 0 ELSE billing.billed_seconds(talk_ms, "
             "(cost->>'initial_increment_s')::int, (cost->>'next_increment_s')::int, "
             "(cost->>'free_start_s')::int) END, cost_micros - "
             "coalesce((cost->>'other_attempts_micros')::bigint, 0), "
             "false FROM billing.cdr WHERE trunk = $1 AND ($4 = '' OR coalesce(carrier_id = nullif($4, '')::uuid, true)) AND talk_ms > "
             "0 AND direction IN ('out', 'forward') AND started_at >= $2 AND started_at < $3 AND call_id >= "
             "billing.call_id_from($2::timestamptz - interval '1 day') AND call_id < "
             "billing.call_id_from($3::timestamptz + interval '1 day') UNION ALL "
             "SELECT account_id, call_id, (extract(epoch FROM (a->>'at')::timestamptz) * 1000000)::bigint, "
             "NULL, "
             "regexp_replace(callee, '[^0-9]', '', 'g'), (a->>'connected_ms')::bigint, CASE WHEN "
             "jsonb_typeof(a->'cost') = 'object' THEN "
             "billing.billed_seconds((a->>'connected_ms')::bigint, "
             "(a->'cost'->>'initial_increment_s')::int, (a->'cost'->>'next_increment_s')::int, "
             "(a->'cost'->>'free_start_s')::int) ELSE 0 END, (a->>'cost_micros')::bigint, true FROM billing.cdr, "
             "jsonb_array_elements(attempts) a WHERE attempts @> "
             "jsonb_build_array(jsonb_build_object('trunk', "
             "$1::text)) AND a->>'trunk' = $1 AND (a->>'connected_ms')::bigint > 0 AND started_at >= $2 AND "
             "started_at < $3 AND call_id >= billing.call_id_from($2::timestamptz - interval '1 day') AND "
             "call_id "
             "< billing.call_id_from($3::timestamptz + interval '1 day') ORDER BY 2",
             clean_text(trunk), iso_time(from), iso_time(until), carrier_id ? sql::text_of(*carrier_id) : std::string()))
      calls.push_back({.account_id = sql::uuid_of(row[0]),
                       .call_id = sql::uuid_of(row[1]),
                       .started = sql::time_of(row[2]),
                       .answered = sql::time_of(row[3]),
                       .called = row[4].as<std::string>(),
                       .talk_ms = row[5].as<std::int64_t>(),
                       .cost_billed_s = row[6].as<std::int64_t>(),
                       .cost = row[7].is_null() ? std::nullopt : std::optional(sql::money_of(row[7])),
                       .unheard = row[8].as<bool>()});
  return calls;
}

std::vector<std::string> trunks_in_records(pqxx::transaction_base& tx, const uuid& carrier_id, system_clock::time_point from,
                                           system_clock::time_point until) {
  std::vector<std::string> names;
  for (const auto& row : tx.exec_params("SELECT DISTINCT trunk FROM billing.cdr WHERE carrier_id = $1 AND trunk <> '' AND call_id >= "
                                        "billing.call_id_from($2::timestamptz - interval '1 day') AND call_id < "
                                        "billing.call_id_from($3::timestamptz + interval '1 day') ORDER BY 1",
                                        sql::text_of(carrier_id), iso_time(from), iso_time(until)))
    names.push_back(row[0].as<std::string>());
  return names;
}

}  // namespace tollgate::billing
