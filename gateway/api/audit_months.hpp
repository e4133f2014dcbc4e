// SPDX-License-Identifier: Apache-2.0
// How long lines of the audit are kept: whole months, which are made in advance and taken out when they are old.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace pqxx {
class transaction_base;
}

namespace tollgate::gateway::api {

struct audit_retention {
  int months_ahead = 3;
  int months = 0;      ///< that are kept after their own; 0: all, for ever
  bool detach = true;  ///< what is taken out stays as a table of schema gateway_archive
};

struct audit_month {
  std::string month;  ///< "2026-01-01"
  std::string step;   ///< "added", "retired", "postponed"
};

/// Takes out one month at most: to be called again after a "retired". Any node may, at any time.
std::vector<audit_month> keep_audit_months(pqxx::transaction_base& tx, const audit_retention& how, std::chrono::system_clock::time_point now);

}  // namespace tollgate::gateway::api
