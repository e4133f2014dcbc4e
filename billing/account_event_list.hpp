// SPDX-License-Identifier: Apache-2.0
// Events of an account, page by page.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "billing/credit_life.hpp"

namespace tollgate::billing {

// Where a page of events has ended.
struct event_place {
  std::chrono::system_clock::time_point at{};
  std::string key{};
};
// Newest first (with `oldest_first` the other way round), at most `limit` (1 … 1000), behind that place.
std::vector<account_event> list_events_behind(pqxx::transaction_base& tx, const uuid& account_id, int limit,
                                              const std::optional<event_place>& behind, bool oldest_first);

}  // namespace tollgate::billing
