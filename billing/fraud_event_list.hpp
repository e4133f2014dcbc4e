// SPDX-License-Identifier: Apache-2.0
// Limits that were reached, page by page.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "billing/fraud.hpp"

namespace tollgate::billing {

// In which hour it was: with scope, measure and currency there is one.
struct fraud_event_in_hour {
  fraud_event event{};
  std::chrono::system_clock::time_point hour{};
};

// Where a page has ended.
struct fraud_event_place {
  std::chrono::system_clock::time_point hour{};
  std::string scope{}, measure{}, currency{};
};
// Newest hour first (with `oldest_first` the other way round), at most `limit` (1 … 1000), behind that place.
std::vector<fraud_event_in_hour> list_fraud_events_behind(pqxx::transaction_base& tx, int limit, const std::optional<fraud_event_place>& behind,
                                                          bool oldest_first);

}  // namespace tollgate::billing
