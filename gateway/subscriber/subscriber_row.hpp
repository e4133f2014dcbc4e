// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/subscriber: reading rows of gateway.subscriber.
#pragma once

#include "gateway/subscriber/subscriber_store.hpp"

namespace pqxx {
class row;
}

namespace tollgate::gateway::subscriber {

inline constexpr const char* record_columns =
    "account_id, name, region, display_name, status, ring_timeout_s, credential_generation, "
    "(extract(epoch FROM created_at) * 1000000)::bigint AS created_micros";

/// From a row of record_columns.
subscriber_record record_of(const pqxx::row& row);

}  // namespace tollgate::gateway::subscriber
