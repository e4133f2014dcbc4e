// SPDX-License-Identifier: Apache-2.0
// read_number: what a person types, as libphonenumber reads it (international prefix, trunk prefix with its
// captures, a country code without plus), and the reason when it cannot be called.
#include <algorithm>
#include <array>
#include <optional>

#include "pstn/number/dial_policy.hpp"
#include "pstn/number/digit_pattern.hpp"
#include "pstn/number/plan_data.hpp"

namespace tollgate::pstn::number {
namespace {

using boost::system::result;

constexpr std::size_t most_text_bytes = 128;

// Characters beyond ASCII that come along when a number is copied from a page: spaces, dashes, direction
// marks, U+FF0B is the wide plus.
constexpr std::array<std::string_view, 20> skipped_sequences{
    "\u00A0", "\u00AD", "\u2002", "\u2003", "\u2009", "\u200B", "\u200E", "\u200F", "\u2010", "\u2011",
    "\u2012", "\u2013", "\u2014", "\u202A", "\u202C", "\u202D", "\u202F", "\u2060", "\u2212", "\uFEFF"};
constexpr std::string_view wide_plus = "\uFF0B";
constexpr std::string_view skipped_characters = " \t\r\n-./()";

struct typed_number {
  bool plus = false;
  std::string digits;
};

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

result<typed_number> strip(std::string_view text) {
  typed_number typed;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    const auto skipped = std::ranges::find_if(skipped_sequences, [&](auto s) { return rest.starts_with(s); });
    if (skipped != skipped_sequences.end()) {
      i += skipped->size();
    } else if (rest.front() == '+' || rest.starts_with(wide_plus)) {
      if (typed.plus || !typed.digits.empty()) return dial_error::malformed;
      typed.plus = true;
      i += rest.front() == '+' ? 1 : wide_plus.size();
    } else if (rest.front() >= '0' && rest.front() <= '9') {
      typed.digits += rest.front();
      ++i;
    } else if (skipped_characters.find(rest.front()) != skipped_characters.npos) {
      ++i;
    } else {
      const bool service = rest.front() == '*' || rest.front() == '#';
      return service ? dial_error::short_code : dial_error::malformed;
    }
  }
  if (typed.digits.empty()) return typed.plus ? dial_error::too_short : dial_error::empty;
  return typed;
}

// RFC 3966 §3: "tel:" number *( ";" parameter ). A global phone-context goes before a local number; an
// extension or a subaddress cannot be dialled from outside.
result<typed_number> strip_uri(std::string_view uri) {
  const std::size_t end = std::min(uri.find(';'), uri.size());
  auto typed = strip(uri.substr(0, end));
  if (typed.has_error()) return typed;
  for (std::string_view rest = uri.substr(end); !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view parameter = rest.substr(0, rest.find(';'));
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string_view key = parameter.substr(0, equals);
    if (equal_ignoring_case(key, "ext") || equal_ignoring_case(key, "isub")) return dial_error::malformed;
    if (equal_ignoring_case(key, "phone-context") && parameter.substr(equals).starts_with("=+") &&
        !typed->plus) {
      auto context = strip(parameter.substr(equals + 1));
      if (context.has_error()) return context;
      typed->plus = true;
      typed->digits.insert(0, context->digits);
    }
    rest.remove_prefix(parameter.size());
  }
  return typed;
}

result<typed_number> strip_text(std::string_view text) {
  if (text.size() > most_text_bytes) return dial_error::too_long;
  while (!text.empty() && skipped_characters.find(text.front()) != skipped_characters.npos &&
         text.front() != '(') {
    text.remove_prefix(1);
  }
  const bool uri = text.size() >= 4 && equal_ignoring_case(text.substr(0, 4), "tel:");
  return uri ? strip_uri(text.substr(4)) : strip(text);
}

bool in_general(const region_plan& plan, std::string_view national) {
  return matches(plan.ranges.front().pattern, national);
}

bool possible_length(const region_plan& plan, std::size_t size) {
  return size < 32 && (plan.ranges.front().lengths >> size & 1U) != 0;
}

// The transform's "\1" and the like filled in.
std::string fill(std::string_view transform, const leading_match& match) {
  std::string filled;
  for (std::size_t i = 0; i < transform.size(); ++i) {
    if (transform[i] == '\\' && i + 1 < transform.size()) {
      const auto group = static_cast<std::size_t>(transform[++i] - '0');
      if (group < match.groups.size()) filled += match.groups[group];
    } else {
      filled += transform[i];
    }
  }
  return filled;
}

// The number without its trunk prefix, if it has one and is as good a number without it.
std::string without_trunk_prefix(const region_plan& plan, const std::string& digits) {
  if (plan.national_prefix.empty()) return digits;
  const leading_match match = match_start(plan.national_prefix, digits);
  if (!match.found) return digits;
  const bool captured = match.group_count > 0 && match.group_count < match.groups.size() &&
                        !match.groups[match.group_count].empty();
  std::string rest = digits.substr(match.size);
  if (captured && !plan.national_transform.empty()) rest.insert(0, fill(plan.national_transform, match));
  if (in_general(plan, digits) && !in_general(plan, rest)) return digits;
  return rest;
}

// What is kept of it: libphonenumber takes the prefix off only when what remains has a possible length.
std::string national_number(const region_plan& plan, const std::string& digits) {
  std::string shorter = without_trunk_prefix(plan, digits);
  return possible_length(plan, shorter.size()) ? shorter : digits;
}

dial_error refusal_of(const phone_number& number) {
  switch (length_of(number)) {
    case length_verdict::too_short:
      return dial_error::too_short;
    case length_verdict::too_long:
      return dial_error::too_long;
    case length_verdict::possible:
      break;
  }
  const std::string digits = number.digits();
  const std::size_t told_by = std::to_string(number.country_code()).size() + 3;
  switch (type_of_prefix(std::string_view{digits}.substr(0, told_by))) {
    case number_type::premium_rate:
      return dial_error::premium_rate;
    case number_type::shared_cost:
      return dial_error::shared_cost;
    default:
      return dial_error::not_in_numbering_plan;
  }
}

result<dialled_number> finish(int country_code, const std::string& national, plan_check check) {
  const auto number = phone_number::parse("+" + std::to_string(country_code) + national);
  if (number.has_error()) return number.error();
  const number_class found = classify(*number);
  const bool listed = found.type != number_type::unknown;
  if (!listed && (check == plan_check::listed || length_of(*number) != length_verdict::possible))
    return refusal_of(*number);
  const std::string_view region = listed ? found.region : main_region(country_code);
  return dialled_number{*number, std::string{region}, found.type};
}

// Digits with their country code, after a plus or an international prefix.
result<dialled_number> read_international(const std::string& digits, plan_check check) {
  const auto country = country_code_of_digits(digits);
  if (!country) return dial_error::unknown_country_code;
  const std::string rest = digits.substr(std::to_string(*country).size());
  const region_plan& plan = plans_of(*country).front();
  if (is_emergency(plan.region, rest)) return dial_error::emergency;
  auto read = finish(*country, national_number(plan, rest), check);
  if (read.has_error() && is_short_code(plan.region, rest)) return dial_error::short_code;
  return read;
}

// "011" or "00" and what follows it; a zero after it makes it something else.
std::optional<std::string> after_international_prefix(std::string_view pattern, const std::string& digits) {
  if (pattern.empty()) return std::nullopt;
  const leading_match match = match_start(pattern, digits);
  if (!match.found || match.size >= digits.size() || digits[match.size] == '0') return std::nullopt;
  return digits.substr(match.size);
}

result<dialled_number> read_national(const region_plan& plan, const std::string& digits, plan_check check) {
  const std::string own_code = std::to_string(plan.country_code);
  if (digits.starts_with(own_code)) {  // the country code without its plus
    const std::string rest = national_number(plan, digits.substr(own_code.size()));
    const bool longer = digits.size() < 32 && plan.ranges.front().lengths < 1U << digits.size();
    if ((!in_general(plan, digits) && in_general(plan, rest)) || longer)
      return finish(plan.country_code, rest, check);
  }
  auto read = finish(plan.country_code, national_number(plan, digits), check);
  if (read.has_value()) return read;
  if (is_short_code(plan.region, digits)) return dial_error::short_code;
  if (const auto beyond = after_international_prefix("00", digits)) {
    // Many write 00 for the plus, also where another prefix is dialled.
    if (auto abroad = read_international(*beyond, check); abroad.has_value()) return abroad;
  }
  return read;
}

}  // namespace

result<dialled_number> read_number(std::string_view text, std::string_view region, plan_check check) {
  const auto typed = strip_text(text);
  if (typed.has_error()) return typed.error();
  if (typed->digits.size() > 2 * phone_number::most_digits) return dial_error::too_long;
  if (is_emergency(region, typed->digits)) return dial_error::emergency;
  const region_plan* plan = plan_of(region);
  if (typed->plus) return read_international(typed->digits, check);
  const auto beyond =
      after_international_prefix(plan == nullptr ? "00" : plan->international_prefix, typed->digits);
  if (beyond) return read_international(*beyond, check);
  return plan == nullptr ? read_international(typed->digits, check)
                         : read_national(*plan, typed->digits, check);
}

std::optional<std::string> dialled_emergency(std::string_view text, std::string_view region) {
  const auto typed = strip_text(text);
  if (typed.has_error() || !is_emergency(region, typed->digits)) return std::nullopt;
  return typed->digits;
}

}  // namespace tollgate::pstn::number
