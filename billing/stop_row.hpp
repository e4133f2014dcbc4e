// SPDX-License-Identifier: Apache-2.0
// A stop record as a row of PostgreSQL's type billing.stop. Free of IO. Private to the module.
#pragma once

#include <string>

#include "billing/stop_record.hpp"

namespace tollgate::billing {

// The composite literal (PostgreSQL 15, §8.16.6 "Composite Type Input and Output Syntax") with the fields in
// the order of migrations/0018_ledger_speed.sql; texts made valid and numbers clamped as in to_json.
std::string to_row(const stop_record& record);

}  // namespace tollgate::billing
