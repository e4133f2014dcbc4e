// SPDX-License-Identifier: Apache-2.0
// What a process has cost so far, seen from outside (proc(5)).
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace tollgate::bench {

// Time on a processor of all threads, user and system, in ns. Throws std::runtime_error when the process is
// not there.
std::int64_t process_cpu_ns(pid_t process);

}  // namespace tollgate::bench
