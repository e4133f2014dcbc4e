// SPDX-License-Identifier: Apache-2.0
// Composition root of tollgate-peer: makes the event loop and the output, runs the chosen command.
#pragma once

#include <iosfwd>

#include "gateway/peer/command_line.hpp"
#include "gateway/peer/exit_code.hpp"

namespace tollgate::gateway::peer {

/// Runs the command to its end. `terminal`: the stream is one, so that a live line may be redrawn.
exit_code run(const command_line& line, std::ostream& stream, bool terminal);

}  // namespace tollgate::gateway::peer
