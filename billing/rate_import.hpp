// SPDX-License-Identifier: Apache-2.0
// Imports of rate decks as records: a dry run that is kept and committed later exactly as it was reported, what was
// imported by whom, and roll back. Versions themselves are rate_deck's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "billing/rate_deck.hpp"

namespace tollgate::billing {

enum class import_outcome : std::uint8_t {
  checked,      // a dry run, good; its text is kept for a commit
  expired,      // one whose text is not kept any more
  imported,     // it made a version
  unchanged,    // the version in force had the same content
  rolled_back,  // it made a version, which was withdrawn or replaced by the one before it
};

// "checked", …
const char* to_string(import_outcome value);

// Who took a step and when; `token_id` may be empty.
struct import_step {
  std::optional<wall_time> at{};
  std::string token_id{};
  std::string role{};
};

struct rate_import {
  uuid id{};
  std::int64_t number = 0;  // in the order in which they were made
  std::string deck{};
  deck_kind kind = deck_kind::sell;
  std::string currency{};
  import_outcome outcome = import_outcome::checked;
  int version = 0;  // as deck_import_report::version
  std::size_t rates = 0;
  std::optional<wall_time> effective_from{};  // none: with the import or the commit
  std::string note{};
  std::string counts{};  // JSON object: how many changes of each kind
  std::string report{};  // JSON object: the first of them; empty in a list
  import_step made{}, committed{}, rolled_back{};
  std::optional<int> restored_version{};  // of a roll back of a version that was in force
};

inline constexpr int most_kept_texts = 20;      // of dry runs; older ones expire
inline constexpr std::chrono::days text_life{7};  // likewise

// Writes the record; `csv` is kept of a dry run alone. The id must be new.
void keep_rate_import(pqxx::transaction_base& tx, const rate_import& made, std::string_view csv);

std::optional<rate_import> find_rate_import(pqxx::transaction_base& tx, const uuid& id);

// Newest first, at most `limit`, made before the one of number `before`; of one deck, or of all if it is empty.
std::vector<rate_import> list_rate_imports(pqxx::transaction_base& tx, int limit,
                                           std::optional<std::int64_t> before, const std::string& deck);

enum class import_answer : std::uint8_t {
  done,      // now or before
  unknown,   // there is no such import
  expired,   // its text is not kept any more
  changed,   // the deck is not what it was when it was reported
  idle,      // it has made no version: nothing to roll back
  replaced,  // another version is in force since
  first,     // there is no version before it
};

// Imports what a dry run was given. `is_as_reported` is asked before anything is written. What has been imported (or
// rolled back since) stays as it is.
import_answer commit_rate_import(pqxx::transaction_base& tx, const uuid& id, wall_time now, const import_step& by,
                                 const std::function<bool(const rate_import&, const deck_import_report&)>& is_as_reported);

// Takes an import back: its version is withdrawn if it is not in force yet. If it is, the version that was in force
// before it becomes a new version, in force now: what is or was in force stays for the audit. Repeating it changes
// nothing.
import_answer roll_back_rate_import(pqxx::transaction_base& tx, const uuid& id, wall_time now, const import_step& by);

}  // namespace tollgate::billing
