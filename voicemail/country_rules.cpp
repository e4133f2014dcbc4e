// SPDX-License-Identifier: Apache-2.0
#include "voicemail/country_rules.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

#include "voicemail/sql.hpp"

namespace tollgate::voicemail {

using boost::uuids::uuid;

std::string_view to_text(address_rule value) noexcept {
  switch (value) {
    case address_rule::none:
      return "none";
    case address_rule::any:
      return "any";
    case address_rule::country:
      return "country";
    case address_rule::area:
      return "area";
  }
  return "none";
}

std::optional<address_rule> parse_address_rule(std::string_view text) noexcept {
  for (const auto value : {address_rule::none, address_rule::any, address_rule::country, address_rule::area})
    if (text == to_text(value)) return value;
  return std::nullopt;
}

std::vector<country_rule> list_country_rules(pqxx::transaction_base& tx) {
  std::vector<country_rule> rules;
  for (const auto& row : tx.exec("SELECT country, address, identity, least_term_months, most_numbers, note FROM "
                                 "voicemail.country_rule ORDER BY country")) {
    country_rule rule{.country = row[0].c_str(),
                      .address = parse_address_rule(row[1].c_str()).value_or(address_rule::area),
                      .identity = row[2].as<bool>(),
                      .least_term_months = row[3].as<int>(),
                      .most_numbers = std::nullopt,
                      .note = row[5].c_str()};
    if (!row[4].is_null()) rule.most_numbers = row[4].as<int>();
    rules.push_back(std::move(rule));
  }
  return rules;
}

void replace_country_rules(pqxx::transaction_base& tx, const std::vector<country_rule>& rules) {
  tx.exec("LOCK TABLE voicemail.country_rule IN SHARE ROW EXCLUSIVE MODE");  // two lists at once: the later one, as a whole
  tx.exec("DELETE FROM voicemail.country_rule");
  for (const auto& rule : rules) {
    const sql::nullable most =
        rule.most_numbers ? sql::nullable{std::to_string(*rule.most_numbers)} : sql::nullable{};
    tx.exec_params(
        "INSERT INTO voicemail.country_rule (country, address, identity, least_term_months, most_numbers, note) VALUES ($1, "
        "$2, $3, $4, $5::int, $6)",
        rule.country, std::string{to_text(rule.address)}, rule.identity, rule.least_term_months, most.get(), rule.note);
  }
}

std::optional<renter> find_renter(pqxx::transaction_base& tx, const uuid& account_id) {
  const auto rows = tx.exec_params(
      "SELECT name, street, postal_code, city, country, voicemail.to_micros(identified_at) FROM voicemail.renter WHERE "
      "account_id = $1",
      sql::text(account_id));
  if (rows.empty()) return std::nullopt;
  const auto& row = rows[0];
  return renter{.name = row[0].c_str(),
                .street = row[1].c_str(),
                .postal_code = row[2].c_str(),
                .city = row[3].c_str(),
                .country = row[4].c_str(),
                .identified_at = sql::optional_time(row[5])};
}

void set_renter(pqxx::transaction_base& tx, const uuid& account_id, const renter& who, bool identified,
                std::chrono::system_clock::time_point now) {
  tx.exec_params(
      "INSERT INTO voicemail.renter AS r (account_id, name, street, postal_code, city, country, identified_at, changed_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $7 THEN voicemail.to_time($8) END, voicemail.to_time($8)) ON CONFLICT "
      "(account_id) DO UPDATE SET name = excluded.name, street = excluded.street, postal_code = excluded.postal_code, "
      "city = excluded.city, country = excluded.country, changed_at = excluded.changed_at, identified_at = CASE "
      "WHEN excluded.identified_at IS NOT NULL THEN excluded.identified_at "
      "WHEN (r.name, r.street, r.postal_code, r.city, r.country) = (excluded.name, excluded.street, excluded.postal_code, "
      "excluded.city, excluded.country) THEN r.identified_at END",
      sql::text(account_id), who.name, who.street, who.postal_code, who.city, who.country, identified, sql::micros(now));
}

boost::system::result<void> check_country_rule(pqxx::transaction_base& tx, const uuid& account_id,
                                               const pstn::number::phone_number& number, int term_months) {
  const auto rows = tx.exec_params(
      "SELECT n.country, c.address, c.identity, c.least_term_months, c.most_numbers, r.account_id IS NOT NULL, "
      "coalesce(r.country = n.country, false), coalesce(lower(r.city) = lower(n.area), false), r.identified_at IS NOT NULL "
      "FROM voicemail.number n JOIN voicemail.country_rule c ON c.country = n.country "
      "LEFT JOIN voicemail.renter r ON r.account_id = $2 WHERE n.number = $1",
      number.e164(), sql::text(account_id));
  if (rows.empty()) return {};
  const auto& row = rows[0];
  const auto address = parse_address_rule(row[1].c_str()).value_or(address_rule::area);
  if (address != address_rule::none && !row[5].as<bool>()) return error::address_required;
  const bool there = address == address_rule::country || address == address_rule::area;
  if (there && !row[6].as<bool>()) return error::address_elsewhere;
  if (address == address_rule::area && !row[7].as<bool>()) return error::address_out_of_area;
  if (row[2].as<bool>() && !row[8].as<bool>()) return error::identity_required;
  if (term_months < row[3].as<int>()) return error::term_too_short;
  if (row[4].is_null()) return {};
  // Orders of one account wait for each other from here on, each counting what those before have taken.
  tx.exec_params("SELECT pg_advisory_xact_lock(hashtextextended('voicemail.renter:' || $1, 0))", sql::text(account_id));
  const auto has = tx.exec_params1(
      "SELECT count(*) FROM voicemail.number WHERE account_id = $1 AND country = $2 AND number <> $3 AND state IN "
      "('assigned', 'grace')",
      sql::text(account_id), row[0].c_str(), number.e164())[0];
  if (has.as<int>() >= row[4].as<int>()) return error::numbers_exhausted;
  return {};
}

}  // namespace tollgate::voicemail
