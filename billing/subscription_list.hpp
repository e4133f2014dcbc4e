// SPDX-License-Identifier: Apache-2.0
// Subscriptions by the charge of their first period, to be looked up: what was ordered, when and at what price.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "billing/credit_list.hpp"
#include "billing/subscription.hpp"

namespace tollgate::billing {

struct subscription_record {
  uuid subscription_id{};
  uuid account_id{};
  std::string currency{};
  std::chrono::months length{3};
  period_charge first{};
  std::int64_t sequence = 0;  // of its entry
  std::string note{};         // of that: the number
  std::chrono::system_clock::time_point at{};
};

// With an account: if it is of that one.
std::optional<subscription_record> find_subscription(pqxx::transaction_base& tx, const uuid& subscription_id,
                                                     const std::optional<uuid>& account_id = std::nullopt);
std::vector<subscription_record> list_subscriptions(pqxx::transaction_base& tx, const uuid& account_id, const sequence_page& page);

}  // namespace tollgate::billing
