// SPDX-License-Identifier: Apache-2.0
// The rows of plan_data.inc, for the sources of this folder.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "pstn/number/numbering_plan.hpp"

namespace tollgate::pstn::number {

/// Numbers of one kind: the national number matches `pattern` and has one of the lengths (bit n: n digits).
struct type_range {
  number_type type;
  std::uint32_t lengths;
  std::string_view pattern;
};

/// One region under one country code. ranges[0] is the general description that every number of the region
/// fits.
struct region_plan {
  std::string_view region;
  std::string_view name;
  int country_code;
  bool main;                 // the region that the country code mainly belongs to
  bool fixed_equals_mobile;  // the plan does not tell them apart
  std::span<const type_range> ranges;
  std::string_view international_dialling;  // what is dialled to get abroad: "00", "011", "0011"
  std::string_view national_dialling;       // what is dialled before a national number: "0", "1", nothing
  std::string_view international_prefix;    // pattern: "00", "011", ...
  std::string_view national_prefix;     // pattern of what is dialled before the national number, may capture
  std::string_view national_transform;  // how a captured number is completed: "268\1"; empty: drop the prefix
  std::string_view leading_digits;      // pattern that alone tells this region from others of the same code
  std::string_view emergency;           // patterns of what is dialled inside the region
  std::string_view short_code;
};

/// All regions of one country code, in the order in which they are to be asked; empty if unassigned.
std::span<const region_plan> plans_of(int country_code);

/// The plan of an ISO region; null for an unknown one. "001" is none.
const region_plan* plan_of(std::string_view region);

/// What kind of number the national number is in that region; unknown: none of it.
number_type type_in(const region_plan& plan, std::string_view national);

}  // namespace tollgate::pstn::number
