// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: from one token to the next, and which of a subscriber's go on. Each is part of the caller's transaction.
#pragma once

#include <cstddef>
#include <optional>

#include <boost/uuid/uuid.hpp>

#include "gateway/api/api_token.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::gateway::api {

using boost::uuids::uuid;

struct locked_token {
  std::optional<api_token> token;  ///< nothing: there is none
  bool is_rotated = false;         ///< another has taken its place
};

/// Nobody else ends or rotates it before the transaction is over, neither by its id nor with all of its subscriber's.
locked_token lock_token(pqxx::transaction_base& tx, const uuid& token_id);
/// The second has taken the first one's place.
void note_rotation(pqxx::transaction_base& tx, const uuid& old_id, const uuid& new_id);
/// It was made by a subscriber's pass-phrase.
void note_session(pqxx::transaction_base& tx, const uuid& token_id);
/// Of a subscriber's sessions the newest so many go on, the others end. How many did.
std::size_t keep_newest_sessions(pqxx::transaction_base& tx, const uuid& account_id, int most);
/// Ends all of a subscriber's tokens but for `kept`.
void revoke_other_tokens(pqxx::transaction_base& tx, const uuid& account_id, const std::optional<uuid>& kept);

}  // namespace tollgate::gateway::api
