// SPDX-License-Identifier: Apache-2.0
#include "gateway/trace/trace_store.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <pqxx/result>
#include <string>

namespace tollgate::gateway::trace {
namespace {

namespace json = boost::json;
using std::chrono::duration_cast;
using std::chrono::microseconds;

std::string epoch_us(wall_time at) {
  return std::to_string(duration_cast<microseconds>(at.time_since_epoch()).count());
}

wall_time from_epoch_us(std::int64_t us) {
  return wall_time(microseconds(us));
}

// Of microseconds since 1970, exactly.
std::string timestamp(const std::string& us) {
  return "timestamptz 'epoch' + " + us + " * interval '1 microsecond'";
}

constexpr const char* epoch_of = "(extract(epoch FROM %) * 1000000)::bigint";

std::string epoch_expression(const std::string& column) {
  std::string out = epoch_of;
  return out.replace(out.find('%'), 1, column);
}

}  // namespace

void save_traces(pqxx::transaction_base& tx, const std::vector<call_trace>& calls) {
  if (calls.empty()) return;
  std::string rows;
  for (const call_trace& one : calls) {
    rows += rows.empty() ? "(" : ", (";
    rows += tx.quote(boost::uuids::to_string(one.call_id)) + "::uuid, " + tx.quote(one.node) + ", " +
            timestamp(epoch_us(one.began)) + ", " + timestamp(epoch_us(one.ended.value_or(one.began))) +
            ", " + std::to_string(one.left_out) + ", " + tx.quote(json::serialize(to_json(one.messages))) +
            "::json)";
  }
  tx.exec("INSERT INTO gateway.call_trace (call_id, node, began, ended, left_out, messages) VALUES " + rows +
          " ON CONFLICT (call_id) DO NOTHING");
}

std::optional<call_trace> find_trace(pqxx::transaction_base& tx, const boost::uuids::uuid& call_id) {
  const auto rows =
      tx.exec_params("SELECT node, " + epoch_expression("began") + ", " + epoch_expression("ended") +
                         ", left_out, messages::text FROM gateway.call_trace WHERE call_id = $1",
                     boost::uuids::to_string(call_id));
  if (rows.empty()) return std::nullopt;
  const auto row = rows[0];
  call_trace found{call_id, row[0].as<std::string>(), from_epoch_us(row[1].as<std::int64_t>()),
                   from_epoch_us(row[2].as<std::int64_t>()), static_cast<unsigned>(row[3].as<int>())};
  boost::system::error_code error;
  const json::value messages = json::parse(row[4].as<std::string>(), error);
  if (!error && messages.is_array()) found.messages = messages_from_json(messages.get_array());
  return found;
}

int purge_traces(pqxx::transaction_base& tx, wall_time before, int most) {
  const auto gone = tx.exec_params(
      "DELETE FROM gateway.call_trace WHERE call_id IN (SELECT call_id FROM gateway.call_trace"
      " WHERE ended < timestamptz 'epoch' + $1 * interval '1 microsecond' ORDER BY ended LIMIT $2)",
      duration_cast<microseconds>(before.time_since_epoch()).count(), most);
  return static_cast<int>(gone.affected_rows());
}

}  // namespace tollgate::gateway::trace
