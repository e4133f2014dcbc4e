// SPDX-License-Identifier: Apache-2.0
// What a new version of a deck changes, and where calls would be sold below what they cost. Free of IO.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "billing/rating.hpp"

namespace tollgate::billing {

// A rate with its own times; none: without a limit.
struct deck_line {
  rate terms{};  // rate_id is 0 in what was parsed
  std::optional<wall_time> effective_from{};
  std::optional<wall_time> effective_until{};  // exclusive
};

struct rate_change {
  std::string prefix{};
  std::optional<rate> before{};  // none: the prefix is new
  std::optional<rate> after{};   // none: it is gone
};

inline constexpr std::size_t most_changes_listed = 100;  // where nothing else is asked for

// How many there are, and the first of them in order of their prefixes.
struct change_list {
  std::size_t count = 0;
  std::vector<rate_change> first{};
  void add(rate_change change, std::size_t most);
};

struct deck_difference {
  change_list fresh{};
  change_list dearer{};   // calls of some length cost more (and others perhaps less)
  change_list cheaper{};  // calls of some length cost less, and none more
  change_list changed{};  // no such call costs anything else, but something differs: a name, an increment
  change_list gone{};
  std::size_t unchanged = 0;
};

// Compares prefix by prefix what is in force at `at`, or else comes into force first afterwards. Prices are
// compared for calls of 1, 30, 60, 61, 180 and 600 s. Each list has at most `most` changes.
deck_difference compare_decks(std::span<const deck_line> before, std::span<const deck_line> after,
                              wall_time at, std::size_t most = most_changes_listed);

// The rates in force at `at`.
std::vector<rate> rates_at(std::span<const deck_line> lines, wall_time at);

// A prefix that is sold below its price, at a call of one minute or of ten.
struct deck_loss {
  std::string prefix{};
  std::string destination{};
  std::string sell_deck{};
  std::string cost_deck{};
  money sell_per_minute{};
  money cost_per_minute{};
};

struct loss_list {
  std::size_t count = 0;
  std::vector<deck_loss> first{};  // at most most_changes_listed
};

// Adds the losses of one pair of decks: at every prefix of either, the longest match in both. Nothing for
// decks in different currencies.
void find_losses(const std::string& sell_deck, const rate_table& sell, const std::string& cost_deck,
                 const rate_table& cost, loss_list& into);

}  // namespace tollgate::billing
