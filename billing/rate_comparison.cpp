// SPDX-License-Identifier: Apache-2.0
#include "billing/rate_comparison.hpp"

#include <algorithm>
#include <array>

namespace tollgate::billing {
namespace {

using std::chrono::seconds;

constexpr std::array compared_calls{seconds{1},  seconds{30},  seconds{60},
                                    seconds{61}, seconds{180}, seconds{600}};
constexpr std::array sold_calls{seconds{60}, seconds{600}};

// One line a prefix, in order of the prefixes: the one in force at `at`, else the first afterwards.
std::vector<const deck_line*> by_prefix(std::span<const deck_line> lines, wall_time at) {
  std::vector<const deck_line*> order;
  order.reserve(lines.size());
  for (const auto& line : lines)
    if (!line.effective_until || *line.effective_until > at) order.push_back(&line);
  const auto from = [](const deck_line* line) { return line->effective_from.value_or(wall_time::min()); };
  std::sort(order.begin(), order.end(), [&](const deck_line* left, const deck_line* right) {
    const int compared = left->terms.prefix.compare(right->terms.prefix);
    return compared != 0 ? compared < 0 : from(left) < from(right);
  });
  const auto same = [](const deck_line* left, const deck_line* right) {
    return left->terms.prefix == right->terms.prefix;
  };
  order.erase(std::unique(order.begin(), order.end(), same), order.end());
  return order;
}

bool same_terms(rate left, rate right) {
  left.rate_id = right.rate_id = 0;
  return left == right;
}

change_list& list_of(const rate& before, const rate& after, deck_difference& out) {
  bool less = false;
  for (const auto talk : compared_calls) {
    const auto old_price = call_price(before, talk);
    const auto new_price = call_price(after, talk);
    if (new_price > old_price) return out.dearer;
    less = less || new_price < old_price;
  }
  return less ? out.cheaper : out.changed;
}

}  // namespace

void change_list::add(rate_change change, std::size_t most) {
  if (count++ < most) first.push_back(std::move(change));
}

deck_difference compare_decks(std::span<const deck_line> before, std::span<const deck_line> after,
                              wall_time at, std::size_t most) {
  deck_difference out;
  const auto old_lines = by_prefix(before, at);
  const auto new_lines = by_prefix(after, at);
  auto old_line = old_lines.begin();
  auto new_line = new_lines.begin();
  while (old_line != old_lines.end() || new_line != new_lines.end()) {
    const int compared = old_line == old_lines.end() ? 1
                         : new_line == new_lines.end()
                             ? -1
                             : (*old_line)->terms.prefix.compare((*new_line)->terms.prefix);
    if (compared < 0) {
      const auto& terms = (*old_line++)->terms;
      out.gone.add({terms.prefix, terms, std::nullopt}, most);
    } else if (compared > 0) {
      const auto& terms = (*new_line++)->terms;
      out.fresh.add({terms.prefix, std::nullopt, terms}, most);
    } else {
      const auto& was = (*old_line++)->terms;
      const auto& is = (*new_line++)->terms;
      if (same_terms(was, is))
        ++out.unchanged;
      else
        list_of(was, is, out).add({is.prefix, was, is}, most);
    }
  }
  return out;
}

std::vector<rate> rates_at(std::span<const deck_line> lines, wall_time at) {
  std::vector<rate> rates;
  for (const auto& line : lines)
    if ((!line.effective_from || *line.effective_from <= at) &&
        (!line.effective_until || *line.effective_until > at))
      rates.push_back(line.terms);
  return rates;
}

void find_losses(const std::string& sell_deck, const rate_table& sell, const std::string& cost_deck,
                 const rate_table& cost, loss_list& into) {
  if (sell.currency() != cost.currency()) return;
  const auto look_at = [&](const std::string& prefix) {
    const auto* sold = sell.find(prefix);
    const auto* bought = cost.find(prefix);
    if (sold == nullptr || bought == nullptr) return;
    const bool loses = std::any_of(sold_calls.begin(), sold_calls.end(), [&](seconds talk) {
      return call_price(*sold, talk) < call_price(*bought, talk);
    });
    if (!loses || into.count++ >= most_changes_listed) return;
    into.first.push_back(
        {prefix, sold->destination, sell_deck, cost_deck, sold->price_per_minute, bought->price_per_minute});
  };
  for (const auto& each : sell.rates())
    look_at(each.prefix);
  for (const auto& each : cost.rates()) {
    const auto* sold = sell.find(each.prefix);
    if (sold != nullptr && sold->prefix != each.prefix) look_at(each.prefix);
  }
}

}  // namespace tollgate::billing
