// SPDX-License-Identifier: Apache-2.0
// Decks in the database: what is in force, loading into a table, the price of one number, export.
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/csv.hpp"
#include "billing/error.hpp"
#include "billing/rate_deck.hpp"
#include "billing/sql.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

constexpr std::size_t longest_name = 100;

// In the order that rate_of reads; by numbers, because names are looked up at every access.
constexpr const char* rate_columns =
    "rate_id, prefix, destination, connection_fee_micros, price_per_minute_micros, initial_increment_s, "
    "next_increment_s, "
    "free_start_s, included_s";
constexpr const char* time_columns =
    ", CASE WHEN isfinite(effective_from) THEN (extract(epoch FROM effective_from) * 1000000)::bigint END"
    ", CASE WHEN isfinite(effective_until) THEN (extract(epoch FROM effective_until) * 1000000)::bigint END";

rate rate_of(const pqxx::row& row) {
  return {.rate_id = row[0].as<std::int64_t>(),
          .prefix = row[1].c_str(),
          .destination = row[2].c_str(),
          .connection_fee = sql::money_of(row[3]),
          .price_per_minute = sql::money_of(row[4]),
          .initial_increment = sql::seconds_of(row[5]),
          .next_increment = sql::seconds_of(row[6]),
          .free_start = sql::seconds_of(row[7]),
          .included = sql::seconds_of(row[8])};
}

deck_kind kind_of(const std::string& text) {
  return text == to_string(deck_kind::cost) ? deck_kind::cost : deck_kind::sell;
}

// id, currency and number of the version in force; no row: none is.
pqxx::result find_version(pqxx::transaction_base& tx, const std::string& deck, const std::string& moment) {
  return tx.exec_params(
      "SELECT deck_version_id, currency, version FROM billing.deck_version JOIN billing.deck USING (deck) "
      "WHERE deck = $1 AND withdrawn_at IS NULL AND effective_from <= $2 ORDER BY effective_from DESC, version DESC LIMIT 1",
      deck, moment);
}

}  // namespace

std::vector<deck_version> list_decks(pqxx::transaction_base& tx) {
  std::vector<deck_version> versions;
  for (const auto& row : tx.exec(
           "SELECT deck, currency, version, rates, (extract(epoch FROM effective_from) * 1000000)::bigint, "
           "(extract(epoch FROM imported_at) * 1000000)::bigint, note, kind, "
           "(extract(epoch FROM withdrawn_at) * 1000000)::bigint "
           "FROM billing.deck_version JOIN billing.deck USING (deck) ORDER BY deck_version_id DESC"))
    versions.push_back({.name = row[0].as<std::string>(),
                        .kind = kind_of(row[7].as<std::string>()),
                        .currency = row[1].as<std::string>(),
                        .version = row[2].as<int>(),
                        .rates = row[3].as<std::size_t>(),
                        .effective_from = sql::time_of(row[4]).value(),
                        .imported_at = sql::time_of(row[5]).value(),
                        .note = row[6].as<std::string>(),
                        .withdrawn_at = sql::time_of(row[8])});
  return versions;
}

std::vector<deck_in_force> decks_in_force(pqxx::transaction_base& tx, wall_time at) {
  std::vector<deck_in_force> decks;
  for (const auto& row :
       tx.exec_params("SELECT deck, kind, currency, (SELECT deck_version_id FROM billing.deck_version v "
                      "WHERE v.deck = d.deck AND withdrawn_at IS NULL AND "
                      "effective_from <= $1 ORDER BY effective_from DESC, version DESC LIMIT 1), "
                      "(SELECT (extract(epoch FROM min(effective_from)) * 1000000)::bigint FROM "
                      "billing.deck_version v WHERE v.deck "
                      "= d.deck AND withdrawn_at IS NULL AND effective_from > $1) FROM billing.deck d ORDER BY deck",
                      iso_time(at)))
    decks.push_back({.name = row[0].as<std::string>(),
                     .kind = kind_of(row[1].as<std::string>()),
                     .currency = row[2].as<std::string>(),
                     .deck_version_id = row[3].is_null() ? 0 : row[3].as<int>(),
                     .next_version = sql::time_of(row[4])});
  return decks;
}

boost::system::result<int> version_in_force(pqxx::transaction_base& tx, std::string_view deck, wall_time at) {
  const auto found = find_version(tx, clean_text(deck, longest_name), iso_time(at));
  if (found.empty()) return boost::system::error_code(error::no_deck);
  return found[0][2].as<int>();
}

