// SPDX-License-Identifier: Apache-2.0
// Call detail records by what is looked for. Each page reads about as many rows as it has: where a table of records is large,
// what a filter asks for is found by an index (migrations/0080_list_filters.sql), in the order of the page. Not so a reason or direction
// that few calls have, nor a number or prefix: these are walked for along the time, which an account or a period bounds.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "billing/cdr.hpp"

namespace tollgate::billing {

// All that is given must be so.
struct call_filter {
  std::optional<uuid> account_id{};
  std::optional<uuid> carrier_id{};  // whose trunk it was when the call ended
  std::string trunk{};               // its name then
  std::optional<call_direction> direction{};
  std::string number{};  // caller or called, whole ("+442079460958")
  std::string prefix{};  // of the called number ("+4420")
  std::string region{};  // of the applied rate, as the deck has it
  std::optional<std::chrono::system_clock::time_point> from{}, until{};  // of its beginning: from ≤ it < until
  std::optional<bool> answered{};
  std::optional<int> sip_code{}, q850_cause{};
  std::string reason{};  // "credit_exhausted"
  std::optional<std::chrono::milliseconds> least_talk{};
};

struct call_page {
  int limit = 100;               // 1 … 5000
  std::optional<uuid> cursor{};  // a call: older ones than it, newest first
  bool oldest_first = false;     // the other way round: newer ones
};

std::vector<call_record> list_calls_by(pqxx::transaction_base& tx, const call_filter& which, const call_page& page);

// The least call id (UUIDv7, RFC 9562 §5.7) of a moment.
uuid first_call_id_at(std::chrono::system_clock::time_point at);

}  // namespace tollgate::billing
