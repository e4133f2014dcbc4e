// SPDX-License-Identifier: Apache-2.0
// Numbers that come into stock, or are taken back by their supplier, by the list: CSV in, every mistake with its line, all or
// nothing. Reading is free of IO.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/number/phone_number.hpp"
#include "voicemail/number_price.hpp"
#include "voicemail/number_term.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::voicemail {

inline constexpr std::size_t import_most_lines = 100'000;

struct import_error {
  int line;          // 1: the header
  std::string code;  // "malformed", "columns", "number_invalid", "number_repeated", "number_exists", "trunk_unknown", "currency_unknown", …
};

struct import_row {
  int line;
  pstn::number::phone_number number;
  std::string area;
  std::string trunk;                                      // its name; empty: none
  std::optional<pstn::number::phone_number> replacement;  // of withdrawals
  std::vector<own_price> prices;                          // instead of the general ones
};

struct import_list {
  std::vector<import_row> rows;
  std::vector<import_error> errors;
};

// Columns number, area, trunk, currency, price_3_months and price_12_months by a header line, in any order; all but number may be
// left out, or empty. RFC 4180. Errors besides those above: "price_invalid", "currency_missing" (a price is given without one).
import_list read_number_list(std::string_view csv);
// Columns number and replacement, which may be empty.
import_list read_withdrawal_list(std::string_view csv);

struct import_report {
  int done = 0;  // what was, or in a dry run would have been
  std::vector<import_error> errors;
};

// Puts all of them into stock, or none if there is one mistake, or in a dry run. `trunks`: ids by name.
import_report import_numbers(pqxx::transaction_base& tx, const import_list& list,
                             const std::map<std::string, boost::uuids::uuid>& trunks, bool dry_run);

// The supplier takes numbers back. Each leaves the inventory for good (state withdrawn); who rented it is given the unused days
// of the term back, is told (event number_withdrawn), and has the replacement, if there is one in stock, kept for 30 days. All
// or none. Errors besides those of the list: "number_unknown", "number_withdrawn", "replacement_unavailable".
import_report withdraw_numbers(pqxx::transaction_base& tx, const import_list& list, bool dry_run, system_clock::time_point now);

}  // namespace tollgate::voicemail