boost::system::result<rate_table> load_rate_table(pqxx::transaction_base& tx, std::string_view deck,
                                                  wall_time at) {
  const std::string name = clean_text(deck, longest_name);
  const auto moment = iso_time(at);
  const auto found = find_version(tx, name, moment);
  if (found.empty()) return error::no_deck;
  const int id = found[0][0].as<int>();
  // The next moment at which this answer would be another: infinite ones fall away, there is nothing to wait
  // for.
  const auto change = tx.exec_params1(
      "SELECT (extract(epoch FROM min(t)) * 1000000)::bigint FROM ("
      "SELECT effective_from AS t FROM billing.deck_version WHERE deck = $1 AND withdrawn_at IS NULL "
      "UNION ALL SELECT effective_from FROM billing.rate WHERE deck_version_id = $3 "
      "UNION ALL SELECT effective_until FROM billing.rate WHERE deck_version_id = $3) x WHERE t > $2 AND "
      "isfinite(t)",
      name, moment, id);
  std::vector<rate> rates;
  const auto rows =
      tx.exec_params(std::string("SELECT ") + rate_columns +
                         " FROM billing.rate WHERE deck_version_id = $1 AND effective_from <= $2 AND "
                         "effective_until > $2",
                     id, moment);
  rates.reserve(rows.size());
  for (const auto& row : rows)
    rates.push_back(rate_of(row));
  return rate_table(found[0][1].as<std::string>(), std::move(rates), sql::time_of(change[0]));
}

boost::system::result<number_rate> find_rate(pqxx::transaction_base& tx, std::string_view deck,
                                             std::string_view digits, wall_time at) {
  const auto moment = iso_time(at);
  const auto found = find_version(tx, clean_text(deck, longest_name), moment);
  if (found.empty()) return error::no_deck;
  std::string prefixes = "{";
  for (std::size_t length = 1; length <= digits.size(); ++length)
    prefixes += (length > 1 ? "," : "") + clean_text(digits.substr(0, length));
  const auto rows =
      tx.exec_params(std::string("SELECT ") + rate_columns +
                         " FROM billing.rate WHERE deck_version_id = $1 AND prefix = ANY($3::text[]) AND "
                         "effective_from <= $2 AND effective_until > $2 ORDER BY length(prefix) DESC LIMIT 1",
                     found[0][0].as<int>(), moment, prefixes + "}");
  return number_rate{.currency = found[0][1].as<std::string>(),
                     .version = found[0][2].as<int>(),
                     .terms = rows.empty() ? std::nullopt : std::optional(rate_of(rows[0]))};
}

std::vector<deck_line> deck_lines(pqxx::transaction_base& tx, std::string_view deck, int version) {
  std::vector<deck_line> lines;
  const auto rows =
      tx.exec_params(std::string("SELECT ") + rate_columns + time_columns +
                         " FROM billing.rate WHERE deck_version_id = (SELECT deck_version_id FROM "
                         "billing.deck_version WHERE deck = $1 AND version = $2) "
                         "ORDER BY prefix COLLATE \"C\", effective_from",
                     clean_text(deck, longest_name), version);
  lines.reserve(rows.size());
  for (const auto& row : rows)
    lines.push_back({.terms = rate_of(row),
                     .effective_from = sql::time_of(row[9]),
                     .effective_until = sql::time_of(row[10])});
  return lines;
}

boost::system::result<std::string> export_deck(pqxx::transaction_base& tx, std::string_view deck,
                                               int version) {
  if (tx.exec_params("SELECT FROM billing.deck_version WHERE deck = $1 AND version = $2",
                     clean_text(deck, longest_name), version)
          .empty())
    return error::no_deck;
  std::string text =
      "prefix,destination,price_per_minute,connection_fee,initial_increment_s,next_increment_s,free_start_s,"
      "included_s,effective_from,effective_until\n";
  for (const auto& [terms, begins, ends] : deck_lines(tx, deck, version))
    text += terms.prefix + "," + csv::field(terms.destination) + "," + to_string(terms.price_per_minute) +
            "," + to_string(terms.connection_fee) + "," + std::to_string(terms.initial_increment.count()) +
            "," + std::to_string(terms.next_increment.count()) + "," +
            std::to_string(terms.free_start.count()) + "," + std::to_string(terms.included.count()) + "," +
            (begins ? iso_time(*begins) : "") + "," + (ends ? iso_time(*ends) : "") + "\n";
  return text;
}

std::vector<carrier_deck> list_carrier_decks(pqxx::transaction_base& tx) {
  std::vector<carrier_deck> links;
  for (const auto& row : tx.exec("SELECT carrier_id, deck FROM billing.carrier_deck ORDER BY carrier_id"))
    links.push_back({.carrier_id = sql::uuid_of(row[0]), .deck = row[1].as<std::string>()});
  return links;
}

boost::system::result<void> set_carrier_deck(pqxx::transaction_base& tx, const uuid& carrier_id,
                                             const std::string& deck) {
  const auto id = sql::text_of(carrier_id);
  if (deck.empty()) {
    tx.exec_params0("DELETE FROM billing.carrier_deck WHERE carrier_id = $1", id);
    return {};
  }
  const auto linked = tx.exec_params(
      "INSERT INTO billing.carrier_deck (carrier_id, deck) SELECT $1, deck FROM billing.deck WHERE deck = $2 "
      "AND kind = 'cost' "
      "ON CONFLICT (carrier_id) DO UPDATE SET deck = excluded.deck, linked_at = now()",
      id, clean_text(deck, longest_name));
  if (linked.affected_rows() == 0) return error::no_deck;
  return {};
}

}  // namespace tollgate::billing
