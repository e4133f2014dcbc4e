// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: a CDR as JSON, in answers and in the lines of an export. Free of IO.
#pragma once

#include <boost/json/object.hpp>

#include "billing/cdr.hpp"
#include "gateway/api/access.hpp"

namespace tollgate::gateway::api {

boost::json::object to_json(const billing::call_record& record);
/// Of these, what a reader of that role may know: a subscriber learns nothing of carriers and costs, a
/// carrier nothing of subscribers and prices.
boost::json::object to_json(const billing::call_record& record, role reader);

}  // namespace tollgate::gateway::api
