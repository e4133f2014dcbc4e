// SPDX-License-Identifier: Apache-2.0
// Where the pass-phrase comes from: a file, the environment, or the terminal with echo off; never an
// argument.
#pragma once

#include <boost/system/result.hpp>

#include <string>

namespace tollgate::gateway::peer {

/// `file` not empty: its first line; otherwise TOLLGATE_PASSPHRASE; otherwise a prompt on the terminal.
/// Errors: error::no_passphrase (no terminal, or an empty line), error::state_unreadable (the file).
boost::system::result<std::string> obtain_passphrase(const std::string& file, const std::string& name);

/// The PIN that a user chooses: the first line of `file`, or where that is empty a prompt. Errors as above.
boost::system::result<std::string> obtain_pin(const std::string& file);

}  // namespace tollgate::gateway::peer
