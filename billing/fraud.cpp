// SPDX-License-Identifier: Apache-2.0
// Limits, locks and events against fraud.
#include "billing/fraud.hpp"

#include <algorithm>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/fraud_event_list.hpp"
#include "billing/sql.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

constexpr int longest_list = 1000;

bool is_one_of(const std::string& text, std::initializer_list<const char*> values) {
  return std::any_of(values.begin(), values.end(), [&](const char* value) { return text == value; });
}

// An account's id in lower case, as PostgreSQL writes it.
bool is_account(const std::string& text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    const bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (hyphen ? text[i] != '-' : !digit) return false;
  }
  return true;
}

bool is_known(pqxx::transaction_base& tx, const std::string& currency) {
  return !tx.exec_params("SELECT FROM billing.currency WHERE currency::text = $1", currency).empty();
}

}  // namespace

std::vector<fraud_limit> list_fraud_limits(pqxx::transaction_base& tx) {
  std::vector<fraud_limit> found;
  for (const auto& row : tx.exec("SELECT scope, measure, most, action, currency FROM billing.fraud_limit "
                                 "ORDER BY scope, measure, currency"))
    found.push_back({.scope = row[0].as<std::string>(),
                     .measure = row[1].as<std::string>(),
                     .most = row[2].as<std::int64_t>(),
                     .action = row[3].as<std::string>(),
                     .currency = row[4].as<std::string>()});
  return found;
}

bool has_effect(const fraud_limit& limit) {
  if (limit.measure == "call_length") return limit.action != "refuse";
  return limit.measure != "dear_prefixes_day" || limit.scope != "all" || limit.action != "cut";
}

boost::system::result<void> set_fraud_limit(pqxx::transaction_base& tx, const fraud_limit& limit) {
  const bool known = is_one_of(limit.measure, {"spend_hour", "spend_day", "starts_minute", "concurrent_calls",
                                               "dear_prefixes_day", "call_length"});
  const bool good_scope = is_one_of(limit.scope, {"new", "established", "all"}) || is_account(limit.scope);
  if (!known || !good_scope || limit.most < 0 || !is_one_of(limit.action, {"event", "refuse", "cut"}) ||
      limit.currency.empty() == is_one_of(limit.measure, {"spend_hour", "spend_day"}) || !has_effect(limit))
    return error::malformed;
  if (!limit.currency.empty() && !is_known(tx, limit.currency)) return error::unknown_currency;
  tx.exec_params(
      "INSERT INTO billing.fraud_limit VALUES ($1, $2, $3, $4, $5) ON CONFLICT (scope, measure, currency) DO "
      "UPDATE "
      "SET "
      "most = excluded.most, action = excluded.action",
      limit.scope, limit.measure, limit.most, limit.action, limit.currency);
  return {};
}

bool remove_fraud_limit(pqxx::transaction_base& tx, const std::string& scope, const std::string& measure,
                        const std::string& currency) {
  return tx.exec_params("DELETE FROM billing.fraud_limit WHERE scope = $1 AND measure = $2 AND currency = $3",
                        scope, measure, currency)
             .affected_rows() > 0;
}

boost::system::result<fraud_state> find_fraud_state(pqxx::transaction_base& tx, const uuid& account_id) {
  const auto rows = tx.exec_params(
      "SELECT billing.fraud_level(account_id), (extract(epoch FROM locked_at) * 1000000)::bigint, "
      "coalesce(measure, '') FROM billing.account LEFT JOIN billing.fraud_state ON scope = account_id::text "
      "WHERE account_id = $1",
      sql::text_of(account_id));
  if (rows.empty()) return error::no_account;
  return fraud_state{.level = rows[0][0].as<std::string>(),
                     .locked_at = sql::time_of(rows[0][1]),
                     .measure = rows[0][2].as<std::string>()};
}

bool unlock_fraud(pqxx::transaction_base& tx, const std::optional<uuid>& account_id) {
  return tx
      .exec_params1("SELECT billing.unlock_fraud($1)",
                    account_id ? sql::text_of(*account_id) : std::string("all"))[0]
      .as<bool>();
}

bool watch_fraud(pqxx::transaction_base& tx) {
  return tx.exec1("SELECT billing.watch_fraud()")[0].as<bool>();
}

