// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/router.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <tuple>

namespace tollgate::pstn::trunk {
namespace {

struct candidate {
  const trunk* offered;
  int prefix_size;
  bool up;
};

// Digits of the longest served prefix; 0 for a trunk that serves the world; -1: does not serve the number.
int served_prefix_size(const trunk& by, std::string_view digits) {
  int longest = by.served_prefixes.empty() ? 0 : -1;
  for (const std::string& prefix : by.served_prefixes) {
    if (digits.starts_with(prefix)) longest = std::max(longest, static_cast<int>(prefix.size()));
  }
  return longest;
}

bool has_room(const trunk& in, const trunk_state& state) {
  return (in.capacity_calls == 0 || state.live_calls < in.capacity_calls) &&
         (in.capacity_calls_per_second == 0 || state.calls_last_second < in.capacity_calls_per_second);
}

auto rank(const candidate& one) {
  return std::tuple{-one.prefix_size, one.offered->priority};
}

// Orders trunks of the same rank by repeated draws without replacement, each in proportion to the weights
// (RFC 2782).
void draw(std::span<candidate> equals, std::mt19937_64& random) {
  for (auto begin = equals.begin(); begin != equals.end(); ++begin) {
    std::uint64_t total = 0;
    for (auto at = begin; at != equals.end(); ++at)
      total += static_cast<std::uint64_t>(std::max(1, at->offered->weight));
    std::uint64_t drawn = random() % total;
    auto chosen = begin;
    for (; chosen != equals.end(); ++chosen) {
      const auto weight = static_cast<std::uint64_t>(std::max(1, chosen->offered->weight));
      if (drawn < weight) break;
      drawn -= weight;
    }
    std::iter_swap(begin, chosen);
  }
}

}  // namespace

std::vector<const trunk*> route(const phone_number& number, std::span<const trunk> trunks,
                                const state_lookup& state, std::uint64_t chance) {
  const std::string digits = number.digits();
  std::vector<candidate> candidates;
  for (const trunk& one : trunks) {
    const int prefix_size = served_prefix_size(one, digits);
    if (!one.enabled || prefix_size < 0) continue;
    const trunk_state now = state(one.id);
    if (has_room(one, now)) candidates.push_back({&one, prefix_size, now.up});
  }
  if (std::ranges::any_of(candidates, &candidate::up))
    std::erase_if(candidates, [](const auto& one) { return !one.up; });
  std::ranges::stable_sort(candidates, {}, rank);
  std::mt19937_64 random{chance};
  for (auto begin = candidates.begin(); begin != candidates.end();) {
    const auto end =
        std::find_if(begin, candidates.end(), [&](const auto& one) { return rank(one) != rank(*begin); });
    draw({begin, end}, random);
    begin = end;
  }
  std::vector<const trunk*> ordered;
  for (const candidate& one : candidates)
    ordered.push_back(one.offered);
  return ordered;
}

}  // namespace tollgate::pstn::trunk
