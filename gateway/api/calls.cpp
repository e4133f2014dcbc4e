// SPDX-License-Identifier: Apache-2.0
// Live calls of this node.
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/fields.hpp"
#include "gateway/api/resources.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::asio::awaitable;

boost::json::object to_json(const live_call& call) {
  boost::json::object out{{"call_id", uuid_text(call.call_id)},
                          {"account_id", uuid_text(call.account_id)},
                          {"direction", call.direction},
                          {"state", call.state},
                          {"caller", call.caller},
                          {"callee", call.callee},
                          {"trunk", call.trunk},
                          {"caller_verdict", call.caller_verdict},
                          {"talk_ms", call.talk.count()}};
  put_money(out, "held", billing::money{call.held_micros});
  if (call.cost)
    put_money(out, "cost", *call.cost);
  else
    out["cost_micros"] = out["cost"] = nullptr;
  out["currency"] = call.currency.empty() ? boost::json::value(nullptr) : boost::json::value(call.currency);
  put_time(out, "started_at", call.started_at);
  out["trunk_codec"] = call.trunk_codec ? boost::json::value(*call.trunk_codec) : boost::json::value(nullptr);
  return out;
}

reply no_call() {
  return problem(404, "no_call", "There is no such live call on this node.");
}

}  // namespace

awaitable<reply> list_live_calls(services& with, const request&) {
  boost::json::array items;
  for (const live_call& each : with.gateway.live_calls())
    items.push_back(to_json(each));
  co_return list_reply(std::move(items), std::nullopt);
}

awaitable<reply> get_live_call(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  for (const live_call& each : with.gateway.live_calls())
    if (id && each.call_id == *id) co_return json_reply(200, to_json(each));
  co_return no_call();
}

awaitable<reply> hang_up_call(services& with, const request& from) {
  const auto id = parse_uuid(from.parameters[0]);
  if (!id || !with.gateway.hang_up(*id)) co_return no_call();
  co_return json_reply(202, boost::json::object{{"call_id", uuid_text(*id)}, {"state", "ending"}});
}

}  // namespace tollgate::gateway::api
