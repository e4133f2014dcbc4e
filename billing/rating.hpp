// SPDX-License-Identifier: Apache-2.0
// Finds the rate of a number: longest prefix first. An immutable table in memory; free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "billing/error.hpp"
#include "billing/rate.hpp"

namespace tollgate::billing {

using wall_time = std::chrono::system_clock::time_point;

// The rates of one deck in force at one moment. Safe to share between threads (share it by
// std::shared_ptr<const rate_table>). A sorted array of packed prefixes with links to the next shorter
// prefix, entered by the number's first four digits: 12 bytes a prefix beside the rates themselves.
class rate_table {
 public:
  rate_table() = default;
  // Builds the table; of two rates with the same prefix the cheaper one by price per minute stays. Rates with
  // an invalid prefix are left out. `valid_until` is when another table should be loaded, if that is known.
  rate_table(std::string currency, std::vector<rate> rates,
             std::optional<wall_time> valid_until = std::nullopt);

  // The rate with the longest prefix of these E.164 digits (no plus), or nullptr. The pointer lives as long
  // as the table.
  const rate* find(std::string_view digits) const;

  const std::string& currency() const { return currency_; }
  std::optional<wall_time> valid_until() const { return valid_until_; }
  std::span<const rate> rates() const { return rates_; }  // ordered by prefix
  std::size_t size() const { return rates_.size(); }

 private:
  std::string currency_;
  std::optional<wall_time> valid_until_;
  std::vector<rate> rates_;
  std::vector<std::uint64_t> keys_;    // same order as rates_
  std::vector<std::int32_t> parents_;  // index of the longest shorter prefix, or −1
  std::vector<std::uint32_t> starts_;  // where the keys of each beginning of four digits start; 256 KiB
};

// Which decks price an account's calls: its plan and, before it, rates of its own. The default deck stands
// behind both.
struct deck_choice {
  deck_choice(std::string plan_deck, std::optional<std::string> own_deck = std::nullopt)
      : plan(std::move(plan_deck)), own(std::move(own_deck)) {}
  std::string plan;
  std::optional<std::string> own;
};

// The deck that stands behind every account's own and its plan's: one for each currency that is sold in.
struct standard_decks {
  std::string deck{"default"};                       // of the gateway's own currency
  std::map<std::string, std::string> by_currency{};  // of others
  // Of accounts in this currency; `own_currency` is the gateway's. Nothing: none is named.
  std::optional<std::string> of(const std::string& currency, const std::string& own_currency) const;
};

// Reads "USD=default-usd", …; error::malformed for anything else, a currency named twice, or an empty name.
boost::system::result<std::map<std::string, std::string>> parse_currency_decks(
    std::span<const std::string> texts);

// The decks that price an account's calls, the most specific first: its own, its plan's, the default one.
// A deck that has any prefix of the number decides: the longest prefix within it, also where a deck further
// down has a longer or cheaper one. Tables in another currency than the first are left out, empty ones
// skipped.
class rate_chain {
 public:
  rate_chain() = default;
  explicit rate_chain(std::vector<std::shared_ptr<const rate_table>> tables);

  // The rate of these E.164 digits (no plus), or nullptr. Lives as long as the chain or a copy of it.
  const rate* find(std::string_view digits) const;
  const std::string& currency() const;  // empty: there is no deck
  // Those that are asked, in this order; each lives as long as somebody has it.
  std::span<const std::shared_ptr<const rate_table>> tables() const { return tables_; }

 private:
  std::vector<std::shared_ptr<const rate_table>> tables_;
};

}  // namespace tollgate::billing
