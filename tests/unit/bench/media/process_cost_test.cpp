// SPDX-License-Identifier: Apache-2.0
// The kernel's account of a process, against the process's own clock.
#include "process_cost.hpp"

#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace tollgate::bench {
namespace {

std::int64_t own_ns() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void work_for(std::int64_t ns) {
  for (const std::int64_t until = own_ns() + ns; own_ns() < until;) {
  }
}

TEST(ProcessCost, IsTheProcessorTimeOfAllThreads) {
  constexpr std::int64_t worked_ns = 200'000'000, tick_ns = 20'000'000;  // the account lags by a tick
  std::atomic<bool> counted = false;
  work_for(2 * tick_ns);  // there is no account of a process that has just begun
  const process_cost before = cost_of(getpid());
  const std::int64_t own_before = own_ns();
  std::thread other([&counted] {
    work_for(worked_ns);
    while (!counted)  // a thread that has ended is not seen any more
      std::this_thread::yield();
  });
  work_for(worked_ns / 2);
  while (own_ns() < own_before + worked_ns)
    std::this_thread::yield();
  const process_cost spent = cost_of(getpid()) - before;
  const std::int64_t own = own_ns() - own_before;
  counted = true;
  other.join();
  EXPECT_GE(spent.on_processor_ns, worked_ns - 2 * tick_ns);
  EXPECT_LE(spent.on_processor_ns, own + 2 * tick_ns);
  EXPECT_GE(spent.waited_ns, 0);
}

TEST(ProcessCost, OfNobodyIsAnError) {
  EXPECT_THROW(cost_of(0x3fffffff), std::runtime_error);
}

}  // namespace
}  // namespace tollgate::bench
