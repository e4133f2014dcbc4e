// SPDX-License-Identifier: Apache-2.0
// Decks in the database: import by COPY, and what an import changes. Reading is in rate_deck_query.cpp.
#include "billing/rate_deck.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <pqxx/result>
#include <pqxx/stream_to>
#include <pqxx/transaction_base>
#include <set>

#include "billing/currency.hpp"
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

deck_import_report refused(std::string column, std::string text) {
  deck_import_report report;
  report.problems.push_back({.line = 0, .column = std::move(column), .text = std::move(text)});
  report.problem_count = 1;
  return report;
}

// Compares the lines with the version that is in force when they would be, and with the decks of the other
// kind.
void tell_difference(pqxx::transaction_base& tx, const deck_import& request,
                     const std::vector<deck_line>& lines, deck_import_report& report) {
  const auto at = request.effective_from;
  const auto current = version_in_force(tx, request.name, at);
  const auto before = current ? deck_lines(tx, request.name, *current) : std::vector<deck_line>{};
  report.difference = compare_decks(before, lines, at, request.changes_listed);
  const rate_table imported(request.currency, rates_at(lines, at));
  const bool sells = request.kind == deck_kind::sell;
  std::set<std::string> linked;
  for (const auto& each : list_carrier_decks(tx))
    linked.insert(each.deck);
  for (const auto& other : decks_in_force(tx, at)) {
    if (other.kind == request.kind || other.currency != request.currency || other.deck_version_id == 0)
      continue;
    if (sells && !linked.contains(other.name)) continue;  // nobody charges us by it
    const auto table = load_rate_table(tx, other.name, at);
    if (!table) continue;
    if (sells)
      find_losses(request.name, imported, other.name, *table, report.losses);
    else
      find_losses(other.name, *table, request.name, imported, report.losses);
  }
}

// What stands in the way of the import beside the lines themselves; empty: nothing.
std::string objection(const deck_import& request, const pqxx::result& known) {
  if (known.empty()) return "";
  const auto currency = known[0][0].as<std::string>();
  if (currency != request.currency) return "the deck is in " + currency + ", not in " + request.currency;
  const auto kind = known[0][2].as<std::string>();
  if (kind != to_string(request.kind))
    return "the deck is of kind " + kind + ", not " + to_string(request.kind);
  return "";
}

}  // namespace

const char* to_string(deck_kind value) {
  switch (value) {
    case deck_kind::sell:
      return "sell";
    case deck_kind::cost:
      return "cost";
  }
  return "sell";
}

deck_import_report import_deck(pqxx::transaction_base& tx, const deck_import& asked) {
  deck_import request = asked;
  if (request.name.empty() || request.name.size() > longest_name || !is_clean(request.name))
    return refused("deck",
                   "the deck's name must have 1 to " + std::to_string(longest_name) + " bytes of plain text");
  if (!is_currency(request.currency)) return refused("currency", "the currency must be three capital letters");
  if (!is_known_currency(tx, request.currency)) return refused("currency", "the currency is none of ISO 4217");
  auto text = parse_deck(request.csv);
  deck_import_report report;
  report.rates = text.lines.size();
  report.overlaps = std::move(text.overlaps);
  report.overlap_count = text.overlap_count;
  if (!text.problems.empty()) {
    report.problems = std::move(text.problems);
    report.problem_count = text.problem_count;
    if (request.dry_run) tell_difference(tx, request, text.lines, report);
    return report;
  }
  const auto digest = digest_of(request.csv);
  // A dry run asks; an import takes the deck's row, so that its versions are numbered one after the other.
  const auto known =
      request.dry_run
          ? tx.exec_params("SELECT currency, newest_version, kind FROM billing.deck WHERE deck = $1",
                           request.name)
          : tx.exec_params(
                "INSERT INTO billing.deck AS d (deck, currency, kind) VALUES ($1, $2, $3) ON CONFLICT (deck) "
                "DO UPDATE "
                "SET deck = excluded.deck RETURNING currency, newest_version, kind",
                request.name, request.currency, std::string(to_string(request.kind)));
  if (auto why = objection(request, known); !why.empty()) {
    const bool is_of_kind = why.starts_with("the deck is of kind");
    return refused(is_of_kind ? "kind" : "currency", std::move(why));
  }
  const int newest = known.empty() ? 0 : known[0][1].as<int>();
  if (request.now && newest > 0 && request.effective_from < *request.now) {
    if (request.effective_from < *request.now - deck_grace)
      return refused("effective_from",
                     "effective_from is in the past: what a version in force has charged is not changed "
                     "afterwards; leave it out to begin now");
    request.effective_from = *request.now;
  }
  tell_difference(tx, request, text.lines, report);
  // Not the newest version: that one may come into force later than is asked for now, or never have.
  const auto same = tx.exec_params(
      "SELECT version FROM (SELECT version, digest FROM billing.deck_version WHERE deck = $1 AND withdrawn_at IS NULL AND "
      "effective_from <= $2 ORDER BY effective_from DESC, version DESC LIMIT 1) v WHERE digest = $3::bytea",
      request.name, iso_time(request.effective_from), digest);
  if (!same.empty() || request.dry_run) {
    report.result =
        same.empty() ? deck_import_report::outcome::checked : deck_import_report::outcome::unchanged;
    report.version = same.empty() ? newest : same[0][0].as<int>();
    return report;
  }
  report.version = newest + 1;
  if (request.accept && !request.accept(report)) {
    report.result = deck_import_report::outcome::declined;
    return report;
  }
  const auto id = tx.exec_params1(
      "INSERT INTO billing.deck_version (deck, version, effective_from, note, rates, digest) VALUES ($1, $2, "
      "$3, $4, $5, $6::bytea) RETURNING deck_version_id",
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

}  // namespace tollgate::billing
