// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/audit_months.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

namespace tollgate::gateway::api {

std::vector<audit_month> keep_audit_months(pqxx::transaction_base& tx, const audit_retention& how, std::chrono::system_clock::time_point now) {
  const auto micros = std::chrono::floor<std::chrono::microseconds>(now.time_since_epoch()).count();
  std::vector<audit_month> steps;
  for (const auto& row : tx.exec_params(
           "SELECT month, step FROM gateway.keep_audit_months(timestamptz 'epoch' + $1::bigint * interval '1 microsecond', $2, $3, $4)", micros,
           how.months_ahead, how.months, how.detach))
    steps.push_back({row[0].c_str(), row[1].c_str()});
  return steps;
}

}  // namespace tollgate::gateway::api
