// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/token_steps.hpp"

#include <string>

#include <boost/uuid/uuid_io.hpp>
#include <pqxx/result>
#include <pqxx/transaction_base>

namespace tollgate::gateway::api {

using boost::uuids::to_string;

locked_token lock_token(pqxx::transaction_base& tx, const uuid& token_id) {
  const std::string id = to_string(token_id);
  // In the order of those who end all tokens of a subscriber: its row first.
  tx.exec_params("SELECT FROM gateway.subscriber WHERE account_id = (SELECT account_id FROM gateway.api_token WHERE token_id = $1) FOR SHARE", id);
  const auto rows = tx.exec_params("SELECT rotated_at IS NOT NULL FROM gateway.api_token WHERE token_id = $1 FOR UPDATE", id);
  if (rows.empty()) return {};
  return {find_token(tx, token_id), rows[0][0].as<bool>()};
}

void note_rotation(pqxx::transaction_base& tx, const uuid& old_id, const uuid& new_id) {
  tx.exec_params("UPDATE gateway.api_token SET rotated_at = now() WHERE token_id = $1", to_string(old_id));
  tx.exec_params(
      "UPDATE gateway.api_token SET is_session = (SELECT is_session FROM gateway.api_token WHERE token_id = $1) WHERE token_id = $2",
      to_string(old_id), to_string(new_id));
}

void note_session(pqxx::transaction_base& tx, const uuid& token_id) {
  tx.exec_params("UPDATE gateway.api_token SET is_session = true WHERE token_id = $1", to_string(token_id));
}

std::size_t keep_newest_sessions(pqxx::transaction_base& tx, const uuid& account_id, int most) {
  return tx.exec_params(R"(
      UPDATE gateway.api_token SET revoked_at = now() WHERE token_id IN (
        SELECT token_id FROM gateway.api_token
        WHERE account_id = $1 AND is_session AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
        ORDER BY created_at DESC, token_id DESC OFFSET $2))",
                        to_string(account_id), most)
      .affected_rows();
}

void revoke_other_tokens(pqxx::transaction_base& tx, const uuid& account_id, const std::optional<uuid>& kept) {
  tx.exec_params(
      "UPDATE gateway.api_token SET revoked_at = now() WHERE account_id = $1 AND revoked_at IS NULL AND ($2 = '' OR token_id <> nullif($2, '')::uuid)",
      to_string(account_id), kept ? to_string(*kept) : std::string());
}

}  // namespace tollgate::gateway::api
