// SPDX-License-Identifier: Apache-2.0
#include "process_cost.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace tollgate::bench {

std::int64_t process_cpu_ns(pid_t process) {
  std::int64_t sum = 0;
  const std::string tasks = "/proc/" + std::to_string(process) + "/task";
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
    std::int64_t on_processor = 0;  // the first number of schedstat, in ns
    if (std::ifstream(task.path() / "schedstat") >> on_processor) sum += on_processor;
  }
  if (error || sum == 0) throw std::runtime_error("cannot read the processor time in " + tasks);
  return sum;
}

}  // namespace tollgate::bench
