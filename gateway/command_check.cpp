// SPDX-License-Identifier: Apache-2.0
// `tollgate check`: everything that is wrong with the configuration, with its place.
#include <iostream>

#include "gateway/command.hpp"

namespace tollgate::gateway {

int command_check(const std::optional<std::filesystem::path>& file, bool print) {
  const configuration_reading reading = read_configuration(file, process_environment());
  for (const configuration_problem& each : reading.problems)
    std::cerr << each.where << ": " << each.text << "\n";
  if (!reading.problems.empty()) return exit_usage;
  if (print)
    std::cout << print_configuration(reading.value);
  else
    std::cout << (file ? file->string() : "defaults and environment") << ": good\n";
  return exit_done;
}

}  // namespace tollgate::gateway