std::vector<fraud_event> list_fraud_events(pqxx::transaction_base& tx, int limit) {
  std::vector<fraud_event> found;
  for (fraud_event_in_hour& each : list_fraud_events_behind(tx, limit, std::nullopt, false))
    found.push_back(std::move(each.event));
  return found;
}

std::vector<fraud_event_in_hour> list_fraud_events_behind(pqxx::transaction_base& tx, int limit, const std::optional<fraud_event_place>& behind,
                                                          bool oldest_first) {
  std::vector<fraud_event_in_hour> found;
  const std::string order = oldest_first ? "" : " DESC";
  for (const auto& row : tx.exec_params(
           std::string("SELECT scope, measure, (extract(epoch FROM first_at) * 1000000)::bigint, (extract(epoch FROM last_at) * 1000000)::bigint, "
                       "times, currency, figure, most, action, call_id, (extract(epoch FROM hour) * 1000000)::bigint FROM billing.fraud_event "
                       "WHERE $2 = '' OR (hour, scope, measure, currency) ") +
               (oldest_first ? ">" : "<") + " (nullif($2, '')::timestamptz, $3, $4, $5) ORDER BY hour" + order + ", scope" + order + ", measure" + order +
               ", currency" + order + " LIMIT $1",
           std::clamp(limit, 1, longest_list), behind ? iso_time(behind->hour) : "", behind ? behind->scope : "", behind ? behind->measure : "",
           behind ? behind->currency : ""))
    found.push_back({{.scope = row[0].as<std::string>(),
                     .measure = row[1].as<std::string>(),
                     .first = sql::time_of(row[2]).value(),
                     .last = sql::time_of(row[3]).value(),
                     .times = row[4].as<std::int64_t>(),
                     .currency = row[5].as<std::string>(),
                     .figure = row[6].as<std::int64_t>(),
                     .most = row[7].as<std::int64_t>(),
                     .action = row[8].as<std::string>(),
                     .call_id = row[9].is_null() ? std::nullopt : std::optional(sql::uuid_of(row[9]))},
                     sql::time_of(row[10]).value()});
  return found;
}

std::map<std::string, std::int64_t> count_fraud_events(pqxx::transaction_base& tx) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& row : tx.exec("SELECT measure, sum(times)::bigint FROM billing.fraud_event GROUP BY measure"))
    counts[row[0].as<std::string>()] = row[1].as<std::int64_t>();
  return counts;
}

fraud_policy find_fraud_policy(pqxx::transaction_base& tx) {
  const auto row = tx.exec1("SELECT established_days, payment_days FROM billing.fraud_policy");
  fraud_policy found{.established_days = row[0].as<int>(), .payment_days = row[1].as<int>()};
  for (const auto& each :
       tx.exec("SELECT currency, established_paid_micros, dear_per_minute_micros FROM billing.fraud_amount"))
    found.amounts[each[0].as<std::string>()] = {.established_paid = sql::money_of(each[1]),
                                                .dear_per_minute = sql::money_of(each[2])};
  return found;
}

boost::system::result<void> set_fraud_policy(pqxx::transaction_base& tx, int established_days,
                                             int payment_days) {
  if (established_days < 0 || payment_days < 0) return error::malformed;
  tx.exec_params("UPDATE billing.fraud_policy SET established_days = $1, payment_days = $2", established_days,
                 payment_days);
  return {};
}

boost::system::result<void> set_fraud_amounts(pqxx::transaction_base& tx, const std::string& currency,
                                              const fraud_amounts& amounts) {
  if (amounts.established_paid <= money{} || amounts.dear_per_minute < money{}) return error::malformed;
  if (!is_known(tx, currency)) return error::unknown_currency;
  tx.exec_params(
      "INSERT INTO billing.fraud_amount VALUES ($1, $2, $3) ON CONFLICT (currency) DO UPDATE SET "
      "established_paid_micros = excluded.established_paid_micros, dear_per_minute_micros = "
      "excluded.dear_per_minute_micros",
      currency, amounts.established_paid.micros, amounts.dear_per_minute.micros);
  return {};
}

bool remove_fraud_amounts(pqxx::transaction_base& tx, const std::string& currency) {
  return tx.exec_params("DELETE FROM billing.fraud_amount WHERE currency::text = $1", currency)
             .affected_rows() > 0;
}

}  // namespace tollgate::billing
