// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: dial policies as JSON. Free of IO.
#pragma once

#include <boost/json/object.hpp>

#include "gateway/subscriber/calling_policy.hpp"
#include "pstn/number/dial_policy.hpp"

namespace tollgate::gateway::api {

/// What an account may call beyond or below everybody else; null: as everybody.
boost::json::object policy_json(const subscriber::calling_policy& policy);
/// What everybody may call.
boost::json::object policy_json(const pstn::number::dial_policy& policy);

}  // namespace tollgate::gateway::api
