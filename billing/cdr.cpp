// SPDX-License-Identifier: Apache-2.0
// Reading CDRs.
#include "billing/cdr.hpp"

#include <algorithm>
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <stdexcept>

#include "billing/cdr_row.hpp"
#include "billing/error.hpp"
#include "billing/sql.hpp"

namespace tollgate::billing {
namespace {

constexpr int longest_list = 1000;
constexpr const char* first_id = "00000000-0000-0000-0000-000000000000";
constexpr const char* last_id = "ffffffff-ffff-ffff-ffff-ffffffffffff";

settled_by settled_by_of(const std::string& text) {
  for (const auto value :
       {settled_by::gateway, settled_by::reaper, settled_by::corrected, settled_by::refused})
    if (text == to_string(value)) return value;
  throw std::logic_error("billing: a CDR was settled by '" + text + "'");
}

call_record call_of(const pqxx::row& row) {
  auto stop = parse_stop_record(row["stop"].c_str());
  if (stop.has_error()) throw std::logic_error("billing: a CDR cannot be read");
  call_record record;
  record.call = std::move(*stop);
  record.settled = settled_by_of(row["settled_by"].as<std::string>());
  record.currency = row["currency"].as<std::string>();
  if (!row["rate_id"].is_null())
    record.terms = rate{.rate_id = row["rate_id"].as<std::int64_t>(),
                        .prefix = row["rate_prefix"].as<std::string>(),
                        .destination = row["destination"].as<std::string>(),
                        .connection_fee = sql::money_of(row["connection_fee_micros"]),
                        .price_per_minute = sql::money_of(row["price_per_minute_micros"]),
                        .initial_increment = sql::seconds_of(row["initial_increment_s"]),
                        .next_increment = sql::seconds_of(row["next_increment_s"]),
                        .free_start = sql::seconds_of(row["free_start_s"]),
                        .included = sql::seconds_of(row["included_s"])};
  if (!row["rate_deck"].is_null())
    record.deck = {row["rate_deck"].as<std::string>(), row["rate_deck_version"].as<int>()};
  record.billed = sql::seconds_of(row["billed_s"]);
  record.price = sql::money_of(row["price_micros"]);
  record.charged = sql::money_of(row["charged_micros"]);
  if (!row["rerated_micros"].is_null()) record.rerated = sql::money_of(row["rerated_micros"]);
  if (!row["cost_micros"].is_null()) record.cost = sql::money_of(row["cost_micros"]);
  if (!row["margin_micros"].is_null()) record.margin = sql::money_of(row["margin_micros"]);
  return record;
}

// A page of calls by their ids, which are in the order of their beginning.
struct call_page {
  const std::optional<uuid>& cursor;
  bool oldest_first;
  std::string from() const { return cursor ? sql::text_of(*cursor) : oldest_first ? first_id : last_id; }
  std::string after(const char* parameter) const { return std::string("call_id ") + (oldest_first ? "> " : "< ") + parameter; }
  std::string order() const { return oldest_first ? " ORDER BY call_id" : " ORDER BY call_id DESC"; }
};

}  // namespace

namespace sql {

// The stop record comes back as the JSON that it was written from, with the times as the parser wants them;
// the rest as columns.
const char* const select_calls = R"(
  SELECT to_jsonb(c) || jsonb_build_object(
      'started_at', billing.iso_time(started_at), 'ringing_at', billing.iso_time(ringing_at),
      'answered_at', billing.iso_time(answered_at), 'ended_at', billing.iso_time(ended_at)) AS stop,
    settled_by, currency, rate_id, rate_prefix, destination, connection_fee_micros, price_per_minute_micros,
    initial_increment_s, next_increment_s, free_start_s, included_s, billed_s, price_micros, charged_micros,
    cost_micros, margin_micros, export_position, rate_deck, rate_deck_version,
    (SELECT -sum(a.amount_micros)::bigint FROM billing.rerated_call a
       WHERE a.account_id = c.account_id AND a.call_id = c.call_id) AS rerated_micros
  FROM billing.cdr c
    LEFT JOIN LATERAL (SELECT v.deck AS rate_deck, v.version AS rate_deck_version
                         FROM billing.rate r JOIN billing.deck_version v USING (deck_version_id)
                         WHERE r.rate_id = c.rate_id) d ON true )";

std::vector<call_record> calls_of(const pqxx::result& rows) {
  std::vector<call_record> calls;
  calls.reserve(rows.size());
  for (const auto& row : rows)
    calls.push_back(call_of(row));
  return calls;
}

}  // namespace sql

const char* to_string(settled_by value) {
  switch (value) {
    case settled_by::gateway:
      return "gateway";
    case settled_by::reaper:
      return "reaper";
    case settled_by::corrected:
      return "corrected";
    case settled_by::refused:
      return "refused";
  }
  return "gateway";
}

std::vector<call_record> list_calls(pqxx::transaction_base& tx, const uuid& account_id, int limit,
                                    std::optional<uuid> before, bool oldest_first) {
  const call_page page{before, oldest_first};
  return sql::calls_of(
      tx.exec_params(sql::select_calls + ("WHERE account_id = $1 AND " + page.after("$2")) + page.order() + " LIMIT $3",
                     sql::text_of(account_id), page.from(), std::clamp(limit, 1, longest_list)));
}

std::optional<call_record> find_call(pqxx::transaction_base& tx, const uuid& account_id,
                                     const uuid& call_id) {
  const auto rows = tx.exec_params(std::string(sql::select_calls) + "WHERE account_id = $1 AND call_id = $2",
                                   sql::text_of(account_id), sql::text_of(call_id));
  if (rows.empty()) return std::nullopt;
  return call_of(rows[0]);
}

}  // namespace tollgate::billing
