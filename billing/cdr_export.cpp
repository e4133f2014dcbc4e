// SPDX-License-Identifier: Apache-2.0
// Pages of CDRs in the order of commitment, consumers, months.
#include "billing/cdr_export.hpp"

#include <algorithm>
#include <boost/uuid/string_generator.hpp>
#include <charconv>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/cdr_row.hpp"
#include "billing/sql.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

constexpr std::size_t uuid_length = 36;

bool is_consumer(std::string_view name) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 63 && is_plain(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_plain(c) || c == '.' || c == '-' || c == '_'; });
}

std::optional<uuid> uuid_in(std::string_view text) {
  try {
    return boost::uuids::string_generator{}(text.begin(), text.end());
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

constexpr const char* select_consumers =
    "SELECT name, export_position, call_id, account_id, (extract(epoch FROM acknowledged_at) * "
    "1000000)::bigint FROM billing.cdr_consumer ";

cdr_consumer consumer_of(const pqxx::row& row) {
  return {.name = row[0].as<std::string>(),
          .has = {row[1].as<std::int64_t>(), sql::uuid_of(row[2]), sql::uuid_of(row[3])},
          .acknowledged_at = sql::time_of(row[4]).value()};
}

}  // namespace

std::string to_string(const export_cursor& cursor) {
  return std::to_string(cursor.position) + "." + sql::text_of(cursor.call_id) + "." +
         sql::text_of(cursor.account_id);
}

boost::system::result<export_cursor> parse_export_cursor(std::string_view text) {
  export_cursor cursor;
  const auto* const end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, cursor.position);
  if (failure != std::errc{} || cursor.position < 0) return error::malformed;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  if (text.size() != 2 * (uuid_length + 1) || text[0] != '.' || text[uuid_length + 1] != '.')
    return error::malformed;
  const auto call = uuid_in(text.substr(1, uuid_length)), account = uuid_in(text.substr(uuid_length + 2));
  if (!call || !account) return error::malformed;
  cursor.call_id = *call;
  cursor.account_id = *account;
  return cursor;
}

export_page export_calls(pqxx::transaction_base& tx, const export_cursor& after, int limit) {
  limit = std::clamp(limit, 1, most_exported);
  // One statement, so one snapshot: whatever it does not see has a position at or beyond its horizon.
  const auto rows = tx.exec_params(
      std::string(sql::select_calls) +
          "WHERE (c.export_position, c.call_id, c.account_id) > ($1::bigint, $2::uuid, $3::uuid) AND "
          "c.export_position < billing.export_horizon() ORDER BY c.export_position, c.call_id, c.account_id "
          "LIMIT $4",
      after.position, sql::text_of(after.call_id), sql::text_of(after.account_id), limit);
  export_page page{.records = sql::calls_of(rows), .next = after};
  if (rows.empty()) return page;
  const auto& last = page.records.back().call;
  page.next = {rows.back()["export_position"].as<std::int64_t>(), last.call_id, last.account_id};
  page.more = rows.size() == static_cast<pqxx::result::size_type>(limit);
  return page;
}

std::vector<cdr_consumer> list_cdr_consumers(pqxx::transaction_base& tx) {
  std::vector<cdr_consumer> found;
  for (const auto& row : tx.exec(std::string(select_consumers) + "ORDER BY name"))
    found.push_back(consumer_of(row));
  return found;
}

boost::system::result<cdr_consumer> acknowledge_export(pqxx::transaction_base& tx, const std::string& name,
                                                       const export_cursor& has) {
  if (!is_consumer(name)) return error::malformed;
  tx.exec_params0(
      "INSERT INTO billing.cdr_consumer AS k (name, export_position, call_id, account_id) VALUES ($1, $2, "
      "$3, "
      "$4) ON CONFLICT (name) DO UPDATE SET export_position = excluded.export_position, call_id = "
      "excluded.call_id, account_id = excluded.account_id, acknowledged_at = now() WHERE "
      "(excluded.export_position, excluded.call_id, excluded.account_id) > (k.export_position, k.call_id, "
      "k.account_id)",
      name, has.position, sql::text_of(has.call_id), sql::text_of(has.account_id));
  return consumer_of(tx.exec_params1(std::string(select_consumers) + "WHERE name = $1", name));
}

bool remove_cdr_consumer(pqxx::transaction_base& tx, const std::string& name) {
  return tx.exec_params("DELETE FROM billing.cdr_consumer WHERE name = $1", clean_text(name))
             .affected_rows() == 1;
}

std::vector<month_step> keep_cdr_months(pqxx::transaction_base& tx, std::chrono::system_clock::time_point now,
                                        const retention_policy& policy) {
  std::vector<month_step> steps;
  for (const auto& row :
       tx.exec_params("SELECT month - date '1970-01-01', step FROM billing.keep_cdr_months($1, $2, $3, $4)",
                      iso_time(now), policy.months_ahead, policy.months, policy.detach))
    steps.push_back({.month = std::chrono::sys_days{std::chrono::days{row[0].as<int>()}},
                     .step = row[1].as<std::string>()});
  return steps;
}

bool goes_on(const std::vector<month_step>& steps) {
  return std::any_of(steps.begin(), steps.end(),
                     [](const auto& each) { return each.step == "added" || each.step == "retired"; });
}

bool check_export_era(pqxx::transaction_base& tx) {
  return tx.exec1("SELECT billing.check_export_era()")[0].as<bool>();
}

}  // namespace tollgate::billing
