// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: parameters of queries that have a form of their own. What is malformed would find nothing, and is refused in place
// of that. Free of IO.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "billing/money.hpp"
#include "gateway/api/fields.hpp"

namespace tollgate::gateway::api {

/// ISO 4217: "EUR".
inline std::optional<std::string> read_currency(field_reader& fields) {
  auto found = fields.text("currency");
  if (found && !billing::is_currency(*found)) fields.complain("currency", "must be three capital letters (ISO 4217)");
  return found;
}

/// ISO 3166: "GB".
inline std::optional<std::string> read_country(field_reader& fields, std::string_view name = "country") {
  auto found = fields.text(name);
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (found && (found->size() != 2 || !std::ranges::all_of(*found, is_capital))) fields.complain(name, "must be two capital letters (ISO 3166)");
  return found;
}

/// The number that ended the page before; empty: this is the first one.
inline std::string read_last_number(field_reader& fields) {
  const auto found = fields.number("after");
  return found ? found->e164() : std::string();
}

}  // namespace tollgate::gateway::api
