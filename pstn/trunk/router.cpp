// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/router.hpp"

#include <algorithm>
#include <limits>
#include <random>
#include <string>

namespace tollgate::pstn::trunk {
namespace {

using rank = std::vector<std::int64_t>;  // compared from the first on, the lower goes first

struct candidate {
  consideration looked_at;
  rank place;
};

// Digits of the longest served prefix; 0 for a trunk that serves the world; -1: does not serve the number.
int served_prefix_size(const trunk& by, std::string_view digits) {
  int longest = by.served_prefixes.empty() ? 0 : -1;
  for (const std::string& prefix : by.served_prefixes) {
    if (digits.starts_with(prefix)) longest = std::max(longest, static_cast<int>(prefix.size()));
  }
  return longest;
}

bool reached(int most, int now) {
  return most > 0 && now >= most;
}

rank place_of(const consideration& one, const routing_policy& policy) {
  rank place{-one.prefix_size};
  for (const criterion by : policy.order) {
    switch (by) {
      case criterion::priority:
        place.push_back(one.offered->priority);
        break;
      case criterion::cost:
        place.push_back(one.cost.value_or(std::numeric_limits<std::int64_t>::max()));
        break;
      case criterion::quality: {
        const quality_figures& quality = one.state.quality;
        const bool told = quality.known;
        const bool rang = told && quality.post_dial_delay;
        place.push_back(told ? -(quality.answered * std::int64_t{10} / quality.attempts) : -10);
        place.push_back(rang ? quality.post_dial_delay->count() / 1000 : 0);
        break;
      }
    }
  }
  return place;
}

// Orders trunks of the same rank by repeated draws without replacement, each in proportion to the weights
// (RFC 2782).
void draw(std::span<candidate> equals, std::mt19937_64& random) {
  const auto weight_of = [](const candidate& one) {
    return static_cast<std::uint64_t>(std::max(1, one.looked_at.offered->weight));
  };
  for (auto begin = equals.begin(); begin != equals.end(); ++begin) {
    std::uint64_t total = 0;
    for (auto at = begin; at != equals.end(); ++at)
      total += weight_of(*at);
    std::uint64_t drawn = random() % total;
    auto chosen = begin;
    for (; chosen != equals.end(); ++chosen) {
      if (drawn < weight_of(*chosen)) break;
      drawn -= weight_of(*chosen);
    }
    std::iter_swap(begin, chosen);
  }
}

void order(std::vector<candidate>& candidates, std::uint64_t chance) {
  std::ranges::stable_sort(candidates, {}, &candidate::place);
  std::mt19937_64 random{chance};
  for (auto begin = candidates.begin(); begin != candidates.end();) {
    const auto end =
        std::find_if(begin, candidates.end(), [&](const auto& one) { return one.place != begin->place; });
    draw({begin, end}, random);
    begin = end;
  }
}

}  // namespace

verdict room_in(const trunk& in, const trunk_state& state) {
  if (state.resting) return verdict::resting;
  if (reached(in.capacity_calls, state.live_calls)) return verdict::full;
  if (reached(in.carrier_capacity_calls, state.carrier_live_calls)) return verdict::carrier_full;
  if (reached(in.capacity_calls_per_second, state.calls_last_second)) return verdict::too_fast;
  if (reached(in.carrier_capacity_calls_per_second, state.carrier_calls_last_second))
    return verdict::carrier_too_fast;
  return verdict::chosen;
}

std::vector<consideration> consider(const phone_number& number, std::span<const trunk> trunks,
                                    const state_lookup& state, const cost_lookup& cost,
                                    const routing_policy& policy, std::uint64_t chance) {
  const std::string digits = number.digits();
  std::vector<candidate> candidates;
  std::vector<candidate> passed_over;
  std::vector<consideration> others;
  for (const trunk& one : trunks) {
    consideration looked_at{.offered = &one, .prefix_size = served_prefix_size(one, digits)};
    if (looked_at.prefix_size < 0) {
      looked_at.why = verdict::other_destinations;
    } else if (!one.enabled) {
      looked_at.why = verdict::disabled;
    } else {
      looked_at.state = state(one.id);
      looked_at.cost = cost ? cost(one) : std::nullopt;
      looked_at.why = room_in(one, looked_at.state);
      auto& among = looked_at.why == verdict::chosen ? candidates : passed_over;
      among.push_back({looked_at, place_of(looked_at, policy)});
      continue;
    }
    others.push_back(looked_at);
  }
  if (std::ranges::any_of(candidates, [](const auto& one) { return one.looked_at.state.up; })) {
    for (auto& one : candidates) {
      if (one.looked_at.state.up) continue;
      one.looked_at.why = verdict::down;
      passed_over.push_back(one);
    }
    std::erase_if(candidates, [](const auto& one) { return one.looked_at.why == verdict::down; });
  }
  order(candidates, chance);
  std::vector<consideration> all;
  for (const candidate& one : candidates)
    all.push_back(one.looked_at);
  std::ranges::stable_sort(passed_over, {}, &candidate::place);
  for (candidate& one : passed_over) {
    one.looked_at.turn = static_cast<std::size_t>(
        std::ranges::count_if(candidates, [&](const candidate& other) { return other.place < one.place; }));
    all.push_back(one.looked_at);
  }
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

std::vector<const trunk*> route(const phone_number& number, std::span<const trunk> trunks,
                                const state_lookup& state, const cost_lookup& cost,
                                const routing_policy& policy, std::uint64_t chance) {
  std::vector<const trunk*> ordered;
  for (const consideration& one : consider(number, trunks, state, cost, policy, chance))
    if (one.why == verdict::chosen) ordered.push_back(one.offered);
  return ordered;
}

std::string_view name(criterion value) {
  switch (value) {
    case criterion::priority:
      return "priority";
    case criterion::cost:
      return "cost";
    case criterion::quality:
      return "quality";
  }
  return "priority";
}

std::optional<criterion> criterion_named(std::string_view text) {
  for (const auto value : {criterion::priority, criterion::cost, criterion::quality})
    if (name(value) == text) return value;
  return std::nullopt;
}

std::string_view name(verdict value) {
  switch (value) {
    case verdict::chosen:
      return "chosen";
    case verdict::other_destinations:
      return "other_destinations";
    case verdict::disabled:
      return "disabled";
    case verdict::down:
      return "down";
    case verdict::resting:
      return "resting";
    case verdict::full:
      return "full";
    case verdict::too_fast:
      return "too_fast";
    case verdict::carrier_full:
      return "carrier_full";
    case verdict::carrier_too_fast:
      return "carrier_too_fast";
  }
  return "chosen";
}

}  // namespace tollgate::pstn::trunk
