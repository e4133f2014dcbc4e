// SPDX-License-Identifier: Apache-2.0
#include "billing/cdr_list.hpp"

#include <algorithm>
#include <pqxx/prepared_statement>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/cdr_row.hpp"
#include "billing/sql.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

using std::chrono::system_clock;

constexpr int longest_page = 5'000;
// A call's id is made a moment before or after its start is noted.
constexpr auto id_slack = std::chrono::minutes(1);

// A statement's WHERE in the making, with its parameters.
class conditions {
 public:
  // `text` has one %, in whose place the parameter comes.
  void add(std::string text, std::string value) {
    values_.push_back(std::move(value));
    const std::string name = "$" + std::to_string(values_.size());
    for (auto at = text.find('%'); at != std::string::npos; at = text.find('%', at + name.size()))
      text.replace(at, 1, name);
    add(text);
  }
  void add(const std::string& text) { where_ += (where_.empty() ? "WHERE " : " AND ") + text; }
  std::string parameter(std::string value) {
    values_.push_back(std::move(value));
    return "$" + std::to_string(values_.size());
  }
  const std::string& where() const { return where_; }
  const std::vector<std::string>& values() const { return values_; }

 private:
  std::string where_;
  std::vector<std::string> values_;
};

// The text behind all that begin with `prefix`, in byte order: digits and a plus are below 0xFF.
std::string end_of_prefix(std::string prefix) {
  prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

void add_carrier(pqxx::transaction_base& tx, conditions& all, const uuid& carrier_id) {
  const std::string id = sql::text_of(carrier_id);
  all.add("trunk <> ''");
  if (tx.exec_params("SELECT FROM billing.carrier_of_trunk WHERE carrier_id = $1 LIMIT 1", id).empty()) {
    all.add("carrier_id = %::uuid", id);
    return;
  }
  // Records from before they had a carrier: by the trunk, where it is known whose that was (0070_carrier_of_record.sql).
  all.add("(carrier_id = %::uuid OR carrier_id IS NULL AND EXISTS (SELECT FROM billing.carrier_of_trunk o "
          "WHERE o.name = c.trunk AND o.carrier_id = %::uuid AND c.call_id >= o.from_id AND c.call_id < o.until_id))",
          id);
}

void add_time(conditions& all, const call_filter& which) {
  if (which.from) {
    all.add("call_id >= %::uuid", sql::text_of(first_call_id_at(*which.from - id_slack)));
    all.add("(started_at IS NULL OR started_at >= %::timestamptz)", iso_time(*which.from));
  }
  if (which.until) {
    all.add("call_id < %::uuid", sql::text_of(first_call_id_at(*which.until + id_slack)));
    all.add("(started_at IS NULL OR started_at < %::timestamptz)", iso_time(*which.until));
  }
}

conditions conditions_of(pqxx::transaction_base& tx, const call_filter& which) {
  conditions all;
  if (which.account_id) all.add("account_id = %::uuid", sql::text_of(*which.account_id));
  if (which.carrier_id) add_carrier(tx, all, *which.carrier_id);
  if (!which.trunk.empty()) all.add("trunk = %::text AND trunk <> ''", which.trunk);
  if (which.direction) all.add("direction = %::text", to_string(*which.direction));
  if (!which.number.empty()) all.add("(callee COLLATE \"C\" = %::text OR caller COLLATE \"C\" = %::text)", which.number);
  if (!which.prefix.empty()) {
    all.add("callee COLLATE \"C\" >= %::text", which.prefix);
    all.add("callee COLLATE \"C\" < %::text", end_of_prefix(which.prefix));
  }
  if (!which.region.empty()) all.add("destination = %::text AND destination <> ''", which.region);
  add_time(all, which);
  if (which.answered) all.add(*which.answered ? "answered_at IS NOT NULL" : "answered_at IS NULL");
  if (which.sip_code) all.add("sip_code = %::int", std::to_string(*which.sip_code));
  if (which.q850_cause) all.add("q850_cause = %::int", std::to_string(*which.q850_cause));
  if (!which.reason.empty()) all.add("reason = %::text", which.reason);
  if (which.least_talk) all.add("talk_ms >= %::bigint", std::to_string(which.least_talk->count()));
  return all;
}

}  // namespace

uuid first_call_id_at(system_clock::time_point at) {
  auto ms = std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count());
  uuid id{};
  for (int i = 5; i >= 0; --i, ms >>= 8)
    id.data[i] = static_cast<std::uint8_t>(ms);
  return id;
}

std::vector<call_record> list_calls_by(pqxx::transaction_base& tx, const call_filter& which, const call_page& page) {
  conditions all = conditions_of(tx, which);
  if (page.cursor) all.add(page.oldest_first ? "call_id > %::uuid" : "call_id < %::uuid", sql::text_of(*page.cursor));
  const std::string limit = all.parameter(std::to_string(std::clamp(page.limit, 1, longest_page)));
  return sql::calls_of(tx.exec_params(
      sql::select_calls + all.where() + (page.oldest_first ? " ORDER BY call_id LIMIT " : " ORDER BY call_id DESC LIMIT ") + limit + "::int",
      pqxx::prepare::make_dynamic_params(all.values())));
}

}  // namespace tollgate::billing
