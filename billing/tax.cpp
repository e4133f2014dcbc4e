// SPDX-License-Identifier: Apache-2.0
// Rows of billing.tax_rate, quotes, and what is due.
#include "billing/tax.hpp"

#include <algorithm>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/sql.hpp"
#include "billing/tax_row.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

constexpr std::size_t longest_name = 40;  // bytes

bool is_country(const std::string& text) {
  return text.size() == 2 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

boost::system::result<top_up_quote> quote(pqxx::transaction_base& tx, const uuid& account_id, money amount,
                                          std::chrono::system_clock::time_point at, const char* function) {
  if (amount <= money{} || amount > max_balance) return error::invalid_amount;
  const auto rows = tx.exec_params(
      "SELECT currency, " + sql::tax_columns("x.t") + " FROM (SELECT a.currency, billing." +
          std::string(function) +
          "(a, 'top_up', $2, $3) AS t FROM billing.account a WHERE a.account_id = $1 OFFSET 0) x",
      sql::text_of(account_id), amount.micros, iso_time(at));
  if (rows.empty()) return error::no_account;
  const auto row = rows[0];
  top_up_quote found{.currency = row[0].as<std::string>(), .paid = amount, .credit = amount};
  found.tax = sql::tax_of(row, 1);
  if (found.tax) {
    found.paid = found.tax->total();
    found.credit = found.tax->included ? found.tax->total() : found.tax->net;
  }
  return found;
}

}  // namespace

const char* to_string(tax_subject value) {
  switch (value) {
    case tax_subject::top_up:
      return "top_up";
    case tax_subject::subscription:
      return "subscription";
  }
  return "top_up";
}

std::optional<tax_subject> parse_tax_subject(std::string_view text) {
  for (const auto value : {tax_subject::top_up, tax_subject::subscription})
    if (text == to_string(value)) return value;
  return std::nullopt;
}

std::vector<tax_rate> list_tax_rates(pqxx::transaction_base& tx, const std::optional<std::string>& country) {
  std::vector<tax_rate> rates;
  for (const auto& row : tx.exec_params(
           "SELECT country, subject, (extract(epoch FROM effective_from) * 1000000)::bigint, name, rate_ppm, "
           "included FROM billing.tax_rate WHERE $1::text IN ('', country::text) ORDER BY country, subject, "
           "effective_from",
           clean_text(country.value_or(""))))
    rates.push_back({.country = row[0].as<std::string>(),
                     .subject = parse_tax_subject(row[1].as<std::string>()).value(),
                     .effective_from = sql::time_of(row[2]).value(),
                     .name = row[3].as<std::string>(),
                     .rate_ppm = row[4].as<int>(),
                     .included = row[5].as<bool>()});
  return rates;
}

boost::system::result<void> set_tax_rate(pqxx::transaction_base& tx, const tax_rate& rate) {
  if (!is_country(rate.country) || rate.name.empty() || rate.name.size() > longest_name ||
      !is_clean(rate.name) || rate.rate_ppm < 0 || rate.rate_ppm > ppm_per_whole)
    return error::malformed;
  const auto at = iso_time(rate.effective_from);
  if (parse_iso_time(at) != std::chrono::floor<std::chrono::microseconds>(rate.effective_from))
    return error::malformed;
  const auto set = tx.exec_params(
      "INSERT INTO billing.tax_rate AS t (country, subject, effective_from, name, rate_ppm, included) VALUES "
      "($1, $2, $3, $4, $5, $6) ON CONFLICT (country, subject, effective_from) DO UPDATE SET name = "
      "excluded.name, rate_ppm = excluded.rate_ppm, included = excluded.included WHERE t.effective_from > "
      "now()",
      rate.country, std::string(to_string(rate.subject)), at, rate.name, rate.rate_ppm, rate.included);
  if (set.affected_rows() == 1) return {};
  const auto same = tx.exec_params(
      "SELECT FROM billing.tax_rate WHERE country = $1 AND subject = $2 AND effective_from = $3 AND name = "
      "$4 AND rate_ppm = $5 AND included = $6",
      rate.country, std::string(to_string(rate.subject)), at, rate.name, rate.rate_ppm, rate.included);
  if (same.empty()) return error::tax_rate_in_force;
  return {};
}

