// SPDX-License-Identifier: Apache-2.0
// `tollgate status|calls|hangup|drain|simulate`: a running gateway, over its REST API.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>

#include "gateway/api_client.hpp"
#include "gateway/command.hpp"

namespace tollgate::gateway {
namespace {

namespace json = boost::json;

std::string url_of(const configuration& settings, const remote_options& remote) {
  if (!remote.url.empty()) return remote.url;
  std::string host = settings.api.address;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return "http://" + host + ":" + std::to_string(settings.api.port);
}

std::string token_of(const configuration& settings, const remote_options& remote) {
  if (const char* const given = std::getenv("TOLLGATE_ADMIN_TOKEN"); given != nullptr && *given != '\0')
    return given;
  std::ifstream in(remote.token_file.empty() ? admin_token_path(settings) : remote.token_file);
  std::string token;
  in >> token;
  return token;
}

std::string text(const json::object& from, std::string_view name) {
  const json::value* const value = from.if_contains(name);
  if (value == nullptr || value->is_null()) return "-";
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

// The answer's object, or the exit code after having told what is wrong.
struct answer {
  int code = exit_done;
  json::object body;
};

answer ask(const configuration& settings, const remote_options& remote, const char* method,
           const std::string& target, const std::string& body = {}) {
  const auto response = ask_api(url_of(settings, remote), token_of(settings, remote), method, target, body);
  if (!response) {
    std::cerr << "tollgate: no gateway answers at " << url_of(settings, remote) << ": "
              << response.error().message() << "\n";
    return {exit_unreachable, {}};
  }
  boost::system::error_code error;
  json::value value = json::parse(response->body, error);
  json::object found = !error && value.is_object() ? std::move(value.get_object()) : json::object();
  if (response->status >= 300) {
    std::cerr << "tollgate: " << response->status << " " << text(found, "detail") << "\n";
    return {exit_refused, {}};
  }
  if (remote.json) std::cout << json::serialize(found) << "\n";
  return {exit_done, std::move(found)};
}

void print_trunks(const json::object& status) {
  const json::value* const trunks = status.if_contains("trunks");
  if (trunks == nullptr || !trunks->is_array()) return;
  for (const json::value& each : trunks->get_array()) {
    if (!each.is_object()) continue;
    const json::object& trunk = each.get_object();
    std::cout << "trunk " << text(trunk, "name") << "  " << (text(trunk, "up") == "true" ? "up" : "down")
              << "  calls " << text(trunk, "calls") << "  " << text(trunk, "detail") << "\n";
  }
}

std::string percent_encoded(const std::string& text) {
  constexpr const char* digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    if (plain)
      out += c;
    else
      out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
  }
  return out;
}

const json::object& object(const json::object& from, std::string_view name) {
  static const json::object none;
  const json::value* const value = from.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : none;
}

std::string per_minute(const json::object& terms) {
  if (terms.empty()) return "-";
  return text(terms, "price_per_minute") + " " + text(terms, "currency");
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
    const bool chosen = text(trunk, "verdict") == "chosen";
    const json::object& quality = object(trunk, "quality");
    std::cout << std::setw(6) << (chosen ? std::to_string(++place) : "-") << std::setw(20)
              << text(trunk, "trunk") << std::setw(20) << text(trunk, "verdict") << std::setw(18)
              << per_minute(object(trunk, "cost")) << std::setw(9) << text(trunk, "priority") << std::setw(7)
              << text(trunk, "weight") << std::setw(7) << text(trunk, "calls") << text(quality, "answered")
              << " of " << text(quality, "attempts") << "\n";
  }
}

}  // namespace

int command_simulate(const configuration& settings, const remote_options& remote,
                     const simulation_options& what) {
  std::string target = "/v1/call_simulation?number=" + percent_encoded(what.number);
  if (!what.account.empty()) target += "&account_id=" + percent_encoded(what.account);
  if (!what.region.empty()) target += "&region=" + percent_encoded(what.region);
  const answer found = ask(settings, remote, "GET", target);
  if (found.code != exit_done || remote.json) return found.code;
  std::cout << std::left << std::setw(20) << "verdict" << text(found.body, "verdict") << "\n";
  if (!text(found.body, "text").empty())
    std::cout << std::setw(20) << "because" << text(found.body, "text") << "\n";
  for (const char* name : {"number", "region", "number_type", "caller"})
    std::cout << std::setw(20) << name << text(found.body, name) << "\n";
  std::cout << std::setw(20) << "price_per_minute" << per_minute(object(found.body, "price")) << "\n";
  print_route(found.body);
  return exit_done;
}

int command_status(const configuration& settings, const remote_options& remote) {
  const answer found = ask(settings, remote, "GET", "/v1/status");
  if (found.code != exit_done || remote.json) return found.code;
  for (const char* name : {"node", "started_at", "draining", "calls", "calls_total", "sessions",
                           "settlements_spooled", "overlay_address", "sip_address"})
    std::cout << std::left << std::setw(20) << name << text(found.body, name) << "\n";
  print_trunks(found.body);
  return exit_done;
}

int command_calls(const configuration& settings, const remote_options& remote) {
  const answer found = ask(settings, remote, "GET", "/v1/calls");
  if (found.code != exit_done || remote.json) return found.code;
  const json::value* const items = found.body.if_contains("items");
  if (items == nullptr || !items->is_array()) return exit_failed;
  std::cout << std::left << std::setw(38) << "call" << std::setw(11) << "direction" << std::setw(11)
            << "state" << std::setw(18) << "caller" << std::setw(18) << "callee"
            << "talk_ms\n";
  for (const json::value& each : items->get_array()) {
    if (!each.is_object()) continue;
    const json::object& call = each.get_object();
    std::cout << std::setw(38) << text(call, "call_id") << std::setw(11) << text(call, "direction")
              << std::setw(11) << text(call, "state") << std::setw(18) << text(call, "caller")
              << std::setw(18) << text(call, "callee") << text(call, "talk_ms") << "\n";
  }
  return exit_done;
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

int command_drain(const configuration& settings, const remote_options& remote, bool stop) {
  const answer found =
      ask(settings, remote, "POST", "/v1/drain", stop ? R"({"stop":true})" : R"({"stop":false})");
  if (found.code == exit_done && !remote.json)
    std::cout << "draining, " << text(found.body, "calls") << " live calls\n";
  return found.code;
}

}  // namespace tollgate::gateway
