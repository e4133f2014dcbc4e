// SPDX-License-Identifier: Apache-2.0
#include "pstn/number/numbering_plan.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "pstn/number/digit_pattern.hpp"
#include "pstn/number/plan_data.hpp"

namespace tollgate::pstn::number {
namespace {

// Satellite telephones, which libphonenumber counts as mobiles (ITU-T E.164 list of assigned codes, and the
// operators' ranges under shared ones): Inmarsat, the global systems (Iridium, Globalstar), EMSAT, Thuraya,
// Australia's.
constexpr std::array<std::string_view, 5> satellite_prefixes{"870", "881", "88213", "88216", "61147"};

// Valid in every mobile telephone of the world, whatever the country (3GPP TS 22.101 §10.1).
constexpr std::array<std::string_view, 2> emergency_everywhere{"112", "911"};

bool is_satellite(std::string_view digits) {
  return std::ranges::any_of(satellite_prefixes,
                             [&](std::string_view prefix) { return digits.starts_with(prefix); });
}

}  // namespace

std::string_view name(number_type type) {
  switch (type) {
    case number_type::unknown:
      return "unknown";
    case number_type::fixed_line:
      return "fixed_line";
    case number_type::mobile:
      return "mobile";
    case number_type::fixed_or_mobile:
      return "fixed_or_mobile";
    case number_type::toll_free:
      return "toll_free";
    case number_type::premium_rate:
      return "premium_rate";
    case number_type::shared_cost:
      return "shared_cost";
    case number_type::satellite:
      return "satellite";
    case number_type::voip:
      return "voip";
    case number_type::personal:
      return "personal";
    case number_type::pager:
      return "pager";
    case number_type::uan:
      return "uan";
    case number_type::voicemail:
      return "voicemail";
  }
  return "unknown";
}

number_class classify(const phone_number& number) {
  const std::string national = number.national();
  const auto plans = plans_of(number.country_code());
  for (const region_plan& plan : plans) {
    const bool led = !plan.leading_digits.empty() && match_start(plan.leading_digits, national).found;
    if (!led && plans.size() > 1 && !plan.leading_digits.empty()) continue;
    const number_type type = type_in(plan, national);
    if (type == number_type::unknown) {
      if (led) return {};
      continue;
    }
    return {plan.region, is_satellite(number.digits()) ? number_type::satellite : type};
  }
  return {};
}

length_verdict length_of(const phone_number& number) {
  std::uint32_t lengths = 0;
  for (const region_plan& plan : plans_of(number.country_code()))
    lengths |= plan.ranges.front().lengths;
  const std::uint32_t own = 1U << number.national().size();
  if (own > lengths) return length_verdict::too_long;
  return (lengths & (own | (own - 1))) == 0 ? length_verdict::too_short : length_verdict::possible;
}

number_type type_of_prefix(std::string_view digits) {
  const auto country = country_code_of_digits(digits);
  if (!country) return number_type::unknown;
  const std::string_view national = digits.substr(std::to_string(*country).size());
  number_type only = number_type::unknown;
  for (const region_plan& plan : plans_of(*country)) {
    if (!plan.leading_digits.empty() && !could_start(plan.leading_digits, national) &&
        !match_start(plan.leading_digits, national).found) {
      continue;
    }
    for (const type_range& range : plan.ranges.subspan(1)) {
      if (range.type == only || !could_start(range.pattern, national)) continue;
      if (only != number_type::unknown) return number_type::unknown;
      only = range.type;
    }
  }
  return is_satellite(digits) && only != number_type::unknown ? number_type::satellite : only;
}

std::optional<int> country_code_of_digits(std::string_view digits) {
  for (std::size_t size = 1; size <= 3 && size <= digits.size(); ++size) {
    int code = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + size, code);
    if (error != std::errc{} || end != digits.data() + size || digits.front() == '0') return std::nullopt;
    if (!plans_of(code).empty()) return code;
  }
  return std::nullopt;
}

std::optional<int> country_code_of_region(std::string_view region) {
  const region_plan* plan = plan_of(region);
  return plan == nullptr ? std::nullopt : std::optional{plan->country_code};
}

std::string_view main_region(int country_code) {
  const auto plans = plans_of(country_code);
  return plans.empty() ? std::string_view{} : plans.front().region;
}

std::string_view region_name(std::string_view region) {
  const region_plan* plan = plan_of(region);
  return plan == nullptr ? std::string_view{} : plan->name;
}

std::string dialled_from(std::string_view region, const phone_number& number) {
  const region_plan* plan = plan_of(region);
  if (plan == nullptr) return number.e164();
  if (plan->country_code == number.country_code())
    return std::string{plan->national_dialling} + number.national();
  return std::string{plan->international_dialling} + number.digits();
}

bool is_emergency(std::string_view region, std::string_view dialled_digits) {
  if (std::ranges::find(emergency_everywhere, dialled_digits) != emergency_everywhere.end()) return true;
  const region_plan* plan = plan_of(region);
  return plan != nullptr && !plan->emergency.empty() && matches(plan->emergency, dialled_digits);
}

bool is_short_code(std::string_view region, std::string_view dialled_digits) {
  const region_plan* plan = plan_of(region);
  return plan != nullptr && !plan->short_code.empty() && matches(plan->short_code, dialled_digits);
}

}  // namespace tollgate::pstn::number
