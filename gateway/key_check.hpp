// SPDX-License-Identifier: Apache-2.0
// Whether all nodes have the same secret, by a digest of it in the database.
#pragma once

#include <span>
#include <string_view>

namespace pqxx {
class transaction_base;
}

namespace tollgate::gateway {

/// True: the secret is the one that the database is used with; the first that comes under this name is. What is noted is
/// HMAC-SHA-256 (RFC 2104) of the name by the secret.
bool take_up_key(pqxx::transaction_base& tx, std::string_view name, std::span<const unsigned char> secret);

}  // namespace tollgate::gateway
