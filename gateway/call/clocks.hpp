// SPDX-License-Identifier: Apache-2.0
// The two clocks as a collaborator: the composition root reads the real ones, tests hand in their own.
#pragma once

#include <chrono>
#include <functional>

namespace tollgate::gateway::call {

struct clocks {
  std::function<std::chrono::steady_clock::time_point()> steady;  // durations: never set back
  std::function<std::chrono::system_clock::time_point()> wall;    // UTC, for records and tokens
};

}  // namespace tollgate::gateway::call
