// SPDX-License-Identifier: Apache-2.0
#include "gateway/subscriber/calling_policy.hpp"

#include <algorithm>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <pqxx/pqxx>

#include "pstn/number/numbering_plan.hpp"

namespace tollgate::gateway::subscriber {
namespace {

using boost::system::result;

constexpr std::size_t most_entries = 1'000;

bool is_prefix(const std::string& text) {
  return !text.empty() && text.size() <= pstn::phone_number::most_digits &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_country(const std::string& text) {
  return pstn::number::country_code_of_region(text).has_value();
}

bool are_prefixes(const std::vector<std::string>& list) {
  return list.size() <= most_entries && std::ranges::all_of(list, is_prefix);
}

bool are_countries(const std::vector<std::string>& list) {
  return list.size() <= most_entries && std::ranges::all_of(list, is_country);
}

// An array literal (PostgreSQL documentation §8.15.2); what stands in it has passed are_prefixes or
// are_countries.
std::string array_literal(const std::vector<std::string>& values) {
  std::string literal = "{";
  for (const auto& value : values)
    literal += (literal.size() > 1 ? "," : "") + value;
  return literal + "}";
}

std::vector<std::string> array_of(const pqxx::field& field) {
  std::vector<std::string> values;
  pqxx::array_parser parser{field.c_str()};
  for (auto [juncture, value] = parser.get_next(); juncture != pqxx::array_parser::juncture::done;
       std::tie(juncture, value) = parser.get_next())
    if (juncture == pqxx::array_parser::juncture::string_value) values.push_back(value);
  return values;
}

template <class Value>
std::optional<Value> optional_of(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional{field.as<Value>()};
}

calling_policy policy_of(const pqxx::row& row) {
  calling_policy found;
  found.dial.premium_rate = optional_of<bool>(row["premium_rate"]);
  found.dial.shared_cost = optional_of<bool>(row["shared_cost"]);
  found.dial.satellite = optional_of<bool>(row["satellite"]);
  found.dial.high_risk = optional_of<bool>(row["high_risk"]);
  found.dial.open_prefixes = array_of(row["open_prefixes"]);
  found.dial.shut_prefixes = array_of(row["shut_prefixes"]);
  found.dial.countries = array_of(row["countries"]);
  found.dial.shut_countries = array_of(row["shut_countries"]);
  found.calls = optional_of<int>(row["calls"]);
  found.country_spend_day_micros = optional_of<std::int64_t>(row["country_spend_day_micros"]);
  return found;
}

}  // namespace

calling_policy find_calling_policy(pqxx::transaction_base& tx, const uuid& account_id) {
  const auto rows =
      tx.exec_params("SELECT * FROM gateway.calling_policy WHERE account_id = $1", to_string(account_id));
  return rows.empty() ? calling_policy{} : policy_of(rows[0]);
}

std::map<uuid, calling_policy> find_calling_policies(pqxx::transaction_base& tx,
                                                     const std::vector<uuid>& account_ids) {
  std::vector<std::string> texts;
  for (const auto& id : account_ids)
    texts.push_back(to_string(id));
  std::map<uuid, calling_policy> found;
  for (const auto& row : tx.exec_params("SELECT * FROM gateway.calling_policy WHERE account_id = ANY($1::uuid[])",
                                        array_literal(texts)))
    found.emplace(boost::uuids::string_generator{}(row["account_id"].c_str()), policy_of(row));
  return found;
}

result<void> set_calling_policy(pqxx::transaction_base& tx, const uuid& account_id,
                                const calling_policy& policy) {
  const auto& dial = policy.dial;
  const bool sound = are_prefixes(dial.open_prefixes) && are_prefixes(dial.shut_prefixes) &&
                     are_countries(dial.countries) && are_countries(dial.shut_countries) &&
                     policy.calls.value_or(0) >= 0 && policy.country_spend_day_micros.value_or(0) >= 0;
  if (!sound) return errc::policy_malformed;
  const auto done = tx.exec_params(
      R"(INSERT INTO gateway.calling_policy (account_id, premium_rate, shared_cost, satellite, high_risk, open_prefixes,
           shut_prefixes, countries, shut_countries, calls, country_spend_day_micros)
         SELECT account_id, $2::boolean, $3::boolean, $4::boolean, $5::boolean, $6::text[], $7::text[], $8::text[],
           $9::text[], $10::int, $11::bigint FROM gateway.subscriber WHERE account_id = $1::uuid
         ON CONFLICT (account_id) DO UPDATE SET premium_rate = excluded.premium_rate,
           shared_cost = excluded.shared_cost, satellite = excluded.satellite, high_risk = excluded.high_risk,
           open_prefixes = excluded.open_prefixes, shut_prefixes = excluded.shut_prefixes,
           countries = excluded.countries, shut_countries = excluded.shut_countries, calls = excluded.calls,
           country_spend_day_micros = excluded.country_spend_day_micros, changed_at = now())",
      to_string(account_id), dial.premium_rate, dial.shared_cost, dial.satellite, dial.high_risk,
      array_literal(dial.open_prefixes), array_literal(dial.shut_prefixes), array_literal(dial.countries),
      array_literal(dial.shut_countries), policy.calls, policy.country_spend_day_micros);
  if (done.affected_rows() == 0) return errc::no_subscriber;
  return {};
}

