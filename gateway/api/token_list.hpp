// SPDX-License-Identifier: Apache-2.0
// Tokens of one role or one account, and what is told of a token.
#pragma once

#include <optional>
#include <vector>

#include <boost/json/object.hpp>

#include "gateway/api/api_token.hpp"

namespace tollgate::gateway::api {

struct token_filter {
  std::optional<role> as;
  std::optional<boost::uuids::uuid> account_id;
  bool is_empty() const { return !as && !account_id; }
};

/// As list_tokens of the same name, of those alone; subscribers' are not left out.
std::vector<api_token> list_tokens(pqxx::transaction_base& tx, int limit, const std::optional<boost::uuids::uuid>& before,
                                   const token_filter& which);

/// All but its secret.
boost::json::object to_json(const api_token& token);

}  // namespace tollgate::gateway::api
