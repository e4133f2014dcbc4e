// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: what the resources work with.
#pragma once

#include <cstddef>
#include <map>
#include <memory>

#include <boost/asio/thread_pool.hpp>
#include <boost/uuid/uuid.hpp>

#include "gateway/api/authority.hpp"
#include "gateway/api/body_budget.hpp"
#include "gateway/api/database_access.hpp"
#include "gateway/api/login_access.hpp"
#include "gateway/api/operations.hpp"
#include "gateway/api/rate_limiter.hpp"
#include "gateway/api/server.hpp"

namespace tollgate::gateway::api {

class api_figures;
class shared_reads;

/// Who has how many streams open: an account, a carrier, or else a token's family.
struct stream_places {
  std::size_t taken = 0;
  std::size_t of_others = 0;  ///< of subscribers and carriers
  std::map<uuid, std::size_t> by_owner{};
};

struct services {
  const server_options& options;
  database_access database;
  subscriber::passphrase_hasher& hasher;
  operations& gateway;
  token_authority& authority;
  login_access logins;
  std::shared_ptr<stream_places> streams = std::make_shared<stream_places>();
  shared_reads* shared = nullptr;  ///< null: all is read in `database`, inside of its transaction
  api_figures* figures = nullptr;  ///< null: nothing is counted
};

/// How often whom is served, and what is too much work for the thread of the connections: of one server, for all of its
/// connections.
struct shared_desk {
  explicit shared_desk(const server_options& options)
      : by_token(options.requests_per_minute),
        by_address(options.open_requests_per_minute),
        large_bodies(4 * options.body_limit_bytes, options.body_limit_bytes) {}
  rate_limiter by_token, by_address;  ///< the latter: of requests without a token that is good
  body_budget large_bodies;           ///< by account, or token
  boost::asio::thread_pool compressor{1};
  boost::asio::thread_pool canceller{1};  ///< tells PostgreSQL what nobody waits for
};

}  // namespace tollgate::gateway::api
