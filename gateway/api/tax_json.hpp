// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: tax as JSON. Free of IO.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "billing/tax.hpp"

namespace tollgate::gateway::api {

/// {"country", "name", "percent": "19.00", "included", "net", "tax"} with both amounts as put_money gives
/// them.
boost::json::object to_json(const billing::tax_share& share);
/// Adds "tax": the above, or null.
void put_tax(boost::json::object& into, const std::optional<billing::tax_share>& share);

/// 190000 as "19.00", and "8.875" as 88750: percents have at most four decimals. Nothing for other text,
/// below 0 or above 100.
std::string percent_text(int rate_ppm);
std::optional<int> parse_percent(std::string_view text);

}  // namespace tollgate::gateway::api
