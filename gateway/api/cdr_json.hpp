// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: a CDR as JSON, in answers and in the lines of an export. Free of IO.
#pragma once

#include <boost/json/object.hpp>

#include "billing/cdr.hpp"

namespace tollgate::gateway::api {

boost::json::object to_json(const billing::call_record& record);

}  // namespace tollgate::gateway::api
