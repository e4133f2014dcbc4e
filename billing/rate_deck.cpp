// SPDX-License-Identifier: Apache-2.0
// Decks in the database: import by COPY, loading into a table, export.
#include "billing/rate_deck.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <pqxx/result>
#include <pqxx/stream_to>
#include <pqxx/transaction_base>

#include "billing/error.hpp"
#include "billing/sql.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

constexpr std::size_t longest_name = 100;
constexpr std::size_t longest_note = 1000;

std::string digest_of(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string hex = "\\x";
  for (const auto byte : digest) {
    hex += "0123456789abcdef"[byte >> 4U];
    hex += "0123456789abcdef"[byte & 15U];
  }
  return hex;
}

void copy_rates(pqxx::transaction_base& tx, const std::string& version_id,
                const std::vector<deck_line>& lines) {
  static const std::vector<std::string> columns{"deck_version_id",
                                                "prefix",
                                                "destination",
                                                "connection_fee_micros",
                                                "price_per_minute_micros",
                                                "initial_increment_s",
                                                "next_increment_s",
                                                "free_start_s",
                                                "included_s",
                                                "effective_from",
                                                "effective_until"};
  pqxx::stream_to stream(tx, "billing.rate", columns);
  for (const auto& line : lines) {
    const auto& terms = line.terms;
    stream << std::array<std::string, 11>{
        version_id,
        terms.prefix,
        terms.destination,
        std::to_string(terms.connection_fee.micros),
        std::to_string(terms.price_per_minute.micros),
        std::to_string(terms.initial_increment.count()),
        std::to_string(terms.next_increment.count()),
        std::to_string(terms.free_start.count()),
        std::to_string(terms.included.count()),
        line.effective_from ? iso_time(*line.effective_from) : "-infinity",
        line.effective_until ? iso_time(*line.effective_until) : "infinity"};
  }
  stream.complete();
}

rate rate_of(const pqxx::row& row) {
  return {.rate_id = row["rate_id"].as<std::int64_t>(),
          .prefix = row["prefix"].as<std::string>(),
          .destination = row["destination"].as<std::string>(),
          .connection_fee = sql::money_of(row["connection_fee_micros"]),
          .price_per_minute = sql::money_of(row["price_per_minute_micros"]),
          .initial_increment = sql::seconds_of(row["initial_increment_s"]),
          .next_increment = sql::seconds_of(row["next_increment_s"]),
          .free_start = sql::seconds_of(row["free_start_s"]),
          .included = sql::seconds_of(row["included_s"])};
}

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text)
    out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

deck_import_report refused(std::string column, std::string text) {
  deck_import_report report;
  report.problems.push_back({.line = 0, .column = std::move(column), .text = std::move(text)});
  return report;
}

}  // namespace

deck_import_report import_deck(pqxx::transaction_base& tx, const deck_import& request) {
  if (request.name.empty() || request.name.size() > longest_name || !is_clean(request.name))
    return refused("",
                   "the deck's name must have 1 to " + std::to_string(longest_name) + " bytes of plain text");
  if (!is_currency(request.currency)) return refused("", "the currency must be three capital letters");
  auto text = parse_deck(request.csv);
  deck_import_report report;
  report.rates = text.lines.size();
  if (!text.problems.empty()) {
    report.problems = std::move(text.problems);
    return report;
  }
  const auto digest = digest_of(request.csv);
  // A dry run asks; an import takes the deck's row, so that its versions are numbered one after the other.
  const auto known =
      request.dry_run
          ? tx.exec_params("SELECT currency, newest_version FROM billing.deck WHERE deck = $1", request.name)
          : tx.exec_params(
                "INSERT INTO billing.deck AS d (deck, currency) VALUES ($1, $2) ON CONFLICT (deck) DO UPDATE "
                "SET deck = excluded.deck RETURNING currency, newest_version",
                request.name, request.currency);
  if (!known.empty() && known[0][0].as<std::string>() != request.currency)
    return refused("", "the deck is in " + known[0][0].as<std::string>() + ", not in " + request.currency);
  const int newest = known.empty() ? 0 : known[0][1].as<int>();
  const auto same = tx.exec_params(
      "SELECT FROM billing.deck_version WHERE deck = $1 AND version = $2 AND digest = $3::bytea",
      request.name, newest, digest);
  if (!same.empty() || request.dry_run) {
    report.result =
        same.empty() ? deck_import_report::outcome::checked : deck_import_report::outcome::unchanged;
    report.version = newest;
    return report;
  }
  report.version = newest + 1;
  const auto id = tx.exec_params1(
      "INSERT INTO billing.deck_version (deck, version, effective_from, note, rates, digest) VALUES ($1, $2, "
      "$3, $4, $5, $6::bytea) "
      "RETURNING deck_version_id",
      request.name, report.version, iso_time(request.effective_from), clean_text(request.note, longest_note),
      report.rates, digest);
  copy_rates(tx, id[0].as<std::string>(), text.lines);
  tx.exec_params0("UPDATE billing.deck_version SET sealed = true WHERE deck_version_id = $1",
                  id[0].as<int>());
  tx.exec_params0("UPDATE billing.deck SET newest_version = $2 WHERE deck = $1", request.name,
                  report.version);
  report.result = deck_import_report::outcome::imported;
  return report;
}

