// SPDX-License-Identifier: Apache-2.0
#include "pstn/number/plan_data.hpp"

#include <algorithm>

#include "pstn/number/digit_pattern.hpp"

namespace tollgate::pstn::number {
namespace {

#include "pstn/number/plan_data.inc"

}  // namespace

std::span<const region_plan> plans_of(int country_code) {
  const auto found = std::ranges::equal_range(region_plans, country_code, {}, &region_plan::country_code);
  return {found.begin(), found.end()};
}

const region_plan* plan_of(std::string_view region) {
  if (region == "001") return nullptr;
  const auto* found = std::ranges::find(region_plans, region, &region_plan::region);
  return found == std::end(region_plans) ? nullptr : found;
}

std::vector<std::string_view> regions() {
  std::vector<std::string_view> all;
  for (const region_plan& plan : region_plans) {
    if (plan.region != "001") all.push_back(plan.region);
  }
  std::ranges::sort(all);
  return all;
}

number_type type_in(const region_plan& plan, std::string_view national) {
  const auto fits = [&](const type_range& range) {
    return national.size() < 32 && (range.lengths >> national.size() & 1U) != 0 &&
           matches(range.pattern, national);
  };
  if (!fits(plan.ranges.front())) return number_type::unknown;
  bool fixed = false;
  bool mobile = false;
  for (const type_range& range : plan.ranges.subspan(1)) {
    if (fixed && range.type != number_type::mobile) continue;
    if (!fits(range)) continue;
    if (range.type == number_type::fixed_line) {
      if (plan.fixed_equals_mobile) return number_type::fixed_or_mobile;
      fixed = true;
    } else if (range.type == number_type::mobile) {
      mobile = true;
    } else {
      return range.type;
    }
  }
  if (fixed && mobile) return number_type::fixed_or_mobile;
  if (fixed) return number_type::fixed_line;
  return mobile ? number_type::mobile : number_type::unknown;
}

}  // namespace tollgate::pstn::number
