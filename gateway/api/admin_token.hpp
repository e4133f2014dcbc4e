// SPDX-License-Identifier: Apache-2.0
// Bearer tokens of admins: 256 random bits, kept as their SHA-256.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <boost/uuid/uuid.hpp>

namespace pqxx {
class transaction_base;
}
namespace tollgate::gateway::db {
class database;
}

namespace tollgate::gateway::api {

/// A new token: "tga_" and 43 characters of base64url. From OpenSSL's generator; throws std::runtime_error if
/// that fails.
std::string make_admin_token();

/// Remembers the token (its hash) under a label; the same token again changes nothing.
void store_admin_token(pqxx::transaction_base& tx, const std::string& token, const std::string& label);

/// The id of the token if it is known and not revoked.
std::optional<boost::uuids::uuid> find_admin_token(pqxx::transaction_base& tx, std::string_view token);

/// At start: makes sure that the token in `file` is one that the database knows. Without a file a token is
/// made and written (0600, by rename). A file whose token the database does not know (a new database below an
/// old state directory) is stored. Throws std::runtime_error. Blocks.
void ensure_admin_token(db::database& database, const std::filesystem::path& file);

}  // namespace tollgate::gateway::api
