// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: who a bearer token belongs to, with a short memory.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>

#include "gateway/api/api_token.hpp"
#include "gateway/api/database_access.hpp"

namespace tollgate::gateway::api {

/// The token in an Authorization field ("Bearer …", RFC 6750 §2.1); empty if there is none.
std::string_view bearer_token(std::string_view authorization);

/// Whose work in the database it is (database_access::of_client): an account's, a carrier's, or that of a token and those that took its
/// place.
std::string client_of(const principal& who);

/// Remembers tokens that were found for a few seconds: so long may one be used on another node after it was
/// revoked. While the database is away a token that was good before stays good, so that live calls can be
/// listed, ended and drained.
class token_authority {
 public:
  explicit token_authority(database_access database) : database_(std::move(database)) {}

  /// Nothing: no such token. An error of the database only if nothing is remembered. `client`: whose place in the API's share of the
  /// database it takes to look up a token that was not known before.
  boost::asio::awaitable<boost::system::result<std::optional<principal>>> find(std::string token, std::string client);
  /// Whether find() would know this token without asking the database.
  bool remembers(const std::string& token) const;
  /// Tokens were revoked here: all are looked up again.
  void forget() {
    known_.clear();
    ++forgotten_;
  }

 private:
  struct remembered {
    api_token token;
    std::chrono::steady_clock::time_point at;
  };
  const remembered* recall(const std::string& key) const;

  const database_access database_;
  std::map<std::string, remembered> known_;  // by the hash of the token
  unsigned forgotten_ = 0;                   // times: what was looked up before is not remembered after
};

}  // namespace tollgate::gateway::api
