// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: the audit log by what is looked for. A page reads about as many lines as it has (migrations/0080_list_filters.sql).
#pragma once

#include <optional>
#include <string>

#include <boost/json/array.hpp>

#include "gateway/api/fields.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::gateway::api {

// What of the log is asked for. All that is given must be so.
struct audit_filter {
  std::optional<uuid> token_id{};
  std::string as{};        // a role
  std::string method{};    // of the operation
  std::string pattern{};   // "/v1/numbers/{}/release", as GET /v1/roles has it
  std::string resource{};  // a path: it, and what is below it
  std::optional<wall_time> from{}, until{};
};

/// Takes `token_id`, `role`, `operation`, `resource`, `from` and `until`.
audit_filter read_audit_filter(field_reader& fields);

struct audit_page {
  int limit = 100;
  std::optional<std::int64_t> cursor{};  ///< an id: older lines than it, newest first
  bool oldest_first = false;             ///< the other way round
};
boost::json::array read_audit(pqxx::transaction_base& tx, const audit_filter& which, const audit_page& page);

}  // namespace tollgate::gateway::api
