// SPDX-License-Identifier: Apache-2.0
// Bearer tokens of the API: 256 random bits, kept as their SHA-256, so that a look-up compares nothing
// secret.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/uuid/uuid.hpp>

#include "gateway/api/access.hpp"

namespace pqxx {
class transaction_base;
}
namespace tollgate::gateway::db {
class database;
}

namespace tollgate::gateway::api {

/// A token without its secret.
struct api_token {
  using time_point = std::chrono::system_clock::time_point;
  principal of;
  std::string label;
  time_point created_at{};  ///< by the database
  std::optional<time_point> expires_at, revoked_at;
};

/// A new secret: "tga_" and 43 characters of base64url. From OpenSSL's generator; throws std::runtime_error
/// if that fails.
std::string make_token();

/// Remembers the secret's hash for `wanted`, whose id is made here unless one is given: that takes the place of a token of
/// this id, whose secret nobody was told. Nothing: the carrier or the account that
/// it is bound to does not exist. The same secret again changes nothing.
std::optional<api_token> store_token(pqxx::transaction_base& tx, const std::string& secret,
                                     const api_token& wanted, const std::optional<boost::uuids::uuid>& id = {});

/// Whose secret it is, if it is known, neither revoked nor expired, and its subscriber is active.
std::optional<api_token> find_token(pqxx::transaction_base& tx, std::string_view secret);

std::optional<api_token> find_token(pqxx::transaction_base& tx, const boost::uuids::uuid& token_id);
/// Ends a token now, or after `grace` if it would last longer. Nothing: there is none. Idempotent.
std::optional<api_token> revoke_token(pqxx::transaction_base& tx, const boost::uuids::uuid& token_id,
                                      std::chrono::seconds grace = std::chrono::seconds(0));
/// Ends all of a subscriber's.
void revoke_tokens_of(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id);
/// Removes subscribers' tokens that ended a day ago or earlier.
void remove_old_sessions(pqxx::transaction_base& tx);

/// At start: makes sure that the admin token in `file` is one that the database knows. Without a file a token
/// is made and written (0600, by rename). A file whose token the database does not know (a new database below
/// an old state directory) is stored. Throws std::runtime_error. Blocks.
void ensure_admin_token(db::database& database, const std::filesystem::path& file);

}  // namespace tollgate::gateway::api
