// SPDX-License-Identifier: Apache-2.0
#include "process_cost.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace tollgate::bench {

process_cost cost_of(pid_t process) {
  process_cost sum;
  const std::string tasks = "/proc/" + std::to_string(process) + "/task";
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
    process_cost one;  // the first two numbers of schedstat, in ns
    if (std::ifstream(task.path() / "schedstat") >> one.on_processor_ns >> one.waited_ns) {
      sum.on_processor_ns += one.on_processor_ns;
      sum.waited_ns += one.waited_ns;
    }
  }
  if (error || sum.on_processor_ns == 0)
    throw std::runtime_error("cannot read the processor time in " + tasks);
  return sum;
}

}  // namespace tollgate::bench
