// SPDX-License-Identifier: Apache-2.0
// `tollgate events`: what happens, over the REST API of a running gateway.
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <iostream>
#include <thread>

#include "gateway/command.hpp"
#include "gateway/remote.hpp"
#include "gateway/text_table.hpp"

namespace tollgate::gateway {
namespace {

namespace json = boost::json;

// A line of JSON, or "time type resource name=value …".
void print(const json::object& event, bool as_json) {
  if (as_json) {
    std::cout << json::serialize(event) << "\n";
    return;
  }
  std::cout << text_of(event, "at") << " " << text_of(event, "type") << " " << text_of(event, "resource");
  for (const auto& [name, value] : object_of(event, "data"))
    if (!value.is_null())
      std::cout << " " << printable(name) << "=" << printable(value.is_string() ? std::string(value.get_string()) : json::serialize(value));
  std::cout << "\n";
}

}  // namespace

int command_events(const configuration& settings, const remote_options& remote, const events_options& what) {
  constexpr auto pause = std::chrono::seconds(1);
  std::string filter;
  if (!what.types.empty()) filter += "&type=" + url_encoded(what.types);
  if (!what.account.empty()) {
    int code = exit_done;
    const auto id = find_account_id(settings, remote, what.account, code);
    if (!id) return code;
    filter += "&account_id=" + *id;
  }
  // The newest first, shown the other way round; then what follows them.
  const auto newest =
      ask_gateway(settings, remote, {.target = "/v1/events?sort=-position&limit=" + std::to_string(what.count) + filter});
  if (newest.code != exit_done) return newest.code;
  std::string after = "0";
  const json::value* const items = newest.body.if_contains("items");
  if (items == nullptr || !items->is_array()) return exit_failed;
  for (auto each = items->get_array().rbegin(); each != items->get_array().rend(); ++each) {
    print(each->as_object(), remote.json);
    after = text_of(each->as_object(), "position");
  }
  while (what.follow && std::cout.flush()) {
    const auto next = ask_gateway(settings, remote, {.target = "/v1/events?limit=1000&after=" + after + filter});
    if (next.code != exit_done) return next.code;
    const json::array& more = next.body.at("items").as_array();
    for (const json::value& each : more) {
      print(each.as_object(), remote.json);
      after = text_of(each.as_object(), "position");
    }
    if (more.empty()) std::this_thread::sleep_for(pause);
  }
  return exit_done;
}

}  // namespace tollgate::gateway
