// SPDX-License-Identifier: Apache-2.0
// CDRs on their way from the database. Private to the module.
#pragma once

#include <pqxx/result>
#include <vector>

#include "billing/cdr.hpp"

namespace tollgate::billing::sql {

// Up to its WHERE; the table's alias is c.
extern const char* const select_calls;

std::vector<call_record> calls_of(const pqxx::result& rows);

}  // namespace tollgate::billing::sql
