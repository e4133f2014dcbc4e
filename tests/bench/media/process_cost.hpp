// SPDX-License-Identifier: Apache-2.0
// What a process has cost so far, seen from outside (proc(5)).
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace tollgate::bench {

struct process_cost {
  std::int64_t on_processor_ns = 0;  // user and system
  std::int64_t waited_ns = 0;  // ready to run, but another process, or another virtual machine, had the core

  process_cost operator-(const process_cost& before) const noexcept {
    return {on_processor_ns - before.on_processor_ns, waited_ns - before.waited_ns};
  }
};

// Of all its threads. Throws std::runtime_error when the process is not there.
process_cost cost_of(pid_t process);

}  // namespace tollgate::bench
