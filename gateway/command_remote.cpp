// SPDX-License-Identifier: Apache-2.0
// `tollgate status|calls|hangup|drain|undrain|simulate`: a running gateway, over its REST API.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <iomanip>
#include <iostream>
#include <thread>

#include "gateway/command.hpp"
#include "gateway/remote.hpp"
#include "gateway/text_table.hpp"

namespace tollgate::gateway {
namespace {

namespace json = boost::json;

// Home, and all below it gone (ECMA-48: CUP, ED).
constexpr const char* clear_screen = "\x1b[H\x1b[2J";

struct answer {
  int code = exit_done;
  json::object body;
};

answer ask(const configuration& settings, const remote_options& remote, const char* method,
           const std::string& target, const std::string& body = {}) {
  auto found = ask_gateway(settings, remote, {.method = method, .target = target, .body = body});
  if (found.code == exit_done && remote.json) std::cout << json::serialize(found.body) << "\n";
  return {found.code, std::move(found.body)};
}

void print_trunks(const json::object& status) {
  const json::value* const trunks = status.if_contains("trunks");
  if (trunks == nullptr || !trunks->is_array()) return;
  for (const json::value& each : trunks->get_array()) {
    if (!each.is_object()) continue;
    const json::object& trunk = each.get_object();
    std::cout << "trunk " << text_of(trunk, "name") << "  "
              << (text_of(trunk, "up") == "true" ? "up" : "down") << "  calls " << text_of(trunk, "calls")
              << "  " << text_of(trunk, "registration") << "  " << text_of(trunk, "detail") << "\n";
  }
}

std::string per_minute(const json::object& terms) {
  if (terms.empty()) return "-";
  return text_of(terms, "price_per_minute") + " " + text_of(terms, "currency");
}

void print_route(const json::object& call) {
  const json::value* const trunks = call.if_contains("trunks");
  if (trunks == nullptr || !trunks->is_array()) return;
  std::cout << std::left << std::setw(6) << "place" << std::setw(20) << "trunk" << std::setw(20) << "verdict"
            << std::setw(18) << "cost_per_minute" << std::setw(9) << "priority" << std::setw(7) << "weight"
            << std::setw(7) << "calls"
            << "answered\n";
  int place = 0;
  for (const json::value& each : trunks->get_array()) {
    if (!each.is_object()) continue;
    const json::object& trunk = each.get_object();
    const bool chosen = text_of(trunk, "verdict") == "chosen";
    const json::object& quality = object_of(trunk, "quality");
    std::cout << std::setw(6) << (chosen ? std::to_string(++place) : "-") << std::setw(20)
              << text_of(trunk, "trunk") << std::setw(20) << text_of(trunk, "verdict") << std::setw(18)
              << per_minute(object_of(trunk, "cost")) << std::setw(9) << text_of(trunk, "priority")
              << std::setw(7) << text_of(trunk, "weight") << std::setw(7) << text_of(trunk, "calls")
              << text_of(quality, "answered") << " of " << text_of(quality, "attempts") << "\n";
  }
}

}  // namespace

int command_simulate(const configuration& settings, const remote_options& remote,
                     const simulation_options& what) {
  json::object question{{"number", what.number}};
  if (!what.account.empty()) {
    int code = exit_done;
    const auto account = find_account_id(settings, remote, what.account, code);
    if (!account) return code;
    question["account_id"] = *account;
  }
  if (!what.region.empty()) question["region"] = what.region;
  const answer found = ask(settings, remote, "POST", "/v1/route_simulations", json::serialize(question));
  if (found.code != exit_done || remote.json) return found.code;
  std::cout << std::left << std::setw(20) << "verdict" << text_of(found.body, "verdict") << "\n";
  if (!text_of(found.body, "text").empty())
    std::cout << std::setw(20) << "because" << text_of(found.body, "text") << "\n";
  for (const char* name : {"number", "region", "number_type", "caller"})
    std::cout << std::setw(20) << name << text_of(found.body, name) << "\n";
  std::cout << std::setw(20) << "price_per_minute" << per_minute(object_of(found.body, "price")) << "\n";
  print_route(found.body);
  return exit_done;
}

int command_status(const configuration& settings, const remote_options& remote) {
  const answer found = ask(settings, remote, "GET", "/v1/status");
  if (found.code != exit_done || remote.json) return found.code;
  for (const char* name : {"node", "started_at", "draining", "calls", "calls_total", "sessions",
                           "settlements_spooled", "messages_spooled", "messages_lost", "messages_refused", "overlay_address", "sip_address"})
    std::cout << std::left << std::setw(20) << name << text_of(found.body, name) << "\n";
  print_trunks(found.body);
  return exit_done;
}

int command_calls(const configuration& settings, const remote_options& remote, bool watch) {
  static constexpr table_column columns[] = {
      {"call", "call_id"},      {"direction", "direction"}, {"state", "state"},
      {"caller", "caller"},     {"callee", "callee"},       {"trunk", "trunk"},
      {"codec", "trunk_codec"}, {"talk_ms", "talk_ms"},     {"held", "held"},
      {"cost", "cost"},         {"currency", "currency"}};
  while (true) {
    const answer found = ask(settings, remote, "GET", "/v1/calls");
    if (found.code != exit_done) return found.code;
    if (!remote.json) {
      const json::value* const items = found.body.if_contains("items");
      if (items == nullptr || !items->is_array()) return exit_failed;
      if (watch) std::cout << clear_screen << items->get_array().size() << " live calls\n";
      print_table(std::cout, columns, items->get_array());
    }
    std::cout << std::flush;
    if (!watch || !std::cout) return exit_done;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

int command_hangup(const configuration& settings, const remote_options& remote, const std::string& call_id) {
  const bool sound = call_id.find_first_not_of("0123456789abcdefABCDEF-") == std::string::npos;
  if (!sound || call_id.empty()) {
    std::cerr << "tollgate hangup: a call's id is a UUID; `tollgate calls` lists them\n";
    return exit_usage;
  }
  const answer found = ask(settings, remote, "DELETE", "/v1/calls/" + call_id);
  if (found.code == exit_done && !remote.json) std::cout << "ending " << call_id << "\n";
  return found.code;
}

int command_drain(const configuration& settings, const remote_options& remote, const std::string& node, bool stop) {
  const std::string target = node.empty() ? "/v1/drain" : "/v1/nodes/" + url_encoded(node) + "/drain";
  const answer found = ask(settings, remote, "POST", target, stop ? R"({"stop":true})" : R"({"stop":false})");
  if (found.code == exit_done && !remote.json)
    std::cout << "draining, " << text_of(found.body, "calls") << " live calls\n";
  return found.code;
}

int command_undrain(const configuration& settings, const remote_options& remote, const std::string& node) {
  std::string name = node;
  if (name.empty()) {
    const auto status = ask_gateway(settings, remote, {.target = "/v1/status"});
    if (status.code != exit_done) return status.code;
    name = text_of(status.body, "node");
  }
  const answer found = ask(settings, remote, "POST", "/v1/nodes/" + url_encoded(name) + "/undrain");
  if (found.code == exit_done && !remote.json) std::cout << name << " takes calls\n";
  return found.code;
}

}  // namespace tollgate::gateway
