// SPDX-License-Identifier: Apache-2.0
// Rows of gateway.node.
#include "gateway/api/node_store.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

#include "gateway/api/fields.hpp"

namespace tollgate::gateway::api {
namespace {

// In the order that node_of reads. The database's clock alone tells who is alive.
constexpr const char* columns =
    "node, to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), "
    "to_char(seen_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), "
    "seen_at > now() - make_interval(secs => $1), draining, stopping, not_ready, calls, sessions, overlay_address, sip_address, order_wish, "
    "to_char(order_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), order_obeyed >= order_number, order_instance = instance";

int silence_s() {
  return static_cast<int>(node_silence.count());
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& each : texts)
    out += (out.empty() ? "" : ",") + each;
  return out;
}

std::vector<std::string> parted(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

node_wish wish_of(const std::string& text) {
  return text == "drain" ? node_wish::drain : text == "stop" ? node_wish::stop : node_wish::serve;
}

known_node node_of(const pqxx::row& row) {
  known_node out;
  out.status.node = row[0].as<std::string>();
  out.status.started_at = parse_rfc3339(row[1].c_str()).value_or(wall_time{});
  out.seen_at = parse_rfc3339(row[2].c_str()).value_or(wall_time{});
  out.alive = row[3].as<bool>();
  out.status.draining = row[4].as<bool>();
  out.status.stopping = row[5].as<bool>();
  out.not_ready = parted(row[6].as<std::string>());
  out.status.calls = row[7].as<std::size_t>();
  out.status.sessions = row[8].as<std::size_t>();
  out.status.overlay_address = row[9].as<std::string>();
  out.status.sip_address = row[10].as<std::string>();
  if (!row[12].is_null())
    out.order = known_node::given_order{wish_of(row[11].as<std::string>()), parse_rfc3339(row[12].c_str()).value_or(wall_time{}),
                                        row[13].as<bool>()   ? order_state::obeyed
                                        : row[14].as<bool>() ? order_state::waiting
                                                             : order_state::lost};
  return out;
}

}  // namespace

std::string_view to_string(node_wish wish) {
  switch (wish) {
    case node_wish::serve:
      return "serve";
    case node_wish::drain:
      return "drain";
    case node_wish::stop:
      return "stop";
  }
  return "serve";
}

std::string_view to_string(order_state state) {
  switch (state) {
    case order_state::waiting:
      return "waiting";
    case order_state::obeyed:
      return "obeyed";
    case order_state::lost:
      return "lost";
  }
  return "lost";
}

std::optional<node_order> keep_node(pqxx::transaction_base& tx, const uuid& instance, const node_status& now,
                                    const std::vector<std::string>& not_ready, std::int64_t obeyed, bool fresh) {
  if (fresh)
    tx.exec_params0("DELETE FROM gateway.node WHERE seen_at < now() - make_interval(days => $1)", static_cast<int>(node_memory.count()));
  const auto row = tx.exec_params1(
      "INSERT INTO gateway.node AS n (node, instance, started_at, draining, stopping, not_ready, calls, sessions, overlay_address, sip_address) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (node) DO UPDATE SET instance = excluded.instance, "
      "started_at = excluded.started_at, seen_at = now(), draining = excluded.draining, stopping = excluded.stopping, not_ready = excluded.not_ready, "
      "calls = excluded.calls, sessions = excluded.sessions, overlay_address = excluded.overlay_address, sip_address = excluded.sip_address, "
      "order_obeyed = greatest(n.order_obeyed, $11) RETURNING order_instance = instance, order_number, order_wish",
      now.node, uuid_text(instance), rfc3339(now.started_at), now.draining, now.stopping, joined(not_ready), static_cast<int>(now.calls),
      static_cast<int>(now.sessions), now.overlay_address, now.sip_address, obeyed);
  if (row[0].is_null() || !row[0].as<bool>()) return std::nullopt;
  return node_order{row[1].as<std::int64_t>(), wish_of(row[2].as<std::string>())};
}

std::vector<known_node> list_nodes(pqxx::transaction_base& tx) {
  std::vector<known_node> out;
  for (const auto& row : tx.exec_params(std::string("SELECT ") + columns + " FROM gateway.node ORDER BY node", silence_s()))
    out.push_back(node_of(row));
  return out;
}

std::optional<known_node> find_node(pqxx::transaction_base& tx, const std::string& node) {
  const auto rows = tx.exec_params(std::string("SELECT ") + columns + " FROM gateway.node WHERE node = $2", silence_s(), node);
  return rows.empty() ? std::nullopt : std::optional(node_of(rows[0]));
}

bool order_node(pqxx::transaction_base& tx, const std::string& node, node_wish wish) {
  constexpr const char* order =
      "UPDATE gateway.node SET order_number = order_number + 1, order_instance = instance, order_at = now(), "
      "order_wish = CASE WHEN order_wish = 'stop' AND order_instance = instance THEN 'stop' ELSE $3 END "
      "WHERE node = $2 AND seen_at > now() - make_interval(secs => $1) "
      "AND NOT ($3 = 'serve' AND (stopping OR (order_wish = 'stop' AND order_instance IS NOT DISTINCT FROM instance)))";
  return tx.exec_params(order, silence_s(), node, std::string(to_string(wish))).affected_rows() > 0;
}

}  // namespace tollgate::gateway::api
