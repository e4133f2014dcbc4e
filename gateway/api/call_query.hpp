// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: which records of calls are asked for, in a query or in the body of an export.
#pragma once

#include <optional>
#include <string>

#include "billing/cdr_list.hpp"
#include "gateway/api/fields.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::gateway::api {

struct call_query {
  billing::call_filter filter{};
  /// Names that account, carrier and trunk have elsewhere, in place of their ids.
  std::optional<std::string> account_external{}, carrier_external{}, trunk_external{};
};

/// Takes `account_id`, `carrier_id`, `trunk`, `direction`, `number`, `prefix`, `region`, `from`, `until`, `answered`, `sip_code`,
/// `q850_cause`, `reason`, `min_duration_s`, and `account_external_id`, `carrier_external_id`, `trunk_external_id`.
call_query read_call_query(field_reader& fields);

/// Whether a carrier may ask so: of its own calls alone, and by nothing that it is not told of them.
bool is_for_carriers(const call_query& query);

/// With the names looked up; nothing: one of them is nobody's, and no record is found.
std::optional<billing::call_filter> resolve(pqxx::transaction_base& tx, const call_query& query);

}  // namespace tollgate::gateway::api
