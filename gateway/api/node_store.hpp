// SPDX-License-Identifier: Apache-2.0
// The gateways on one database: each keeps a row of itself, through which the others see it and ask it to drain.
// Functions over the caller's transaction.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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

/// What one run of a node (an instance) was asked for through another node. It obeys each number once. Of several only the last counts,
/// but for an order to stop, which no later one takes back.
struct node_order {
  std::int64_t number = 0;
  node_wish wish = node_wish::serve;
};

/// Writes the node's row as it is now, and answers the newest order that this instance was given; nothing: it was given none, whatever
/// others of its name were asked before. `obeyed`: the newest that it has carried out, 0: none. `fresh`: it has just started.
std::optional<node_order> keep_node(pqxx::transaction_base& tx, const uuid& instance, const node_status& now,
                                    const std::vector<std::string>& not_ready, std::int64_t obeyed, bool fresh);

/// What became of the newest order to a node.
enum class order_state : std::uint8_t {
  waiting,  ///< it has not heard of it yet
  obeyed,
  lost,  ///< the run of it that was asked ended before it heard: nobody obeys
};
std::string_view to_string(node_wish wish);
std::string_view to_string(order_state state);

struct known_node {
  node_status status;  ///< node, started_at, draining, stopping, calls, sessions and the addresses
  std::chrono::system_clock::time_point seen_at{};
  bool alive = false;
  std::vector<std::string> not_ready;
  struct given_order {
    node_wish wish = node_wish::serve;
    std::chrono::system_clock::time_point at{};
    order_state state = order_state::waiting;
  };
  std::optional<given_order> order{};
};

std::vector<known_node> list_nodes(pqxx::transaction_base& tx);  ///< by their names
std::optional<known_node> find_node(pqxx::transaction_base& tx, const std::string& node);

/// Asks another node, as it runs now; it hears of it within a second. False: there is none of this name that is alive, or it is to serve
/// and has been told to stop.
bool order_node(pqxx::transaction_base& tx, const std::string& node, node_wish wish);

}  // namespace tollgate::gateway::api
