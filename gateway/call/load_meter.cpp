// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/load_meter.hpp"

#include <time.h>

#include <algorithm>

namespace tollgate::gateway::call {

namespace {

constexpr int deadlines_needed = 4;  // fewer say nothing of a standing queue

}  // namespace

std::chrono::nanoseconds load_meter::thread_time() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

void load_meter::begin(time_point now) {
  since_ = now;
  used_ = thread_time();
  deadlines_ = 0;
}

void load_meter::note_lag(std::chrono::nanoseconds lag) noexcept {
  least_lag_ = deadlines_ == 0 ? lag : std::min(least_lag_, lag);
  ++deadlines_;
}

load_sample load_meter::take(time_point now) {
  const auto before = used_;
  const std::chrono::duration<double> passed = now - since_;
  const int deadlines = deadlines_;
  begin(now);
  load_sample sample;
  if (passed.count() > 0)
    sample.cpu_share = std::chrono::duration<double>(used_ - before).count() / passed.count();
  if (deadlines >= deadlines_needed) sample.standing_lag = std::max(least_lag_, std::chrono::nanoseconds(0));
  return sample;
}

}  // namespace tollgate::gateway::call
