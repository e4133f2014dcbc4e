// SPDX-License-Identifier: Apache-2.0
// Rows of voicemail.number_import.
#include "voicemail/import_record.hpp"

#include <limits>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "voicemail/sql.hpp"

namespace tollgate::voicemail {
namespace {

constexpr const char* columns = "import_id, import_number, dry_run, numbers, errors_total, actor, voicemail.to_micros(made_at)";

import_record record_of(const pqxx::row& row) {
  import_record out;
  out.id = sql::uuid(row[0]);
  out.sequence = row[1].as<std::int64_t>();
  out.dry_run = row[2].as<bool>();
  out.numbers = row[3].as<int>();
  out.errors_total = row[4].as<int>();
  out.actor = row[5].c_str();
  out.made_at = sql::time(row[6]);
  return out;
}

}  // namespace

void keep_import(pqxx::transaction_base& tx, const import_record& made) {
  std::string numbers = "{";  // in E.164: nothing to escape
  for (const auto& each : made.imported)
    numbers += (numbers.size() > 1 ? "," : "") + each;
  const std::string outcome = made.outcome();
  tx.exec_params0(
      "INSERT INTO voicemail.number_import (import_id, outcome, dry_run, numbers, errors_total, errors, imported, actor) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7::text[], $8)",
      sql::text(made.id), outcome, made.dry_run, made.numbers, made.errors_total, made.errors, numbers + "}", made.actor);
  if (outcome == "done") return;
  tx.exec_params0(
      "DELETE FROM voicemail.number_import WHERE outcome <> 'done' AND import_number <= (SELECT import_number FROM voicemail.number_import "
      "WHERE outcome <> 'done' ORDER BY import_number DESC OFFSET $1 LIMIT 1)",
      imports_kept);
}

std::optional<import_record> find_import(pqxx::transaction_base& tx, const boost::uuids::uuid& id) {
  const auto rows = tx.exec_params(std::string("SELECT ") + columns + ", errors FROM voicemail.number_import WHERE import_id = $1", sql::text(id));
  if (rows.empty()) return std::nullopt;
  auto found = record_of(rows[0]);
  found.errors = rows[0][7].c_str();
  for (const auto& row : tx.exec_params("SELECT unnest(imported[1:$2::int]) FROM voicemail.number_import WHERE import_id = $1", sql::text(id), imports_told))
    found.imported.emplace_back(row[0].c_str());
  return found;
}

std::vector<import_record> list_imports(pqxx::transaction_base& tx, int limit, std::optional<std::int64_t> before) {
  std::vector<import_record> out;
  for (const auto& row :
       tx.exec_params(std::string("SELECT ") + columns + " FROM voicemail.number_import WHERE import_number < $2 ORDER BY import_number DESC LIMIT $1", limit,
                      before.value_or(std::numeric_limits<std::int64_t>::max())))
    out.push_back(record_of(row));
  return out;
}

}  // namespace tollgate::voicemail