std::vector<deck_version> list_decks(pqxx::transaction_base& tx) {
  std::vector<deck_version> versions;
  for (const auto& row : tx.exec(
           "SELECT deck, currency, version, rates, (extract(epoch FROM effective_from) * 1000000)::bigint, "
           "(extract(epoch FROM imported_at) * 1000000)::bigint, note "
           "FROM billing.deck_version JOIN billing.deck USING (deck) ORDER BY deck_version_id DESC"))
    versions.push_back({.name = row[0].as<std::string>(),
                        .currency = row[1].as<std::string>(),
                        .version = row[2].as<int>(),
                        .rates = row[3].as<std::size_t>(),
                        .effective_from = sql::time_of(row[4]).value(),
                        .imported_at = sql::time_of(row[5]).value(),
                        .note = row[6].as<std::string>()});
  return versions;
}

boost::system::result<rate_table> load_rate_table(pqxx::transaction_base& tx, std::string_view deck,
                                                  wall_time at) {
  const std::string name = clean_text(deck, longest_name);
  const auto moment = iso_time(at);
  const auto found = tx.exec_params(
      "SELECT deck_version_id, currency FROM billing.deck_version JOIN billing.deck USING (deck) "
      "WHERE deck = $1 AND effective_from <= $2 ORDER BY effective_from DESC, version DESC LIMIT 1",
      name, moment);
  if (found.empty()) return error::no_deck;
  const int id = found[0][0].as<int>();
  // The next moment at which this answer would be another: infinite ones fall away, there is nothing to wait
  // for.
  const auto change = tx.exec_params1(
      "SELECT (extract(epoch FROM min(t)) * 1000000)::bigint FROM ("
      "SELECT effective_from AS t FROM billing.deck_version WHERE deck = $1 "
      "UNION ALL SELECT effective_from FROM billing.rate WHERE deck_version_id = $3 "
      "UNION ALL SELECT effective_until FROM billing.rate WHERE deck_version_id = $3) x WHERE t > $2 AND "
      "isfinite(t)",
      name, moment, id);
  std::vector<rate> rates;
  const auto rows = tx.exec_params(
      "SELECT rate_id, prefix, destination, connection_fee_micros, price_per_minute_micros, "
      "initial_increment_s, next_increment_s, "
      "free_start_s, included_s FROM billing.rate WHERE deck_version_id = $1 AND effective_from <= $2 AND "
      "effective_until > $2",
      id, moment);
  rates.reserve(rows.size());
  for (const auto& row : rows)
    rates.push_back(rate_of(row));
  return rate_table(found[0][1].as<std::string>(), std::move(rates), sql::time_of(change[0]));
}

boost::system::result<std::string> export_deck(pqxx::transaction_base& tx, std::string_view deck,
                                               int version) {
  const auto found =
      tx.exec_params("SELECT deck_version_id FROM billing.deck_version WHERE deck = $1 AND version = $2",
                     clean_text(deck, longest_name), version);
  if (found.empty()) return error::no_deck;
  std::string csv =
      "prefix,destination,price_per_minute,connection_fee,initial_increment_s,next_increment_s,free_start_s,"
      "included_s,effective_from,"
      "effective_until\n";
  const auto rows = tx.exec_params(
      "SELECT *, CASE WHEN isfinite(effective_from) THEN (extract(epoch FROM effective_from) * "
      "1000000)::bigint END AS begins, "
      "CASE WHEN isfinite(effective_until) THEN (extract(epoch FROM effective_until) * 1000000)::bigint END "
      "AS ends "
      "FROM billing.rate WHERE deck_version_id = $1 ORDER BY prefix COLLATE \"C\", effective_from",
      found[0][0].as<int>());
  for (const auto& row : rows) {
    const auto terms = rate_of(row);
    const auto begins = sql::time_of(row["begins"]);
    const auto ends = sql::time_of(row["ends"]);
    csv += terms.prefix + "," + quoted(terms.destination) + "," + to_string(terms.price_per_minute) + "," +
           to_string(terms.connection_fee) + "," + std::to_string(terms.initial_increment.count()) + "," +
           std::to_string(terms.next_increment.count()) + "," + std::to_string(terms.free_start.count()) +
           "," + std::to_string(terms.included.count()) + "," + (begins ? iso_time(*begins) : "") + "," +
           (ends ? iso_time(*ends) : "") + "\n";
  }
  return csv;
}

}  // namespace tollgate::billing
