// SPDX-License-Identifier: Apache-2.0
// The small part of regular expressions in which libphonenumber's metadata is written: digits, \d, [classes],
// groups, alternatives, ?, {n} and {n,m}. Matched in place, without compilation or allocation. Free of IO.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace tollgate::pstn::number {

/// Does the pattern match all of the digits?
bool matches(std::string_view pattern, std::string_view digits);

/// Could the pattern match something that starts with these digits?
bool could_start(std::string_view pattern, std::string_view digits);

/// How much the pattern takes from the start of the digits, with what its (capturing) groups took.
struct leading_match {
  bool found = false;
  std::size_t size = 0;
  std::array<std::string_view, 4> groups{};  // [1] is the first group; empty when it took no part
  std::size_t group_count = 0;               // groups in the pattern
};
leading_match match_start(std::string_view pattern, std::string_view digits);

}  // namespace tollgate::pstn::number
