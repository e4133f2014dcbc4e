// SPDX-License-Identifier: Apache-2.0
// `tollgate completion bash|zsh`: a script for the shell, made of the command line's own declarations.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace tollgate::gateway {

/// Prints the script; the shell is told of it by `source <(tollgate completion bash)`.
int command_completion(const CLI::App& app, const std::string& shell);

}  // namespace tollgate::gateway
