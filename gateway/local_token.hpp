// SPDX-License-Identifier: Apache-2.0
// A token of the API made by whoever may open the database, without a running gateway: the first one.
#pragma once

#include <optional>
#include <string>

#include <boost/json/object.hpp>

namespace tollgate::gateway {

struct local_token_wish {
  std::string role, label;
  std::string carrier, account;  ///< ids; of the roles that are bound to one
  int expires_in_days = 0;       ///< 0: never
};

/// Whether the role is one, and what it is bound to is there, a UUID, and nothing else.
bool is_possible(const local_token_wish& wish);

/// What the API would have answered, its secret included; the audit log has it as made from "local". Nothing: what it is to be bound to does
/// not exist. The wish must be possible. Throws what libpqxx throws. Blocks.
std::optional<boost::json::object> make_local_token(const std::string& url, const local_token_wish& wish);

}  // namespace tollgate::gateway
