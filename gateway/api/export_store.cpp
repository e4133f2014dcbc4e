// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/export_store.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <pqxx/binarystring>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/cdr_export.hpp"
#include "gateway/api/cdr_json.hpp"

namespace tollgate::gateway::api {
namespace {

constexpr const char* columns =
    "export_id, role, carrier_id, format, query, state, error, parts, records, size_bytes, (extract(epoch FROM created_at) * 1000000)::bigint, "
    "(extract(epoch FROM ended_at) * 1000000)::bigint, (extract(epoch FROM expires_at) * 1000000)::bigint, keep_hours, last_call_id ";
constexpr const char* lease = "interval '2 minutes'";
constexpr int most_attempts = 8;  // to make one part

std::optional<uuid> uuid_in(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : parse_uuid(field.c_str());
}

std::optional<wall_time> time_in(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return wall_time{std::chrono::microseconds{field.as<std::int64_t>()}};
}

std::string text(const std::optional<uuid>& id) {
  return id ? uuid_text(*id) : std::string();
}

cdr_export export_of(const pqxx::row& row) {
  return {.id = uuid_in(row[0]).value(),
          .as = parse_role(row[1].c_str()).value_or(role::carrier),
          .carrier_id = uuid_in(row[2]),
          .format = row[3].c_str(),
          .query = row[4].c_str(),
          .state = row[5].c_str(),
          .error = row[6].c_str(),
          .parts = row[7].as<int>(),
          .records = row[8].as<std::int64_t>(),
          .size_bytes = row[9].as<std::int64_t>(),
          .created_at = time_in(row[10]).value(),
          .ended_at = time_in(row[11]),
          .expires_at = time_in(row[12]),
          .keep_hours = row[13].as<int>(),
          .last_call = uuid_in(row[14])};
}

// The records of one part in the export's format, and with the first part the header.
std::string written(const cdr_export& of, const std::vector<billing::call_record>& records) {
  const auto shown = of.as == role::carrier ? billing::cdr_columns::of_carriers : billing::cdr_columns::all;
  const bool csv = of.format == "csv";
  std::string out;
  if (csv && of.parts == 0) out = billing::cdr_csv_header(shown);
  for (const auto& each : records)
    out += csv ? billing::to_csv(each, shown) : boost::json::serialize(to_json(each, of.as)) + "\n";
  return out;
}

void end_export(pqxx::transaction_base& tx, const uuid& id, const std::string& state, const std::string& error) {
  tx.exec_params0(
      "UPDATE gateway.cdr_export SET state = $2, error = $3, ended_at = now(), expires_at = now() + make_interval(hours => keep_hours), "
      "claim = NULL, busy_until = NULL WHERE export_id = $1",
      uuid_text(id), state, error);
}

// What was ordered, as it was read then.
std::optional<billing::call_filter> filter_of(pqxx::transaction_base& tx, const cdr_export& of) {
  request ordered;
  ordered.content_type = "application/json";
  ordered.body = of.query;
  auto fields = field_reader::of_body(ordered);
  auto filter = resolve(tx, read_call_query(fields));
  if (!filter) return std::nullopt;
  if (of.carrier_id) filter->carrier_id = of.carrier_id;
  if (!filter->until || *filter->until > of.created_at) filter->until = of.created_at;  // it is to end
  return filter;
}

// Whether there is room for another one; `made`: there is. Under the lock of the orders.
order_outcome look_for_room(pqxx::transaction_base& tx, const std::optional<uuid>& carrier_id, const export_bounds& bounds) {
  const auto row = tx.exec_params1(
      "SELECT count(*) FILTER (WHERE state IN ('waiting', 'running')), count(*) FILTER (WHERE state IN ('waiting', 'running') AND carrier_id IS NOT NULL), "
      "count(*) FILTER (WHERE carrier_id = nullif($1, '')::uuid), coalesce(sum(size_bytes) FILTER (WHERE state <> 'failed'), 0)::bigint "
      "FROM gateway.cdr_export WHERE expires_at IS NULL OR expires_at > now()",
      text(carrier_id));
  if (carrier_id && row[2].as<int>() >= bounds.most_of_carrier) return order_outcome::too_many_of_carrier;
  if (row[0].as<int>() >= bounds.most_open) return order_outcome::too_many;
  if (carrier_id && row[1].as<int>() >= bounds.most_open - bounds.open_of_staff) return order_outcome::too_many;
  if (row[3].as<std::int64_t>() >= bounds.most_bytes_of_all) return order_outcome::no_space;
  return order_outcome::made;
}

}  // namespace

order_outcome order_export(pqxx::transaction_base& tx, const cdr_export& wanted, const export_bounds& bounds) {
  tx.exec("SELECT pg_advisory_xact_lock(hashtextextended('gateway.cdr_export', 0))");
  tx.exec_params0("DELETE FROM gateway.cdr_export WHERE export_id = $1 AND expires_at <= now()", uuid_text(wanted.id));
  const auto there = tx.exec_params("SELECT query = $2::jsonb AND format = $3 AND role = $4 FROM gateway.cdr_export WHERE export_id = $1", uuid_text(wanted.id),
                                    wanted.query, wanted.format, std::string(to_string(wanted.as)));
  if (!there.empty()) return there[0][0].as<bool>() ? order_outcome::repeated : order_outcome::conflict;
  if (const auto room = look_for_room(tx, wanted.carrier_id, bounds); room != order_outcome::made) return room;
  tx.exec_params0(
      "INSERT INTO gateway.cdr_export (export_id, role, carrier_id, format, query, keep_hours) VALUES ($1, $2, nullif($3, '')::uuid, $4, $5, $6)",
      uuid_text(wanted.id), std::string(to_string(wanted.as)), text(wanted.carrier_id), wanted.format, wanted.query, wanted.keep_hours);
  return order_outcome::made;
}

std::optional<cdr_export> find_export(pqxx::transaction_base& tx, const uuid& id, const std::optional<uuid>& carrier_id) {
  const auto rows = tx.exec_params(std::string("SELECT ") + columns +
                                       "FROM gateway.cdr_export WHERE export_id = $1 AND ($2 = '' OR carrier_id = nullif($2, '')::uuid) "
                                       "AND (expires_at IS NULL OR expires_at > now())",
                                   uuid_text(id), text(carrier_id));
  return rows.empty() ? std::nullopt : std::optional(export_of(rows[0]));
}

std::vector<cdr_export> list_exports(pqxx::transaction_base& tx, const std::optional<uuid>& carrier_id, int limit, const std::optional<uuid>& after,
                                     bool oldest_first) {
  std::vector<cdr_export> found;
  const std::string behind = oldest_first ? "> " : "< ", order = oldest_first ? "" : " DESC";
  for (const auto& row : tx.exec_params(
           std::string("SELECT ") + columns +
               "FROM gateway.cdr_export WHERE ($1 = '' OR carrier_id = nullif($1, '')::uuid) AND (expires_at IS NULL OR expires_at > now()) "
               "AND ($3 = '' OR (created_at, export_id) " + behind +
               "(SELECT x.created_at, x.export_id FROM gateway.cdr_export x WHERE x.export_id = nullif($3, '')::uuid)) ORDER BY created_at" + order +
               ", export_id" + order + " LIMIT $2",
           text(carrier_id), limit, text(after)))
    found.push_back(export_of(row));
  return found;
}

bool remove_export(pqxx::transaction_base& tx, const uuid& id, const std::optional<uuid>& carrier_id) {
  return tx.exec_params("DELETE FROM gateway.cdr_export WHERE export_id = $1 AND ($2 = '' OR carrier_id = nullif($2, '')::uuid)", uuid_text(id),
                        text(carrier_id))
             .affected_rows() == 1;
}

std::optional<std::string> read_export_part(pqxx::transaction_base& tx, const uuid& id, int part) {
  const auto rows = tx.exec_params("SELECT data FROM gateway.cdr_export_part WHERE export_id = $1 AND part = $2", uuid_text(id), part);
  return rows.empty() ? std::nullopt : std::optional(pqxx::binarystring(rows[0][0]).str());
}

std::optional<cdr_export> claim_export(pqxx::transaction_base& tx, const uuid& claim) {
  const auto rows = tx.exec_params(std::string("UPDATE gateway.cdr_export SET state = 'running', claim = $1, attempts = attempts + 1, busy_until = now() + ") + lease +
                                       " WHERE export_id = (SELECT export_id FROM gateway.cdr_export WHERE state IN ('waiting', 'running') "
                                       "AND (busy_until IS NULL OR busy_until < now()) ORDER BY busy_until NULLS FIRST, created_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING " +
                                       columns + ", attempts",
                                   uuid_text(claim));
  if (rows.empty()) return std::nullopt;
  const cdr_export found = export_of(rows[0]);
  if (rows[0]["attempts"].as<int>() <= most_attempts) return found;
  tx.exec_params0("DELETE FROM gateway.cdr_export_part WHERE export_id = $1", uuid_text(found.id));
  end_export(tx, found.id, "failed", "timeout");
  return std::nullopt;
}

bool advance_export(pqxx::transaction_base& tx, const uuid& id, const uuid& claim, const export_bounds& bounds) {
  const auto rows = tx.exec_params(std::string("SELECT ") + columns + "FROM gateway.cdr_export WHERE export_id = $1 AND claim = $2 FOR UPDATE",
                                   uuid_text(id), uuid_text(claim));
  if (rows.empty()) return false;
  const cdr_export now = export_of(rows[0]);
  const auto filter = filter_of(tx, now);
  std::vector<billing::call_record> records;
  if (filter)
    records = billing::list_calls_by(tx, *filter, {.limit = bounds.records_of_part, .cursor = now.last_call, .oldest_first = true});
  const std::string data = written(now, records);
  const auto size = now.size_bytes + static_cast<std::int64_t>(data.size());
  if (size > bounds.most_bytes) {
    tx.exec_params0("DELETE FROM gateway.cdr_export_part WHERE export_id = $1", uuid_text(id));
    end_export(tx, id, "failed", "too_large");
    return false;
  }
  const std::string last = records.empty() ? text(now.last_call) : uuid_text(records.back().call.call_id);
  if (!data.empty())
    tx.exec_params0("INSERT INTO gateway.cdr_export_part (export_id, part, data) VALUES ($1, $2, $3)", uuid_text(id), now.parts, pqxx::binarystring(data));
  tx.exec_params0(std::string("UPDATE gateway.cdr_export SET parts = $2, records = records + $3, size_bytes = $4, last_call_id = nullif($5, '')::uuid, attempts = 0, "
                              "busy_until = now() + ") + lease + " WHERE export_id = $1",
                  uuid_text(id), now.parts + (data.empty() ? 0 : 1), static_cast<std::int64_t>(records.size()), size, last);
  if (static_cast<int>(records.size()) == bounds.records_of_part) return true;
  end_export(tx, id, "done", "");
  return false;
}

void release_export(pqxx::transaction_base& tx, const uuid& claim, std::chrono::seconds rest) {
  tx.exec_params0("UPDATE gateway.cdr_export SET claim = NULL, busy_until = now() + make_interval(secs => $2::int) WHERE claim = $1", uuid_text(claim),
                  rest.count());
}

bool expire_export(pqxx::transaction_base& tx) {
  return tx.exec("DELETE FROM gateway.cdr_export WHERE export_id = (SELECT export_id FROM gateway.cdr_export WHERE expires_at <= now() "
                 "ORDER BY expires_at LIMIT 1 FOR UPDATE SKIP LOCKED)")
             .affected_rows() > 0;
}

}  // namespace tollgate::gateway::api
