// SPDX-License-Identifier: Apache-2.0
#include "gateway/events/event_store.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "gateway/events/row.hpp"
#include "gateway/events/sql.hpp"

namespace tollgate::gateway::events {
namespace {

// jsonb takes neither a NUL nor what is no UTF-8, and a call's texts come from the network.
boost::json::value storable(const boost::json::object& data) {
  const std::string text = boost::json::serialize(data);
  boost::system::error_code broken;
  auto again = boost::json::parse(text, broken);
  if (broken || text.find("\\u0000") != std::string::npos) return boost::json::object();
  return again;
}

}  // namespace

event row_event(const pqxx::row& row) {
  return {row["position"].as<std::int64_t>(), *sql::uuid(row["event_id"]), row["type"].c_str(),     row["at"].c_str(),
          sql::uuid(row["account_id"]),       sql::uuid(row["carrier_id"]), row["resource"].c_str(), row["data"].c_str()};
}

void add_events(pqxx::transaction_base& tx, const std::vector<new_event>& what) {
  if (what.empty()) return;
  boost::json::array rows;
  for (const auto& one : what) {
    const auto at = std::chrono::duration_cast<std::chrono::microseconds>(one.at.time_since_epoch()).count();
    boost::json::object row{{"type", one.type}, {"at", at}, {"resource", one.resource}, {"data", storable(one.data)}};
    if (!one.event_id.is_nil()) row["event_id"] = boost::uuids::to_string(one.event_id);
    if (one.account_id) row["account_id"] = sql::text(one.account_id);
    if (one.carrier_id) row["carrier_id"] = sql::text(one.carrier_id);
    rows.push_back(std::move(row));
  }
  tx.exec_params0(
      "INSERT INTO gateway.event_outbox (event_id, type, at, account_id, carrier_id, resource, data) "
      "SELECT coalesce((r ->> 'event_id')::uuid, gen_random_uuid()), r ->> 'type', to_timestamp((r ->> 'at')::bigint / 1000000.0), (r ->> 'account_id')::uuid, (r ->> 'carrier_id')::uuid, "
      "r ->> 'resource', r -> 'data' FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS e (r, n) ORDER BY n",
      boost::json::serialize(rows));
}

std::int64_t sequence_events(pqxx::transaction_base& tx, int limit) {
  return tx.exec_params1("SELECT gateway.sequence_events($1)", limit)[0].as<std::int64_t>();
}

std::vector<event> list_events(pqxx::transaction_base& tx, const event_filter& which) {
  const auto rows = tx.exec_params(
      "SELECT " + std::string(sql::event_columns) +
          " FROM gateway.event WHERE position > $1 AND ($2::bigint = 0 OR position < $2::bigint) AND ($3 = '{}' OR type = ANY ($3::text[])) "
          "AND ($4 = '' OR account_id = nullif($4, '')::uuid) AND ($5 = '' OR carrier_id = nullif($5, '')::uuid) "
          "AND ($6 = '' OR resource = $6) AND ($8 = '' OR at >= to_timestamp(nullif($8, '')::bigint / 1e6)) "
          "AND ($9 = '' OR at < to_timestamp(nullif($9, '')::bigint / 1e6)) ORDER BY position" +
          (which.newest_first ? " DESC" : "") + " LIMIT $7",
      which.after, which.before.value_or(0), sql::array(which.types), sql::text(which.account_id), sql::text(which.carrier_id),
      which.resource, std::clamp(which.limit, 1, 1000), sql::micros(which.from), sql::micros(which.until));
  std::vector<event> found;
  found.reserve(rows.size());
  for (const auto& row : rows)
    found.push_back(which.for_others ? for_others(row_event(row)) : row_event(row));
  return found;
}

std::int64_t newest_position(pqxx::transaction_base& tx) {
  return tx.exec1("SELECT coalesce(max(position), 0) FROM gateway.event")[0].as<std::int64_t>();
}

int forget_events(pqxx::transaction_base& tx, std::chrono::hours age, int limit) {
  const auto gone = tx.exec_params(
      "DELETE FROM gateway.event WHERE position IN (SELECT position FROM gateway.event WHERE at < now() - make_interval(hours => $1) "
      "ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING position",
      age.count(), limit);
  if (gone.empty()) return 0;
  std::string positions = "{";
  for (const auto& row : gone)
    positions += (positions.size() > 1 ? "," : "") + std::string(row[0].c_str());
  tx.exec_params0("DELETE FROM gateway.webhook_delivery WHERE position = ANY ($1::bigint[])", positions + "}");
  return static_cast<int>(gone.size());
}

}  // namespace tollgate::gateway::events
