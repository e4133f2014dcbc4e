// SPDX-License-Identifier: Apache-2.0
// Call ids: UUID version 7 (RFC 9562 §5.7), so that records sort and partition by the time of the call.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>

namespace tollgate::gateway::call {

// 48 bits of Unix time in milliseconds, the rest random from the operating system.
boost::uuids::uuid make_call_id(std::chrono::system_clock::time_point now);

}  // namespace tollgate::gateway::call
