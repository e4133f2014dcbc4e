// SPDX-License-Identifier: Apache-2.0
#include "gateway/events/webhook_store.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "gateway/events/row.hpp"
#include "gateway/events/sql.hpp"

namespace tollgate::gateway::events {
namespace {

const std::string webhook_columns =
    "webhook_id, account_id, url, array_to_json(event_types) AS event_types, description, enabled, secret, "
    "CASE WHEN old_secret_until > now() THEN old_secret ELSE '' END AS old_secret, "
    "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS created_at";
const std::string backlog_columns =
    ", (SELECT count(*) FROM (SELECT FROM gateway.webhook_delivery d WHERE d.webhook_id = w.webhook_id AND failed_at IS NULL LIMIT 1000) x) "
    "AS waiting, (SELECT count(*) FROM (SELECT FROM gateway.webhook_delivery d WHERE d.webhook_id = w.webhook_id AND failed_at IS NOT NULL "
    "LIMIT 1000) x) AS failed, "
    "coalesce((SELECT error FROM (SELECT position, error FROM gateway.webhook_delivery d WHERE d.webhook_id = w.webhook_id ORDER BY position "
    "LIMIT 1000) x WHERE error <> '' ORDER BY position LIMIT 1), '') AS last_error";
const std::string delivery_columns =
    ", d.attempts, d.error, to_char(d.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS due_at, "
    "coalesce(to_char(d.failed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), '') AS failed_at";

webhook row_webhook(const pqxx::row& row) {
  webhook out;
  out.webhook_id = *sql::uuid(row["webhook_id"]);
  out.account_id = sql::uuid(row["account_id"]);
  out.url = row["url"].c_str();
  const auto types = boost::json::parse(row["event_types"].c_str());
  for (const auto& each : types.as_array())
    out.event_types.emplace_back(each.as_string());
  out.description = row["description"].c_str();
  out.enabled = row["enabled"].as<bool>();
  out.secret = row["secret"].c_str();
  out.old_secret = row["old_secret"].c_str();
  out.created_at = row["created_at"].c_str();
  return out;
}

webhook row_webhook_and_backlog(const pqxx::row& row) {
  webhook out = row_webhook(row);
  out.waiting = row["waiting"].as<std::int64_t>();
  out.failed = row["failed"].as<std::int64_t>();
  out.last_error = row["last_error"].c_str();
  return out;
}

webhook_delivery row_delivery(const pqxx::row& row) {
  return {row_event(row), row["attempts"].as<int>(), row["due_at"].c_str(), row["failed_at"].c_str(), row["error"].c_str()};
}

}  // namespace

bool add_webhook(pqxx::transaction_base& tx, const webhook& what) {
  const std::string id = sql::text(what.webhook_id), account = sql::text(what.account_id);
  if (what.account_id) {
    // Two at once are counted one after the other.
    tx.exec_params("SELECT FROM gateway.subscriber WHERE account_id = $1 FOR UPDATE", account);
    const auto there = tx.exec_params1("SELECT count(*) FROM gateway.webhook WHERE account_id = $1 AND webhook_id <> $2 AND removed_at IS NULL", account, id);
    if (there[0].as<int>() >= webhooks_of_account_most) return false;
  }
  tx.exec_params0(
      "INSERT INTO gateway.webhook (webhook_id, account_id, url, event_types, description, enabled, secret) "
      "VALUES ($1, nullif($2, '')::uuid, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
      id, account, what.url, sql::array(what.event_types), what.description, what.enabled, what.secret);
  return true;
}

bool change_webhook(pqxx::transaction_base& tx, const webhook& what) {
  // What waited while it was off is looked at again.
  return tx
             .exec_params(
                 "UPDATE gateway.webhook SET url = $2, event_types = $3, description = $4, enabled = $5, "
                 "next_at = CASE WHEN $5 THEN now() ELSE next_at END WHERE webhook_id = $1 AND removed_at IS NULL",
                 sql::text(what.webhook_id), what.url, sql::array(what.event_types), what.description, what.enabled)
             .affected_rows() > 0;
}

bool remove_webhook(pqxx::transaction_base& tx, const uuid& webhook_id) {
  constexpr int at_once = 1'000;  // deliveries that go with it; of more, purge_removed() takes them
  const std::string id = sql::text(webhook_id);
  const auto removed = tx.exec_params(
      "UPDATE gateway.webhook SET removed_at = now(), enabled = false, next_at = NULL, secret = '', old_secret = '' "
      "WHERE webhook_id = $1 AND removed_at IS NULL",
      id);
  if (removed.affected_rows() == 0) return false;
  tx.exec_params0(
      "DELETE FROM gateway.webhook WHERE webhook_id = $1 AND (SELECT count(*) FROM (SELECT FROM gateway.webhook_delivery WHERE "
      "webhook_id = $1 LIMIT $2 + 1) x) <= $2",
      id, at_once);
  return true;
}

int purge_removed(pqxx::transaction_base& tx, int limit) {
  // The webhook before its deliveries, as end_work() does: no deadlock with it, and no two nodes at the same one.
  const auto held = tx.exec(
      "SELECT coalesce(array_agg(webhook_id), '{}') FROM (SELECT webhook_id FROM gateway.webhook WHERE removed_at IS NOT NULL "
      "ORDER BY webhook_id LIMIT 20 FOR UPDATE SKIP LOCKED) w");
  const auto ids = held[0][0].as<std::string>();
  const auto gone = tx.exec_params(
      "DELETE FROM gateway.webhook_delivery WHERE (webhook_id, position) IN (SELECT webhook_id, position FROM "
      "gateway.webhook_delivery WHERE webhook_id = ANY ($2::uuid[]) LIMIT $1)",
      limit, ids);
  const auto count = static_cast<int>(gone.affected_rows());
  if (count < limit)
    tx.exec_params0(
        "DELETE FROM gateway.webhook w WHERE webhook_id = ANY ($1::uuid[]) AND NOT EXISTS (SELECT FROM gateway.webhook_delivery d "
        "WHERE d.webhook_id = w.webhook_id)",
        ids);
  return count;
}

bool change_secret(pqxx::transaction_base& tx, const uuid& webhook_id, const std::string& secret, std::chrono::seconds overlap,
                   const std::optional<uuid>& change_id) {
  return tx
             .exec_params(
                 "UPDATE gateway.webhook SET old_secret = CASE WHEN secret_id = nullif($4, '')::uuid THEN old_secret ELSE secret END, "
                 "old_secret_until = now() + make_interval(secs => $3), secret = $2, secret_id = nullif($4, '')::uuid "
                 "WHERE webhook_id = $1",
                 sql::text(webhook_id), secret, overlap.count(), sql::text(change_id))
             .affected_rows() > 0;
}

std::optional<webhook> find_webhook(pqxx::transaction_base& tx, const uuid& webhook_id) {
  const auto rows = tx.exec_params("SELECT " + webhook_columns + backlog_columns + " FROM gateway.webhook w WHERE webhook_id = $1 AND removed_at IS NULL",
                                   sql::text(webhook_id));
  return rows.empty() ? std::nullopt : std::optional(row_webhook_and_backlog(rows[0]));
}

std::vector<webhook> list_webhooks(pqxx::transaction_base& tx, const std::optional<uuid>& account_id, const std::optional<uuid>& after,
                                   int limit, bool descending) {
  const auto rows = tx.exec_params("SELECT " + webhook_columns + backlog_columns +
                                       " FROM gateway.webhook w WHERE removed_at IS NULL AND ($1 = '' OR account_id = nullif($1, '')::uuid) "
                                       "AND ($2 = '' OR webhook_id " + (descending ? "<" : ">") + " nullif($2, '')::uuid) ORDER BY webhook_id" +
                                       (descending ? " DESC" : "") + " LIMIT $3",
                                   sql::text(account_id), sql::text(after), std::clamp(limit, 1, 1000));
  std::vector<webhook> found;
  for (const auto& row : rows)
    found.push_back(row_webhook_and_backlog(row));
  return found;
}

std::vector<webhook_delivery> list_deliveries(pqxx::transaction_base& tx, const uuid& webhook_id, delivery_state state,
                                              std::int64_t after, int limit) {
  const auto rows = tx.exec_params(
      "SELECT e.*" + delivery_columns + " FROM gateway.webhook_delivery d JOIN LATERAL (SELECT " + std::string(sql::event_columns) +
          " FROM gateway.event WHERE position = d.position) e ON true WHERE d.webhook_id = $1 AND d.failed_at IS " +
          (state == delivery_state::failed ? "NOT " : "") + "NULL AND d.position > $2 ORDER BY d.position LIMIT $3",
      sql::text(webhook_id), after, std::clamp(limit, 1, 1000));
  std::vector<webhook_delivery> found;
  for (const auto& row : rows)
    found.push_back(row_delivery(row));
  return found;
}

std::int64_t replay(pqxx::transaction_base& tx, const uuid& webhook_id, const std::optional<std::int64_t>& position) {
  const std::string id = sql::text(webhook_id);
  tx.exec_params("SELECT FROM gateway.webhook WHERE webhook_id = $1 FOR NO KEY UPDATE", id);
  const auto again = tx.exec_params(
      "UPDATE gateway.webhook_delivery SET failed_at = NULL, attempts = 0, due_at = now() WHERE webhook_id = $1 AND position IN ("
      "SELECT position FROM gateway.webhook_delivery WHERE webhook_id = $1 AND failed_at IS NOT NULL AND "
      "($2::bigint = 0 OR position = $2::bigint) ORDER BY position LIMIT $3)",
      id, position.value_or(0), replayed_at_once);
  if (again.affected_rows() > 0) tx.exec_params0("UPDATE gateway.webhook SET next_at = now() WHERE webhook_id = $1", id);
  return static_cast<std::int64_t>(again.affected_rows());
}

std::vector<webhook_work> take_webhooks(pqxx::transaction_base& tx, int webhooks, int of_accounts, int deliveries,
                                        std::chrono::seconds lease) {
  std::vector<std::string> due;
  const auto take = [&](int most, const char* whose) {
    if (most <= 0) return;
    const auto rows = tx.exec_params(
        std::string("UPDATE gateway.webhook w SET busy_until = now() + make_interval(secs => $2) FROM (SELECT webhook_id FROM "
                    "gateway.webhook o WHERE next_at <= now() AND coalesce(busy_until, '-infinity') <= now() AND enabled AND ") +
            whose + " ORDER BY next_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED) d WHERE w.webhook_id = d.webhook_id RETURNING w.webhook_id",
        most, lease.count());
    for (const auto& row : rows)
      due.emplace_back(row[0].c_str());
  };
  take(webhooks, "account_id IS NULL");
  take(std::min(of_accounts, webhooks - static_cast<int>(due.size())),
       "account_id IS NOT NULL AND EXISTS (SELECT FROM gateway.subscriber s WHERE s.account_id = o.account_id AND s.status = 'active') "
       "AND NOT EXISTS (SELECT FROM gateway.webhook b WHERE b.account_id = o.account_id AND b.busy_until > now())");
  std::vector<webhook_work> taken;
  for (const std::string& one : due) {
    const auto row = tx.exec_params1("SELECT " + webhook_columns + " FROM gateway.webhook WHERE webhook_id = $1", one);
    webhook_work work{row_webhook(row), {}};
    // Of the oldest so many: with a long backlog a look does not read all of it, and the first of a resource is the first all the same.
    constexpr int looked_at = 1000;
    const auto rows = tx.exec_params(
        "SELECT e.*" + delivery_columns +
            " FROM (SELECT DISTINCT ON (resource) * FROM (SELECT * FROM gateway.webhook_delivery WHERE webhook_id = $1 AND failed_at IS "
            "NULL ORDER BY position LIMIT $3) o ORDER BY resource, position) d JOIN LATERAL (SELECT " +
            std::string(sql::event_columns) +
            " FROM gateway.event WHERE position = d.position) e ON true WHERE d.due_at <= now() ORDER BY d.position LIMIT $2",
        one, deliveries, looked_at);
    for (const auto& each : rows)
      work.what.push_back(row_delivery(each));
    taken.push_back(std::move(work));
  }
  return taken;
}

void end_work(pqxx::transaction_base& tx, const uuid& webhook_id, const std::vector<delivery_outcome>& outcomes,
              std::chrono::seconds pause) {
  constexpr std::size_t longest = 300;
  const std::string id = sql::text(webhook_id);
  tx.exec_params("SELECT FROM gateway.webhook WHERE webhook_id = $1 FOR NO KEY UPDATE", id);
  for (const auto& one : outcomes) {
    if (one.done)
      tx.exec_params0("DELETE FROM gateway.webhook_delivery WHERE webhook_id = $1 AND position = $2", id, one.position);
    else
      tx.exec_params0(
          "UPDATE gateway.webhook_delivery SET attempts = attempts + 1, error = $3, due_at = now() + make_interval(secs => $4), "
          "failed_at = CASE WHEN $5 THEN now() END WHERE webhook_id = $1 AND position = $2",
          id, one.position, one.why.substr(0, longest), one.again_after.value_or(std::chrono::seconds(0)).count(),
          !one.again_after.has_value());
  }
  // The first of each resource says when; the lock above was waited for, so that this statement sees what came meanwhile.
  tx.exec_params0(
      "UPDATE gateway.webhook SET busy_until = NULL, next_at = (SELECT greatest(min(due_at), now() + make_interval(secs => $2)) FROM (SELECT DISTINCT ON (resource) due_at FROM (SELECT * FROM "
      "gateway.webhook_delivery WHERE webhook_id = $1 AND failed_at IS NULL ORDER BY position LIMIT 1000) o "
      "ORDER BY resource, position) d HAVING count(*) > 0) WHERE webhook_id = $1",
      id, pause.count());
}

}  // namespace tollgate::gateway::events
