// SPDX-License-Identifier: Apache-2.0
// tollgate-peer: the bundled reference peer.
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <variant>

#include "gateway/peer/application.hpp"
#include "gateway/peer/command_line.hpp"

int main(int argument_count, char** arguments) {
  using namespace tollgate::gateway::peer;
  std::signal(SIGPIPE, SIG_IGN);
  const auto parsed = parse_command_line(argument_count, arguments);
  if (const auto* code = std::get_if<exit_code>(&parsed)) return static_cast<int>(*code);
  return static_cast<int>(run(std::get<command_line>(parsed), std::cout, isatty(STDOUT_FILENO) == 1));
}
