// SPDX-License-Identifier: Apache-2.0
// The log of events in PostgreSQL (schema gateway). Every function works within the caller's transaction.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/events/event.hpp"

namespace pqxx {
class transaction_base;
}

namespace tollgate::gateway::events {

/// Writes them into the outbox, in one statement. Data whose text is no UTF-8, or has a NUL in it, is left out ({}).
void add_events(pqxx::transaction_base& tx, const std::vector<new_event>& what);

/// Moves what is in the outbox into the log, at most `limit`. Answers the newest position of the log, 0: it is empty.
std::int64_t sequence_events(pqxx::transaction_base& tx, int limit);

/// What a reader may see and wants to.
struct event_filter {
  std::vector<std::string> types{};        ///< empty: all
  std::optional<uuid> account_id{};        ///< of this account alone
  std::optional<uuid> carrier_id{};        ///< of this carrier alone
  std::string resource{};                  ///< of this alone; empty: of all
  std::int64_t after = 0;                  ///< positions above
  std::optional<std::int64_t> before{};    ///< and below
  std::optional<std::chrono::system_clock::time_point> from{}, until{};  ///< when they happened: from ≤ it < until
  bool newest_first = false;
  bool for_others = false;  ///< not for the operator: see for_others()
  int limit = 100;
};
std::vector<event> list_events(pqxx::transaction_base& tx, const event_filter& which);

std::int64_t newest_position(pqxx::transaction_base& tx);

/// Forgets events that are older, with what is still to be delivered of them; at most `limit`. Answers how many.
int forget_events(pqxx::transaction_base& tx, std::chrono::hours age, int limit);

}  // namespace tollgate::gateway::events
