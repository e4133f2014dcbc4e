// SPDX-License-Identifier: Apache-2.0
// What is fuzzed: a parser with examples of what it reads.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::fuzz {

struct target {
  const char* name;
  std::vector<std::string> examples;
  /// Whether the input was taken for good: such inputs are mutated further. Throws `broken` when what was
  /// made of it contradicts itself; anything else that it throws is a fault, too.
  std::function<bool(std::string_view)> read;
};

struct broken : std::logic_error {
  using std::logic_error::logic_error;
};

inline void insist(bool holds, const char* what) {
  if (!holds) throw broken(what);
}

std::vector<target> money_targets();
std::vector<target> overlay_targets();
std::vector<target> sip_targets();
std::vector<target> telephony_targets();
std::vector<target> trace_targets();

}  // namespace tollgate::fuzz
