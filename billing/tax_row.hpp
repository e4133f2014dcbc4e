// SPDX-License-Identifier: Apache-2.0
// The tax of an entry on its way from the database. Private to the module.
#pragma once

#include <optional>
#include <pqxx/result>
#include <string>

#include "billing/tax.hpp"

namespace tollgate::billing::sql {

inline constexpr int tax_column_count = 6;

// The fields of a column of type billing.entry_tax, for a SELECT list.
std::string tax_columns(const std::string& column);

// From those, `first` being the first one's place. Nothing: the entry has no tax.
std::optional<tax_share> tax_of(const pqxx::row& row, int first);

}  // namespace tollgate::billing::sql
