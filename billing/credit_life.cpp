// SPDX-License-Identifier: Apache-2.0
// Lapse, reactivation and stored events.
#include "billing/credit_life.hpp"

#include <algorithm>
#include <charconv>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/account_event_list.hpp"
#include "billing/credit.hpp"
#include "billing/sql.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

constexpr int most_months = 120;
constexpr int longest_list = 1000;

account_event event_of(const pqxx::row& row) {
  return {.account_id = sql::uuid_of(row[0]),
          .key = row[1].as<std::string>(),
          .kind = row[2].as<std::string>(),
          .body = row[3].as<std::string>(),
          .at = sql::time_of(row[4]).value(),
          .delivered_at = sql::time_of(row[5]),
          .is_void = row[6].as<bool>()};
}

const std::string select_events =
    "SELECT e.account_id, event_key, kind, body, (extract(epoch FROM at) * 1000000)::bigint, (extract(epoch "
    "FROM delivered_at) * 1000000)::bigint, delivered_at IS NULL AND coalesce(used_on <> last_used_on, "
    "false) "
    "FROM billing.event e JOIN billing.account a USING (account_id) ";

}  // namespace

std::string to_json(const lapse_policy& policy) {
  std::string text = "{\"\":" + std::to_string(policy.months);
  for (const auto& [country, months] : policy.by_country)
    text += ",\"" + country + "\":" + std::to_string(months);
  return text + "}";
}

boost::system::result<std::map<std::string, int>> parse_lapse_countries(std::span<const std::string> texts) {
  std::map<std::string, int> found;
  for (const auto& text : texts) {
    const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (text.size() < 4 || !is_capital(text[0]) || !is_capital(text[1]) || text[2] != '=')
      return error::malformed;
    int months = -1;
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data() + 3, end, months);
    if (failure != std::errc() || stop != end || months < 0 || months > most_months) return error::malformed;
    if (!found.emplace(text.substr(0, 2), months).second) return error::malformed;
  }
  return found;
}

boost::system::result<credit_life> find_credit_life(pqxx::transaction_base& tx, const uuid& account_id,
                                                    const lapse_policy& policy) {
  const auto rows = tx.exec_params(
      "SELECT inactive_micros, last_used_on - date '1970-01-01', "
      "(extract(epoch FROM billing.account_lapses_at(a, $2)) * 1000000)::bigint "
      "FROM billing.account a WHERE account_id = $1",
      sql::text_of(account_id), to_json(policy));
  if (rows.empty()) return error::no_account;
  return credit_life{.inactive = sql::money_of(rows[0][0]),
                     .last_used = std::chrono::sys_days{std::chrono::days{rows[0][1].as<int>()}},
                     .lapses_at = sql::time_of(rows[0][2])};
}

std::vector<credit_step> advance_credit(pqxx::transaction_base& tx, system_clock::time_point now,
                                        const lapse_policy& policy, int limit) {
  std::vector<credit_step> steps;
  for (const auto& row :
       tx.exec_params("SELECT acted_on, step, amount FROM billing.advance_credit($1, $2, $3)", iso_time(now),
                      to_json(policy), std::clamp(limit, 1, longest_list)))
    steps.push_back({.account_id = sql::uuid_of(row[0]),
                     .step = row[1].as<std::string>(),
                     .amount = sql::money_of(row[2])});
  return steps;
}

boost::system::result<reactivation> reactivate(pqxx::transaction_base& tx, const uuid& account_id, actor by,
                                               system_clock::time_point now) {
  const auto row = tx.exec_params1("SELECT status, amount, balance_after FROM billing.reactivate($1, $2, $3)",
                                   sql::text_of(account_id), by == actor::subscriber, iso_time(now));
  const auto status = row[0].as<std::string>();
  if (status != "reactivated") return sql::error_of(status);
  tell_more_credit(tx, account_id);
  return reactivation{.amount = sql::money_of(row[1]), .balance_after = sql::money_of(row[2])};
}

std::vector<account_event> pending_events(pqxx::transaction_base& tx, std::span<const uuid> accounts,
                                          int limit) {
  std::vector<account_event> found;
  if (accounts.empty()) return found;
  for (const auto& row : tx.exec_params(
           select_events + "WHERE e.account_id = ANY($1::uuid[]) AND delivered_at IS NULL AND NOT "
                           "coalesce(used_on <> last_used_on, false) ORDER BY at, event_key LIMIT $2",
           sql::array_of(accounts), std::clamp(limit, 1, longest_list)))
    found.push_back(event_of(row));
  return found;
}

void confirm_delivery(pqxx::transaction_base& tx, std::span<const account_event> events,
                      system_clock::time_point now) {
  for (const auto& event : events)
    tx.exec_params(
        "UPDATE billing.event SET delivered_at = $3 WHERE account_id = $1 AND event_key = $2 AND "
        "delivered_at "
        "IS NULL",
        sql::text_of(event.account_id), event.key, iso_time(now));
}

std::vector<account_event> list_events(pqxx::transaction_base& tx, const uuid& account_id, int limit) {
  return list_events_behind(tx, account_id, limit, std::nullopt, false);
}

std::vector<account_event> list_events_behind(pqxx::transaction_base& tx, const uuid& account_id, int limit, const std::optional<event_place>& behind,
                                              bool oldest_first) {
  std::vector<account_event> found;
  const std::string order = oldest_first ? " ORDER BY at, event_key" : " ORDER BY at DESC, event_key DESC";
  for (const auto& row : tx.exec_params(select_events + "WHERE e.account_id = $1 AND ($3 = '' OR (at, event_key) " + (oldest_first ? ">" : "<") +
                                            " (nullif($3, '')::timestamptz, $4)) " + order + " LIMIT $2",
                                        sql::text_of(account_id), std::clamp(limit, 1, longest_list), behind ? iso_time(behind->at) : "",
                                        behind ? behind->key : ""))
    found.push_back(event_of(row));
  return found;
}

bool add_event(pqxx::transaction_base& tx, const uuid& account_id, const std::string& key,
               const std::string& kind, const std::string& body, system_clock::time_point now) {
  return tx
      .exec_params1("SELECT billing.add_event($1, $2, $3, $4, $5)", sql::text_of(account_id), key, kind, body,
                    iso_time(now))[0]
      .as<bool>();
}

}  // namespace tollgate::billing
