// SPDX-License-Identifier: Apache-2.0
// Payments that were credited, to be looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "billing/account.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::billing {

struct payment_record {
  std::string payment_id{};
  uuid account_id{};
  std::string currency{};
  money amount{};             // that was paid
  money credited{};           // less a tax that came on top
  money refunded{};           // of the amount
  std::int64_t sequence = 0;  // of its entry
  std::string note{};
  std::chrono::system_clock::time_point at{};
};

std::optional<payment_record> find_payment(pqxx::transaction_base& tx, const std::string& payment_id);

// Of one account, newest first, at most `limit`, before the one of this sequence.
std::vector<payment_record> list_payments(pqxx::transaction_base& tx, const uuid& account_id, int limit,
                                          std::optional<std::int64_t> before);

}  // namespace tollgate::billing