std::vector<account_policy> list_calling_policies(pqxx::transaction_base& tx, const uuid& after, int limit) {
  std::vector<account_policy> found;
  for (const auto& row : tx.exec_params("SELECT * FROM gateway.calling_policy WHERE account_id > $1 ORDER BY account_id LIMIT $2",
                                        to_string(after), limit))
    found.push_back({boost::uuids::string_generator{}(row["account_id"].c_str()), policy_of(row)});
  return found;
}

std::optional<pstn::number::dial_policy> find_general_policy(pqxx::transaction_base& tx) {
  const auto rows = tx.exec("SELECT * FROM gateway.dial_policy");
  if (rows.empty()) return std::nullopt;
  const auto row = rows[0];
  pstn::number::dial_policy found;
  found.premium_rate = row["premium_rate"].as<bool>();
  found.shared_cost = row["shared_cost"].as<bool>();
  found.satellite = row["satellite"].as<bool>();
  if (row["high_risk"].as<bool>()) found.high_risk_prefixes.clear();
  found.open_prefixes = array_of(row["open_prefixes"]);
  found.shut_prefixes = array_of(row["shut_prefixes"]);
  found.countries = array_of(row["countries"]);
  found.shut_countries = array_of(row["shut_countries"]);
  return found;
}

result<void> set_general_policy(pqxx::transaction_base& tx, const pstn::number::dial_policy& policy) {
  const bool sound = are_prefixes(policy.open_prefixes) && are_prefixes(policy.shut_prefixes) && are_countries(policy.countries) &&
                     are_countries(policy.shut_countries);
  if (!sound) return errc::policy_malformed;
  tx.exec_params0(
      R"(INSERT INTO gateway.dial_policy (premium_rate, shared_cost, satellite, high_risk, open_prefixes, shut_prefixes, countries, shut_countries)
         VALUES ($1, $2, $3, $4, $5::text[], $6::text[], $7::text[], $8::text[])
         ON CONFLICT (is_only) DO UPDATE SET premium_rate = excluded.premium_rate, shared_cost = excluded.shared_cost,
           satellite = excluded.satellite, high_risk = excluded.high_risk, open_prefixes = excluded.open_prefixes,
           shut_prefixes = excluded.shut_prefixes, countries = excluded.countries, shut_countries = excluded.shut_countries,
           changed_at = now())",
      policy.premium_rate, policy.shared_cost, policy.satellite, policy.high_risk_prefixes.empty(), array_literal(policy.open_prefixes),
      array_literal(policy.shut_prefixes), array_literal(policy.countries), array_literal(policy.shut_countries));
  return {};
}

void remove_general_policy(pqxx::transaction_base& tx) {
  tx.exec0("DELETE FROM gateway.dial_policy");
}

std::int64_t spent_on_country(pqxx::transaction_base& tx, const uuid& account_id, int country_code,
                              const uuid& except) {
  return tx
      .exec_params1("SELECT billing.spent_on_callees($1, $2, $3)", to_string(account_id),
                    "+" + std::to_string(country_code), to_string(except))[0]
      .as<std::int64_t>();
}

}  // namespace tollgate::gateway::subscriber
