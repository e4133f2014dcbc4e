// SPDX-License-Identifier: Apache-2.0
// What an account is shown of its credit: all of it by one statement, of many accounts at once.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "billing/account.hpp"
#include "billing/credit_life.hpp"
#include "billing/money.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

struct credit_view {
  uuid account_id{};
  std::string currency{};  // ISO 4217
  bool blocked = false;
  balance credit{};
  money inactive{};                                   // lapsed and not reactivated
  std::optional<system_clock::time_point> lapses_at{};  // of the credit that is there; nothing: never
  money owed{};                                       // of credit that was refunded after it had been spent
};

// Of those of the accounts that there are, in any order; each at most once. The values of one moment: a change that was
// committed before the statement was sent is in them. Throws std::length_error for more than 10,000 accounts.
std::vector<credit_view> view_credit(pqxx::transaction_base& tx, std::span<const uuid> accounts, const lapse_policy& policy);

}  // namespace tollgate::billing
