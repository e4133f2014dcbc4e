// SPDX-License-Identifier: Apache-2.0
// Rows of billing.rate_import, and the versions that commits and roll backs make.
#include "billing/rate_import.hpp"

#include <limits>
#include <pqxx/binarystring>
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <stdexcept>

#include "billing/sql.hpp"
#include "billing/text.hpp"

namespace tollgate::billing {
namespace {

constexpr std::size_t longest_note = 1000;

// In the order that import_of reads; `report` comes behind them.
constexpr const char* columns = R"(
  import_id, import_number, deck, kind, currency, outcome, version, rates, (extract(epoch FROM effective_from) * 1000000)::bigint, note, counts,
  (extract(epoch FROM made_at) * 1000000)::bigint, made_by, made_as,
  (extract(epoch FROM committed_at) * 1000000)::bigint, committed_by, committed_as,
  (extract(epoch FROM rolled_back_at) * 1000000)::bigint, rolled_back_by, rolled_back_as, restored_version)";

import_outcome outcome_of(const std::string& text) {
  for (const auto each : {import_outcome::checked, import_outcome::expired, import_outcome::imported,
                          import_outcome::unchanged, import_outcome::rolled_back})
    if (text == to_string(each)) return each;
  throw std::logic_error("an import's outcome is unknown: " + text);
}

std::string text_or_nothing(const pqxx::field& field) {
  return field.is_null() ? std::string() : field.as<std::string>();
}

import_step step_of(const pqxx::row& row, int first) {
  return {sql::time_of(row[first]), text_or_nothing(row[first + 1]), text_or_nothing(row[first + 2])};
}

rate_import import_of(const pqxx::row& row) {
  rate_import out;
  out.id = sql::uuid_of(row[0]);
  out.number = row[1].as<std::int64_t>();
  out.deck = row[2].as<std::string>();
  out.kind = row[3].as<std::string>() == to_string(deck_kind::cost) ? deck_kind::cost : deck_kind::sell;
  out.currency = row[4].as<std::string>();
  out.outcome = outcome_of(row[5].as<std::string>());
  out.version = row[6].as<int>();
  out.rates = row[7].as<std::size_t>();
  out.effective_from = sql::time_of(row[8]);
  out.note = row[9].as<std::string>();
  out.counts = row[10].as<std::string>();
  out.made = step_of(row, 11);
  out.committed = step_of(row, 14);
  out.rolled_back = step_of(row, 17);
  if (!row[20].is_null()) out.restored_version = row[20].as<int>();
  if (row.size() > 21) out.report = row[21].as<std::string>();
  return out;
}

std::optional<rate_import> read_import(pqxx::transaction_base& tx, const uuid& id, const char* lock) {
  const auto rows = tx.exec_params(std::string("SELECT") + columns + ", report FROM billing.rate_import WHERE import_id = $1" + lock, sql::text_of(id));
  return rows.empty() ? std::nullopt : std::optional(import_of(rows[0]));
}

// The texts of dry runs that nobody has committed are not kept for ever, nor any number of them.
void forget_texts(pqxx::transaction_base& tx) {
  tx.exec_params0(
      "UPDATE billing.rate_import SET outcome = 'expired', csv = NULL WHERE csv IS NOT NULL AND (made_at < now() - make_interval(days => $1) OR "
      "import_number NOT IN (SELECT import_number FROM billing.rate_import WHERE csv IS NOT NULL ORDER BY import_number DESC LIMIT $2))",
      static_cast<int>(text_life.count()), most_kept_texts);
}

struct version_row {
  int id = 0, version = 0;
};

std::optional<version_row> version_of(const pqxx::result& rows) {
  return rows.empty() ? std::nullopt : std::optional(version_row{rows[0][0].as<int>(), rows[0][1].as<int>()});
}

// What was in force when this version took over.
std::optional<version_row> version_before(pqxx::transaction_base& tx, const std::string& deck, int version) {
  return version_of(tx.exec_params(
      "SELECT p.deck_version_id, p.version FROM billing.deck_version v JOIN billing.deck_version p USING (deck) WHERE v.deck = $1 AND v.version = $2 "
      "AND p.withdrawn_at IS NULL AND (p.effective_from, p.version) < (v.effective_from, v.version) ORDER BY p.effective_from DESC, p.version DESC LIMIT 1",
      deck, version));
}

// The same rates as a new version, in force from `now` on. Answers its number.
int restore_version(pqxx::transaction_base& tx, const std::string& deck, const version_row& from, int instead_of, wall_time now) {
  const auto note = "version " + std::to_string(from.version) + " again, in place of version " + std::to_string(instead_of);
  const auto made = tx.exec_params1(
      "INSERT INTO billing.deck_version (deck, version, effective_from, note, rates, digest) SELECT deck, (SELECT newest_version + 1 FROM billing.deck "
      "WHERE deck = $1), $3, $4, rates, digest FROM billing.deck_version WHERE deck_version_id = $2 RETURNING deck_version_id, version",
      deck, from.id, iso_time(now), note);
  tx.exec_params0(
      "INSERT INTO billing.rate (deck_version_id, prefix, destination, connection_fee_micros, price_per_minute_micros, initial_increment_s, "
      "next_increment_s, free_start_s, included_s, effective_from, effective_until) SELECT $2, prefix, destination, connection_fee_micros, "
      "price_per_minute_micros, initial_increment_s, next_increment_s, free_start_s, included_s, effective_from, effective_until FROM billing.rate "
      "WHERE deck_version_id = $1",
      from.id, made[0].as<int>());
  tx.exec_params0("UPDATE billing.deck_version SET sealed = true WHERE deck_version_id = $1", made[0].as<int>());
  tx.exec_params0("UPDATE billing.deck SET newest_version = $2 WHERE deck = $1", deck, made[1].as<int>());
  return made[1].as<int>();
}

}  // namespace

