// SPDX-License-Identifier: Apache-2.0
// Refusals as exit codes and as lines of output.
#pragma once

#include "gateway/overlay/error.hpp"
#include "gateway/peer/exit_code.hpp"
#include "gateway/peer/output.hpp"

namespace tollgate::gateway::peer {

/// cannot_connect for what concerns the connection, login_refused for what concerns the credential, else
/// `otherwise`.
exit_code exit_code_of(const overlay::refusal& why, exit_code otherwise);

/// Reports {"event":"refused","code":...,"text":...} and returns exit_code_of.
exit_code report_refusal(output& out, const overlay::refusal& why, exit_code otherwise);

}  // namespace tollgate::gateway::peer
