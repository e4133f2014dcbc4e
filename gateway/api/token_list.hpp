// SPDX-License-Identifier: Apache-2.0
// Lists of tokens, and what is told of one.
#pragma once

#include <optional>
#include <vector>

#include <boost/json/object.hpp>

#include "gateway/api/api_token.hpp"

namespace tollgate::gateway::api {

struct token_filter {
  std::optional<role> as;
  std::optional<boost::uuids::uuid> account_id;
};

struct token_page {
  int limit = 100;
  std::optional<boost::uuids::uuid> cursor;  ///< a token: those beyond it in the order of the page
  bool oldest_first = false;                 ///< the other way round: newest first
};

/// Of the role and the account that are given; where neither is, those of subscribers are left out.
std::vector<api_token> list_tokens(pqxx::transaction_base& tx, const token_filter& which, const token_page& page);

/// All but its secret.
boost::json::object to_json(const api_token& token);

}  // namespace tollgate::gateway::api
