// SPDX-License-Identifier: Apache-2.0
// `tollgate token create|list|rotate|revoke`: who may use the API of a running gateway, over that API; a first one without it.
#pragma once

#include <string>

#include "gateway/command.hpp"

namespace tollgate::gateway {

struct new_token_options {
  std::string role, label;
  std::string carrier, account;  ///< ids; of the roles that are bound to one
  int expires_in_days = 0;       ///< 0: never
  bool local = false;            ///< by the database itself, of which the configuration tells: without a gateway and a token
};

struct listed_token_options {
  std::string role, account;  ///< empty: all, but those of subscribers
};

/// Prints the secret on standard output, alone, so that it can go into a file; the rest on standard error.
int command_token_create(const configuration& settings, const remote_options& remote,
                         const new_token_options& wanted);
int command_token_list(const configuration& settings, const remote_options& remote, const listed_token_options& which);
int command_token_rotate(const configuration& settings, const remote_options& remote,
                         const std::string& token_id, int overlap_s);
int command_token_revoke(const configuration& settings, const remote_options& remote,
                         const std::string& token_id);

}  // namespace tollgate::gateway
