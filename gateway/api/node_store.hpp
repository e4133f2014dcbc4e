// SPDX-License-Identifier: Apache-2.0
// The gateways on one database: each keeps a row of itself, through which the others see it and ask it to drain.
// Functions over the caller's transaction.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/uuid/uuid.hpp>

#include "gateway/api/operations.hpp"

namespace pqxx {
class row;
class transaction_base;
}  // namespace pqxx

namespace tollgate::gateway::api {

inline constexpr std::chrono::seconds node_beat{2};      ///< a node writes its row so often
inline constexpr std::chrono::seconds node_silence{10};  ///< after so long without, it counts as away
inline constexpr std::chrono::days node_memory{7};       ///< and after so long as never there

enum class node_wish : std::uint8_t { serve, drain, stop };

/// What a node was asked for through another one. It obeys each number once: what it was asked before it started
/// is void.
struct node_order {
  std::int64_t number = 0;
  node_wish wish = node_wish::serve;
};

/// Writes the node's row as it is now, and answers the newest order. `fresh`: it has just started.
node_order keep_node(pqxx::transaction_base& tx, const uuid& instance, const node_status& now,
                     const std::vector<std::string>& not_ready, bool fresh);

struct known_node {
  node_status status;  ///< node, started_at, draining, stopping, calls, sessions and the addresses
  std::chrono::system_clock::time_point seen_at{};
  bool alive = false;
  std::vector<std::string> not_ready;
};

std::vector<known_node> list_nodes(pqxx::transaction_base& tx);  ///< by their names
std::optional<known_node> find_node(pqxx::transaction_base& tx, const std::string& node);

/// Asks another node; it hears of it within a second. False: there is none of this name that is alive.
bool order_node(pqxx::transaction_base& tx, const std::string& node, node_wish wish);

}  // namespace tollgate::gateway::api