boost::system::result<void> remove_tax_rate(pqxx::transaction_base& tx, const std::string& country,
                                            tax_subject subject,
                                            std::chrono::system_clock::time_point effective_from) {
  if (!is_country(country)) return error::no_tax_rate;
  const auto found = tx.exec_params(
      "SELECT effective_from > now() FROM billing.tax_rate WHERE country = $1 AND subject = $2 AND "
      "effective_from = $3 FOR UPDATE",
      country, std::string(to_string(subject)), iso_time(effective_from));
  if (found.empty()) return error::no_tax_rate;
  if (!found[0][0].as<bool>()) return error::tax_rate_in_force;
  tx.exec_params0("DELETE FROM billing.tax_rate WHERE country = $1 AND subject = $2 AND effective_from = $3",
                  country, std::string(to_string(subject)), iso_time(effective_from));
  return {};
}

boost::system::result<top_up_quote> quote_paid(pqxx::transaction_base& tx, const uuid& account_id, money paid,
                                               std::chrono::system_clock::time_point at) {
  return quote(tx, account_id, paid, at, "tax_of_paid");
}

boost::system::result<top_up_quote> quote_credit(pqxx::transaction_base& tx, const uuid& account_id,
                                                 money credit, std::chrono::system_clock::time_point at) {
  return quote(tx, account_id, credit, at, "tax_of_price");
}

std::vector<tax_total> tax_totals(pqxx::transaction_base& tx, std::chrono::system_clock::time_point from,
                                  std::chrono::system_clock::time_point until) {
  std::vector<tax_total> totals;
  for (const auto& row : tx.exec_params(
           "SELECT (e.tax).country, (e.tax).name, (e.tax).rate_ppm, s.subject, a.currency, "
           "sum(s.sign * (e.tax).net_micros)::bigint, sum(s.sign * (e.tax).tax_micros)::bigint, count(*) "
           "FROM billing.entry e JOIN billing.account a USING (account_id) "
           "JOIN (VALUES ('top_up', 'top_up', 1), ('refund', 'top_up', 1), ('subscription', 'subscription', "
           "-1), ('subscription_refund', 'subscription', -1)) s (kind, subject, sign) USING (kind) "
           "WHERE (e.tax).country IS NOT NULL AND e.at >= $1 AND e.at < $2 GROUP BY 1, 2, 3, 4, 5 ORDER BY "
           "1, 2, 3, 4, 5",
           iso_time(from), iso_time(until)))
    totals.push_back({.country = row[0].as<std::string>(),
                      .name = row[1].as<std::string>(),
                      .rate_ppm = row[2].as<int>(),
                      .subject = parse_tax_subject(row[3].as<std::string>()).value(),
                      .currency = row[4].as<std::string>(),
                      .net = sql::money_of(row[5]),
                      .tax = sql::money_of(row[6]),
                      .entries = row[7].as<std::int64_t>()});
  return totals;
}

namespace sql {

std::string tax_columns(const std::string& column) {
  std::string columns;
  for (const char* field : {"country", "name", "rate_ppm", "included", "net_micros", "tax_micros"})
    columns += (columns.empty() ? "(" : ", (") + column + ")." + field;
  return columns;
}

std::optional<tax_share> tax_of(const pqxx::row& row, int first) {
  if (row[first].is_null()) return std::nullopt;
  return tax_share{.country = row[first].as<std::string>(),
                   .name = row[first + 1].as<std::string>(),
                   .rate_ppm = row[first + 2].as<int>(),
                   .included = row[first + 3].as<bool>(),
                   .net = money_of(row[first + 4]),
                   .tax = money_of(row[first + 5])};
}

}  // namespace sql

}  // namespace tollgate::billing
