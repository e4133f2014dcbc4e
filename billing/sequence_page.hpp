// SPDX-License-Identifier: Apache-2.0
// A page of an account's, by the sequence of its entries, as a part of a statement. Private to the module.
#pragma once

#include <cstdint>
#include <string>

#include "billing/credit_list.hpp"

namespace tollgate::billing::sql {

// The last condition with order and limit: of parameters $2 (page_start) and $3 (page_limit).
std::string page_clause(const std::string& column, const sequence_page& page);
std::int64_t page_start(const sequence_page& page);
int page_limit(const sequence_page& page);

}  // namespace tollgate::billing::sql
