// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: a rate as JSON. Free of IO.
#pragma once

#include <boost/json/object.hpp>

#include "billing/rate.hpp"
#include "gateway/api/fields.hpp"

namespace tollgate::gateway::api {

/// What a call costs by this rate, without its prefix.
inline boost::json::object rate_json(const billing::rate& terms) {
  boost::json::object out{{"destination", terms.destination},
                          {"initial_increment_s", terms.initial_increment.count()},
                          {"next_increment_s", terms.next_increment.count()},
                          {"free_start_s", terms.free_start.count()},
                          {"included_s", terms.included.count()}};
  put_money(out, "price_per_minute", terms.price_per_minute);
  put_money(out, "connection_fee", terms.connection_fee);
  return out;
}

}  // namespace tollgate::gateway::api
