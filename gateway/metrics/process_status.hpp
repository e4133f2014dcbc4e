// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of this process (proc(5)). A few short reads of files that lie in memory.
#pragma once

#include <cstdint>
#include <optional>

namespace tollgate::gateway::metrics {

struct process_status {
  std::uint64_t cpu_us = 0;          ///< user and system, of all of its threads
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t open_files = 0, open_files_limit = 0;
  double started_at = 0;             ///< seconds since 1970
};

/// Nothing: /proc is not there.
std::optional<process_status> read_process_status();

}  // namespace tollgate::gateway::metrics
