// SPDX-License-Identifier: Apache-2.0
// How much of a core the calling thread uses, and by how much its deadlines are missed: what load_policy
// judges.
#pragma once

#include <chrono>

#include "gateway/call/load_policy.hpp"

namespace tollgate::gateway::call {

// Belongs to the thread that it measures.
class load_meter {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  void begin(time_point now);
  // A deadline came so late.
  void note_lag(std::chrono::nanoseconds lag) noexcept;
  // What was measured since the sample before.
  load_sample take(time_point now);

 private:
  static std::chrono::nanoseconds thread_time();

  time_point since_{};
  std::chrono::nanoseconds used_{0};
  std::chrono::nanoseconds least_lag_{0};
  int deadlines_ = 0;
};

}  // namespace tollgate::gateway::call
