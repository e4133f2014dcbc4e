// SPDX-License-Identifier: Apache-2.0
// Traces of calls that have ended, in the database, where every node finds them. Functions over a
// transaction.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <optional>
#include <pqxx/transaction_base>
#include <vector>

#include "gateway/trace/call_trace.hpp"

namespace tollgate::gateway::trace {

/// One statement for all of them. A trace that is there already stays as it is.
void save_traces(pqxx::transaction_base& tx, const std::vector<call_trace>& calls);

std::optional<call_trace> find_trace(pqxx::transaction_base& tx, const boost::uuids::uuid& call_id);

/// Removes up to `most` traces of calls that ended before `before`; how many.
int purge_traces(pqxx::transaction_base& tx, wall_time before, int most);

}  // namespace tollgate::gateway::trace
