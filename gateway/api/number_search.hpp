// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: what searches of numbers have in common. Free of IO.
#pragma once

#include <optional>
#include <string>

#include "gateway/api/fields.hpp"
#include "voicemail/number_price.hpp"

namespace tollgate::gateway::api {

/// price_least and price_most, of a term of term_months (3) in currency (`own_currency`). Nothing: neither bound is given.
std::optional<voicemail::price_range> read_price(field_reader& fields, const std::string& own_currency);

}  // namespace tollgate::gateway::api
