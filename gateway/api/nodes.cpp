// SPDX-License-Identifier: Apache-2.0
// /v1/nodes: the gateways on this database; each can be drained and taken back through any of them.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/node_store.hpp"
#include "gateway/api/resources.hpp"
#include "gateway/db/database.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;
using boost::system::result;

boost::json::object to_json(const known_node& of) {
  boost::json::object out{{"node", of.status.node},
                          {"alive", of.alive},
                          {"ready", of.alive && of.not_ready.empty()},
                          {"draining", of.status.draining},
                          {"stopping", of.status.stopping},
                          {"calls", of.status.calls},
                          {"sessions", of.status.sessions},
                          {"overlay_address", of.status.overlay_address},
                          {"sip_address", of.status.sip_address},
                          {"not_ready", boost::json::array(of.not_ready.begin(), of.not_ready.end())}};
  put_time(out, "started_at", of.status.started_at);
  put_time(out, "seen_at", of.seen_at);
  if (!of.order) return out;
  boost::json::object order{{"wish", to_string(of.order->wish)}, {"state", to_string(of.order->state)}};
  put_time(order, "at", of.order->at);
  out["order"] = std::move(order);
  return out;
}

bool is_own(const services& with, const std::string& node) {
  return node == with.options.node;
}

// Of the own node nothing is older than this moment.
known_node own_node(services& with) {
  return {with.gateway.status(), std::chrono::system_clock::now(), true, with.gateway.not_ready()};
}

reply no_node() {
  return problem(404, "no_node", "There is no node of this name.");
}

reply node_stopping() {
  return problem(409, "node_stopping", "The node ends after its last call: it takes no new ones.");
}

struct order_outcome {
  bool taken = false;
  std::optional<known_node> node{};
};

awaitable<reply> order(services& with, std::string node, node_wish wish) {
  const auto ask = [&](pqxx::work& tx) -> order_outcome {
    const bool taken = order_node(tx, node, wish);
    return {taken, find_node(tx, node)};
  };
  const result<order_outcome> asked = co_await with.database.run(ask, db::run_options{.idempotent = true});
  if (!asked) co_return problem(asked.error());
  if (!asked->node) co_return no_node();
  if (asked->taken) co_return json_reply(202, to_json(*asked->node));
  if (asked->node->alive) co_return node_stopping();
  co_return problem(409, "node_away", "The node has not been heard of lately: a node that starts takes calls.");
}

}  // namespace

awaitable<reply> list_nodes(services& with, const request&) {
  const auto read = [](pqxx::work& tx) { return list_nodes(tx); };
  const result<std::vector<known_node>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  boost::json::array items;
  for (const known_node& each : *found)
    items.push_back(to_json(is_own(with, each.status.node) ? own_node(with) : each));
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> get_node(services& with, const request& from) {
  const std::string& node = from.parameters[0];
  if (is_own(with, node)) co_return json_reply(200, to_json(own_node(with)));
  const auto read = [&](pqxx::work& tx) { return find_node(tx, node); };
  const result<std::optional<known_node>> found = co_await with.database.run(read, db::run_options{.idempotent = true});
  if (!found) co_return problem(found.error());
  co_return *found ? json_reply(200, to_json(**found)) : no_node();
}

awaitable<reply> drain_node(services& with, const request& from) {
  bool stop = false;
  if (!from.body.empty()) {
    auto fields = field_reader::of_body(from);
    stop = fields.flag("stop").value_or(false);
    if (auto refusal = fields.refusal()) co_return *refusal;
  }
  const std::string& node = from.parameters[0];
  if (!is_own(with, node)) co_return co_await order(with, node, stop ? node_wish::stop : node_wish::drain);
  with.gateway.drain(stop);
  co_return json_reply(202, to_json(own_node(with)));
}

awaitable<reply> undrain_node(services& with, const request& from) {
  const std::string& node = from.parameters[0];
  if (!is_own(with, node)) co_return co_await order(with, node, node_wish::serve);
  co_return with.gateway.undrain() ? json_reply(202, to_json(own_node(with))) : node_stopping();
}

}  // namespace tollgate::gateway::api
