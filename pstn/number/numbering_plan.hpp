// SPDX-License-Identifier: Apache-2.0
// The world's numbering plans: which country and what kind of line a number is. Data in plan_data.inc, made
// by make_plan_data.py from libphonenumber's metadata, and read with the same rules as libphonenumber. Free
// of IO.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/number/phone_number.hpp"

namespace tollgate::pstn::number {

enum class number_type : std::uint8_t {
  unknown,  // in no range that the plan lists
  fixed_line,
  mobile,
  fixed_or_mobile,  // the plan does not tell them apart (NANP)
  toll_free,
  premium_rate,
  shared_cost,
  satellite,
  voip,
  personal,
  pager,
  uan,  // universal access number, one number for a company
  voicemail,
};

/// "fixed_line", "premium_rate", ...
std::string_view name(number_type type);

/// What the plan says of one number.
struct number_class {
  std::string_view
      region;  // ISO 3166-1 alpha-2 ("GB"), "001" for codes of no country (+800), empty if in no plan
  number_type type = number_type::unknown;
};

/// Region and type. Type unknown means: not a number of the plan (never in service, as far as the data goes).
number_class classify(const phone_number& number);

/// Does any range of the number's country hold a number of this length? Tells too_short and too_long from a
/// wrong number.
enum class length_verdict : std::uint8_t { possible, too_short, too_long };
length_verdict length_of(const phone_number& number);

/// The type whose ranges alone can start with these digits (country code first); unknown when several or none
/// could. It lets an incomplete or unassigned number still be told "premium rate".
number_type type_of_prefix(std::string_view digits);

/// The country code that these digits (no plus) start with; nothing if none is assigned.
std::optional<int> country_code_of_digits(std::string_view digits);

/// 44 for "GB"; nothing for an unknown region. Region codes are upper case.
std::optional<int> country_code_of_region(std::string_view region);

/// "GB" for 44: the region that the code mainly belongs to; "001" for a code of no country; empty if
/// unassigned.
std::string_view main_region(int country_code);

/// English name, "United Kingdom"; empty for an unknown region.
std::string_view region_name(std::string_view region);

/// How the number is dialled inside the region: "02079460958" in "GB", "00442079460958" in "FR",
/// "011442079460958" in "US"; with a plus where the region is unknown.
std::string dialled_from(std::string_view region, const phone_number& number);

/// All regions (ISO codes), in alphabetical order.
std::vector<std::string_view> regions();

/// Is that, dialled inside the region, an emergency number? 112 and 911 are everywhere (3GPP TS 22.101
/// §10.1).
bool is_emergency(std::string_view region, std::string_view dialled_digits);

/// Is that, dialled inside the region, a short number (directory, police line, carrier service, ...)?
bool is_short_code(std::string_view region, std::string_view dialled_digits);

}  // namespace tollgate::pstn::number
