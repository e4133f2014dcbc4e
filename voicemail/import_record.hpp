// SPDX-License-Identifier: Apache-2.0
// Lists of numbers that were imported, or tried to be, as records: what became of them, and by whom. In PostgreSQL (schema
// voicemail), within the caller's transaction.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "voicemail/number_import.hpp"

namespace tollgate::voicemail {

struct import_record {
  boost::uuids::uuid id{};
  std::int64_t sequence = 0;  // in the order in which they were made
  bool dry_run = false;
  int numbers = 0;               // that were put into stock, or would have been
  int errors_total = 0;          // of more than 0 nothing was imported
  std::string errors{};          // JSON: the first of them, line and code; empty in a list
  std::vector<std::string> imported{};  // of one that was done: the first imports_told numbers; empty in a list
  std::string actor{};           // as in the numbers' events
  std::chrono::system_clock::time_point made_at{};

  // "done", "valid" (a dry run), "refused"
  const char* outcome() const { return errors_total > 0 ? "refused" : dry_run ? "valid" : "done"; }
};

inline constexpr int imports_told = 1'000;
inline constexpr int imports_kept = 1'000;  // of those that changed nothing; what was imported is kept for ever

// The id must be new. `made.imported` is what is kept of a list that was done.
void keep_import(pqxx::transaction_base& tx, const import_record& made);
std::optional<import_record> find_import(pqxx::transaction_base& tx, const boost::uuids::uuid& id);
// Newest first, at most `limit`, made before the one of this sequence.
std::vector<import_record> list_imports(pqxx::transaction_base& tx, int limit, std::optional<std::int64_t> before);

}  // namespace tollgate::voicemail
