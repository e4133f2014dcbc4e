// SPDX-License-Identifier: Apache-2.0
// What happens in the gateway, as it is told to consoles and webhooks. Free of IO.
#pragma once

#include <array>
#include <boost/json/object.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::gateway::events {

using boost::uuids::uuid;

/// Every type that there is: what a filter may name.
inline constexpr std::array<std::string_view, 17> event_types{
    "balance.low",   "call.answered",      "call.ended",  "call.started",    "credit.expired",  "credit.expiring",  "credit.locked",
    "credit.reactivated", "fraud.limit", "number.expiring", "number.given_up", "number.in_grace", "number.ported", "number.withdrawn",
    "trunk.down", "trunk.up", "voicemail.received"};
bool is_event_type(std::string_view text);

struct new_event {
  uuid event_id{};  ///< made by event_queue::put, so that one that is stored twice, after a commit in doubt, is known; nil: the database's
  std::string type;
  std::chrono::system_clock::time_point at{};
  std::optional<uuid> account_id{}, carrier_id{};
  std::string resource;  ///< "call:<id>": events of one resource are delivered in their order
  boost::json::object data{};
};

struct event {
  std::int64_t position = 0;  ///< in the log: grows with every event, with gaps
  uuid event_id{};
  std::string type;
  std::string at;  ///< RFC 3339, UTC, microseconds
  std::optional<uuid> account_id{}, carrier_id{};
  std::string resource;
  std::string data;  ///< a JSON object
};

/// {"id", "position", "type", "at", "account_id", "carrier_id", "resource", "data"}: in lists, in the stream and to webhooks.
boost::json::object to_json(const event& what);
/// Takes out what is the operator's own: the node, and of calls the trunk.
event for_others(event what);

/// What has happened and is not in the database yet. Putting something in costs no more than memory, and never waits: beyond so
/// many, what comes last is dropped and counted.
class event_queue {
 public:
  explicit event_queue(std::size_t most = 10'000) : most_(most) {}

  void put(new_event what);
  /// The oldest, at most so many.
  std::vector<new_event> take(std::size_t most);
  /// Those that could not be stored: they go first again. Without room they are dropped, the oldest first.
  void put_back(std::vector<new_event> from);

  std::size_t size() const { return waiting_.size(); }
  std::uint64_t dropped() const { return dropped_; }

 private:
  std::size_t most_;
  std::deque<new_event> waiting_;
  std::uint64_t dropped_ = 0;
};

}  // namespace tollgate::gateway::events
