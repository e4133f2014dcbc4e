// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: what the resources work with.
#pragma once

#include "gateway/api/authority.hpp"
#include "gateway/api/operations.hpp"
#include "gateway/api/server.hpp"

namespace tollgate::gateway::api {

struct services {
  const server_options& options;
  db::database& database;
  subscriber::passphrase_hasher& hasher;
  operations& gateway;
  token_authority& authority;
  subscriber::login_desk& logins;
};

}  // namespace tollgate::gateway::api
