// SPDX-License-Identifier: Apache-2.0
// Rate decks: imported from CSV as immutable, numbered versions, all or nothing; loaded into a rate_table;
// exported again.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "billing/account.hpp"
#include "billing/rate_comparison.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

// The columns of a deck's CSV (RFC 4180, UTF-8; the first line is the header, in any order and case; the
// first three are required), with the other names that are understood:
//
//   prefix               code, dial_code                 E.164 digits without plus
//   destination          region, name                    name for people
//   price_per_minute     price, rate                     decimal, in the deck's currency, e.g. 0.017;
//                        price_per_minute_micros         or whole micro-units, e.g. 17000
//   connection_fee       setup_fee                       the same, or connection_fee_micros; default 0
//   initial_increment_s  initial_increment               default 60
//   next_increment_s     next_increment                  default 60
//   free_start_s         free_start, free_start_seconds  default 0: a call of at most so long costs nothing
//   included_s           included, included_seconds      default 0
//   effective_from       valid_from                      YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ (UTC); empty:
//   since ever effective_until      effective_to, valid_until       the same; empty: for ever; exclusive
//
// The delimiter is that of comma, semicolon, tab and bar which the header has most of. Prices have a decimal
// point or a decimal comma, one of the two in the whole file. One prefix may stand in several lines if their
// times do not overlap.

struct deck_problem {
  std::size_t line = 0;  // 1 is the header
  std::string column{};  // empty: the whole line
  std::string text{};    // a sentence for people
};

// Two lines of one prefix that are in force at the same time. Of several such pairs with one line, one is
// told.
struct deck_overlap {
  std::string prefix{};
  std::size_t line = 0;
  std::size_t other_line = 0;  // the earlier of the two in the file
};

struct deck_text {
  std::vector<deck_line> lines{};
  std::vector<deck_problem> problems{};  // by line, at most max_deck_problems; empty: the deck is good
  std::size_t problem_count = 0;         // in the whole text, however many are listed
  std::vector<deck_overlap> overlaps{};  // which are problems as well; at most max_deck_problems
  std::size_t overlap_count = 0;
};

inline constexpr std::size_t max_deck_problems = 10'000;
inline constexpr std::size_t max_deck_lines = 1'000'000;
inline constexpr std::chrono::minutes deck_grace{5};  // for clocks that differ
inline constexpr std::size_t max_deck_bytes = 128U << 20U;

// Reads and checks a deck without a database.
deck_text parse_deck(std::string_view csv);

// What a deck says: what we ask, or what a carrier asks of us.
enum class deck_kind : std::uint8_t { sell, cost };

// "sell", "cost"
const char* to_string(deck_kind value);

struct deck_import_report;

struct deck_import {
  std::string name = "default";
  deck_kind kind = deck_kind::sell;  // a deck keeps the kind of its first version
  std::string currency = "EUR";      // a deck keeps the currency of its first version
  std::string_view csv{};
  wall_time effective_from{};  // the version comes into force then
  // The present. With it, and once the deck has a version, what was in force is not changed afterwards: a
  // moment of at most deck_grace before it is taken for now, an earlier one is refused.
  std::optional<wall_time> now{};
  std::string note{};                                // who and why
  bool dry_run = false;                              // check everything, write nothing
  // Asked, with what it would change, before anything is written: false, and nothing is.
  std::function<bool(const deck_import_report&)> accept{};
  std::size_t changes_listed = most_changes_listed;  // of each kind, in the report
};

struct deck_import_report {
  enum class outcome {
    imported,
    unchanged /* the version in force at effective_from has the same content */,
    checked /* dry run, good */,
    declined /* by deck_import::accept */,
    refused
  };
  outcome result = outcome::refused;
  int version =
      0;  // imported: the new one; unchanged: the one in force at effective_from; checked: the newest
  std::size_t rates = 0;
  std::vector<deck_problem> problems{};  // refused: why (see deck_text); nothing was written
  std::size_t problem_count = 0;
  deck_difference difference{};  // to the version in force at effective_from; of what can be read, if refused
  std::vector<deck_overlap> overlaps{};  // why it is refused, among others
  std::size_t overlap_count = 0;
  loss_list losses{};  // where this deck and those of the other kind in force then sell below cost: a warning
};

// Imports a deck as its next version. Repeating an import changes nothing. A dry run tells the same and
// writes nothing.
deck_import_report import_deck(pqxx::transaction_base& tx, const deck_import& request);

struct deck_version {
  std::string name{};
  deck_kind kind = deck_kind::sell;
  std::string currency{};
  int version = 0;
  std::size_t rates = 0;
  wall_time effective_from{};
  wall_time imported_at{};
  std::string note{};
  std::optional<wall_time> withdrawn_at{};  // then it never comes into force
};

// All versions of all decks, newest first.
std::vector<deck_version> list_decks(pqxx::transaction_base& tx);

// The rates in force at `at`: those of the deck's version with the latest effective_from up to then.
// error::no_deck if there is none. The table's valid_until tells when a rate or a version of the deck known
// today changes that.
boost::system::result<rate_table> load_rate_table(pqxx::transaction_base& tx, std::string_view deck,
                                                  wall_time at);

// The versions in force at `at`, one for each deck that has one; for deciding what has to be loaded.
struct deck_in_force {
  std::string name{};
  deck_kind kind = deck_kind::sell;
  std::string currency{};
  int deck_version_id = 0;                  // 0: no version of the deck is in force yet
  std::optional<wall_time> next_version{};  // when a version known today takes over
};
std::vector<deck_in_force> decks_in_force(pqxx::transaction_base& tx, wall_time at);

// The price of one number in one deck, without loading it: longest prefix in force at `at`. error::no_deck.
struct number_rate {
  std::string currency{};
  int version = 0;
  std::optional<rate> terms{};  // none: the deck has no prefix of the number
};
boost::system::result<number_rate> find_rate(pqxx::transaction_base& tx, std::string_view deck,
                                             std::string_view digits, wall_time at);

// Which cost deck a carrier has.
struct carrier_deck {
  uuid carrier_id{};
  std::string deck{};
};
std::vector<carrier_deck> list_carrier_decks(pqxx::transaction_base& tx);
// Links a carrier to its cost deck; empty: to none. error::no_deck (of that name, of kind cost).
boost::system::result<void> set_carrier_deck(pqxx::transaction_base& tx, const uuid& carrier_id,
                                             const std::string& deck);

// All rates of one version with their times, by prefix and time; empty if there is no such version.
std::vector<deck_line> deck_lines(pqxx::transaction_base& tx, std::string_view deck, int version);

// The CSV of one version, importable again to the same rates. error::no_deck.
boost::system::result<std::string> export_deck(pqxx::transaction_base& tx, std::string_view deck,
                                               int version);

// The newest version of a deck that is in force at `at`. error::no_deck.
boost::system::result<int> version_in_force(pqxx::transaction_base& tx, std::string_view deck, wall_time at);

}  // namespace tollgate::billing