const char* to_string(import_outcome value) {
  switch (value) {
    case import_outcome::checked:
      return "checked";
    case import_outcome::expired:
      return "expired";
    case import_outcome::imported:
      return "imported";
    case import_outcome::unchanged:
      return "unchanged";
    case import_outcome::rolled_back:
      return "rolled_back";
  }
  return "checked";
}

void keep_rate_import(pqxx::transaction_base& tx, const rate_import& made, std::string_view csv) {
  const bool is_kept = made.outcome == import_outcome::checked;
  const pqxx::binarystring text(is_kept ? csv.data() : "", is_kept ? csv.size() : 0);
  tx.exec_params0(
      "INSERT INTO billing.rate_import (import_id, deck, kind, currency, outcome, version, rates, effective_from, note, counts, report, csv, made_by, "
      "made_as) VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8, '')::timestamptz, $9, $10, $11, CASE WHEN $5 = 'checked' THEN $12::bytea END, "
      "nullif($13, '')::uuid, nullif($14, ''))",
      sql::text_of(made.id), made.deck, std::string(to_string(made.kind)), made.currency, std::string(to_string(made.outcome)), made.version, made.rates,
      made.effective_from ? iso_time(*made.effective_from) : "", clean_text(made.note, longest_note), made.counts, made.report, text, made.made.token_id,
      made.made.role);
  if (is_kept) forget_texts(tx);
}

std::optional<rate_import> find_rate_import(pqxx::transaction_base& tx, const uuid& id) {
  return read_import(tx, id, "");
}

std::vector<rate_import> list_rate_imports(pqxx::transaction_base& tx, int limit, std::optional<std::int64_t> before,
                                           const std::string& deck) {
  std::vector<rate_import> out;
  for (const auto& row : tx.exec_params(std::string("SELECT") + columns +
                                            " FROM billing.rate_import WHERE import_number < $2 AND ($3 = '' OR deck = $3) ORDER BY import_number DESC LIMIT $1",
                                        limit, before.value_or(std::numeric_limits<std::int64_t>::max()), deck))
    out.push_back(import_of(row));
  return out;
}

import_answer commit_rate_import(pqxx::transaction_base& tx, const uuid& id, wall_time now, const import_step& by,
                                 const std::function<bool(const rate_import&, const deck_import_report&)>& is_as_reported) {
  const auto known = read_import(tx, id, " FOR UPDATE");
  if (!known) return import_answer::unknown;
  if (known->outcome == import_outcome::expired) return import_answer::expired;
  if (known->outcome != import_outcome::checked) return import_answer::done;
  const auto kept = tx.exec_params1("SELECT csv FROM billing.rate_import WHERE import_id = $1", sql::text_of(id));
  const pqxx::binarystring csv(kept[0]);
  deck_import wanted{.name = known->deck, .kind = known->kind, .currency = known->currency, .now = now, .note = known->note};
  wanted.csv = {csv.get(), csv.size()};
  wanted.effective_from = known->effective_from.value_or(now);
  wanted.accept = [&](const deck_import_report& report) { return is_as_reported(*known, report); };
  const auto report = import_deck(tx, wanted);
  // Not even if somebody has imported the same text since: this was not told.
  if (report.result != deck_import_report::outcome::imported) return import_answer::changed;
  tx.exec_params0(
      "UPDATE billing.rate_import SET outcome = 'imported', version = $2, csv = NULL, committed_at = $3, committed_by = nullif($4, '')::uuid, "
      "committed_as = nullif($5, '') WHERE import_id = $1",
      sql::text_of(id), report.version, iso_time(now), by.token_id, by.role);
  return import_answer::done;
}

import_answer roll_back_rate_import(pqxx::transaction_base& tx, const uuid& id, wall_time now, const import_step& by) {
  const auto known = read_import(tx, id, " FOR UPDATE");
  if (!known) return import_answer::unknown;
  if (known->outcome == import_outcome::rolled_back) return import_answer::done;
  if (known->outcome != import_outcome::imported) return import_answer::idle;
  // The deck's row first, as an import takes it: its versions are made one after the other.
  tx.exec_params1("SELECT FROM billing.deck WHERE deck = $1 FOR NO KEY UPDATE", known->deck);
  const auto withdrawn = tx.exec_params(
      "UPDATE billing.deck_version SET withdrawn_at = $3 WHERE deck = $1 AND version = $2 AND effective_from > greatest($3::timestamptz, clock_timestamp()) "
      "RETURNING version",
      known->deck, known->version, iso_time(now));
  std::string restored;
  if (withdrawn.empty()) {
    const auto current = version_in_force(tx, known->deck, now);
    if (!current || *current != known->version) return import_answer::replaced;
    const auto before = version_before(tx, known->deck, known->version);
    if (!before) return import_answer::first;
    restored = std::to_string(restore_version(tx, known->deck, *before, known->version, now));
  }
  tx.exec_params0(
      "UPDATE billing.rate_import SET outcome = 'rolled_back', restored_version = nullif($2, '')::int, rolled_back_at = $3, "
      "rolled_back_by = nullif($4, '')::uuid, rolled_back_as = nullif($5, '') WHERE import_id = $1",
      sql::text_of(id), restored, iso_time(now), by.token_id, by.role);
  return import_answer::done;
}

}  // namespace tollgate::billing
