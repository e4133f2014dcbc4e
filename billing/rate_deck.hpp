// SPDX-License-Identifier: Apache-2.0
// Rate decks: imported from CSV as immutable, numbered versions, all or nothing; loaded into a rate_table;
// exported again.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "billing/rating.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

// The columns of a deck's CSV (RFC 4180, UTF-8, first line is the header, any order; the first three are
// required): prefix                E.164 digits without plus destination           name for people
// price_per_minute      decimal, in the deck's currency, e.g. 0.017
// connection_fee        decimal; default 0
// initial_increment_s   default 60
// next_increment_s      default 60
// free_start_s          default 0
// included_s            default 0
// effective_from        YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ (UTC); empty: since ever
// effective_until       the same; empty: for ever; exclusive
// One prefix may stand in several lines if their times do not overlap.

struct deck_problem {
  std::size_t line = 0;  // 1 is the header
  std::string column{};  // empty: the whole line
  std::string text{};    // a sentence for people
};

struct deck_line {
  rate terms{};  // rate_id is 0
  std::optional<wall_time> effective_from{};
  std::optional<wall_time> effective_until{};
};

struct deck_text {
  std::vector<deck_line> lines{};
  std::vector<deck_problem> problems{};  // every one, but at most max_deck_problems; empty: the deck is good
};

inline constexpr std::size_t max_deck_problems = 1000;
inline constexpr std::size_t max_deck_lines = 1'000'000;
inline constexpr std::size_t max_deck_bytes = 128U << 20U;

// Reads and checks a deck without a database.
deck_text parse_deck(std::string_view csv);

struct deck_import {
  std::string name = "default";
  std::string currency = "EUR";  // a deck keeps the currency of its first version
  std::string_view csv{};
  wall_time effective_from{};  // the version comes into force then
  std::string note{};          // who and why
  bool dry_run = false;        // check everything, write nothing
};

struct deck_import_report {
  enum class outcome {
    imported,
    unchanged /* the newest version has the same content */,
    checked /* dry run, good */,
    refused
  };
  outcome result = outcome::refused;
  int version = 0;  // imported or unchanged: the version now newest
  std::size_t rates = 0;
  std::vector<deck_problem> problems{};  // refused: why; nothing was written
};

// Imports a deck as its next version. Repeating an import changes nothing. About 50,000 lines a second.
deck_import_report import_deck(pqxx::transaction_base& tx, const deck_import& request);

struct deck_version {
  std::string name{};
  std::string currency{};
  int version = 0;
  std::size_t rates = 0;
  wall_time effective_from{};
  wall_time imported_at{};
  std::string note{};
};

// All versions of all decks, newest first.
std::vector<deck_version> list_decks(pqxx::transaction_base& tx);

// The rates in force at `at`: those of the deck's version with the latest effective_from up to then.
// error::no_deck if there is none. The table's valid_until tells when a rate or a version of the deck known
// today changes that.
boost::system::result<rate_table> load_rate_table(pqxx::transaction_base& tx, std::string_view deck,
                                                  wall_time at);

// The CSV of one version, importable again to the same rates. error::no_deck.
boost::system::result<std::string> export_deck(pqxx::transaction_base& tx, std::string_view deck,
                                               int version);

}  // namespace tollgate::billing
