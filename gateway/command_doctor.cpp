// SPDX-License-Identifier: Apache-2.0
// `tollgate doctor`: looks at everything that a gateway needs, and says what to do.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <iomanip>
#include <iostream>

#include "gateway/command.hpp"
#include "gateway/doctor.hpp"
#include "gateway/remote.hpp"

namespace tollgate::gateway {
namespace {

namespace json = boost::json;
using doctor::finding, doctor::findings, doctor::verdict;

void examine_trunks(findings& into, const json::object& status) {
  const json::value* const trunks = status.if_contains("trunks");
  if (trunks == nullptr || !trunks->is_array() || trunks->get_array().empty()) {
    into.push_back(
        {verdict::warning, "trunks", "there is none: no telephone can be called", "tollgate trunks create"});
    return;
  }
  for (const json::value& each : trunks->get_array()) {
    if (!each.is_object()) continue;
    const json::object& trunk = each.get_object();
    const std::string text = text_of(trunk, "name") + ": " + text_of(trunk, "detail");
    if (text_of(trunk, "up") == "true")
      into.push_back({verdict::good, "trunks", text});
    else
      into.push_back({verdict::failure, "trunks", text + ", it is down",
                      "ask the carrier; look at the trunk's host, port and transport, and at the firewall"});
  }
}

void examine_messages(findings& into, const boost::json::object& status) {
  const auto some = [&status](const char* name) {
    const std::string text = text_of(status, name);
    return text == "0" || text == "-" ? std::string() : text;
  };
  if (const auto waiting = some("messages_spooled"); !waiting.empty())
    into.push_back({verdict::warning, "voicemail", waiting + " messages wait for the database",
                    "they are stored by themselves once it answers; look at the database"});
  if (const auto lost = some("messages_lost"); !lost.empty())
    into.push_back({verdict::failure, "voicemail", lost + " messages were lost since the start",
                    "neither the database nor the state directory took them: make room, look for message_lost in the log"});
  if (const auto refused = some("messages_refused"); !refused.empty())
    into.push_back({verdict::failure, "voicemail", refused + " callers could leave no message since the start",
                    "make room for the database and in the state directory; look for messages_refused in the log"});
}

// What the gateway says of itself. None: it does not run.
findings ask_gateway_itself(const configuration& settings, const remote_options& remote) {
  findings all{{verdict::good, "gateway", "it runs"}};
  const remote_answer status = ask_gateway(settings, remote, {.target = "/v1/status"});
  if (status.code != exit_done) {
    all.push_back({verdict::failure, "gateway", "it does not say how it is, see above",
                   "give a token of the role admin by --token-file or TOLLGATE_ADMIN_TOKEN"});
    return all;
  }
  if (text_of(status.body, "draining") == "true")
    all.push_back({verdict::warning, "gateway", "it is draining: new calls are refused", "tollgate undrain, or start it anew"});
  if (const std::string spooled = text_of(status.body, "settlements_spooled");
      spooled != "0" && spooled != "-")
    all.push_back({verdict::warning, "gateway", spooled + " settlements wait for the database",
                   "they are settled by themselves once it answers; look at the database"});
  examine_messages(all, status.body);
  examine_trunks(all, status.body);
  return all;
}

void print(const findings& all, bool as_json) {
  if (as_json) {
    json::array items;
    for (const finding& each : all)
      items.push_back({{"verdict", doctor::name(each.as)},
                       {"what", each.what},
                       {"text", each.text},
                       {"remedy", each.remedy}});
    std::cout << json::serialize(json::object{{"findings", std::move(items)}}) << "\n";
    return;
  }
  for (const finding& each : all) {
    std::cout << std::left << std::setw(9) << doctor::name(each.as) << std::setw(14) << each.what << each.text
              << "\n";
    if (!each.remedy.empty())
      std::cout << std::setw(23) << ""
                << "-> " << each.remedy << "\n";
  }
}

}  // namespace

int command_doctor(const configuration& settings, const remote_options& remote,
                   std::chrono::system_clock::time_point now) {
  findings all;
  const auto add = [&](const findings& more) { all.insert(all.end(), more.begin(), more.end()); };
  add(doctor::look_at_disk(settings));
  add(doctor::look_at_clock());
  add(doctor::look_at_limits(settings));
  add(doctor::look_at_addresses(settings));
  add(doctor::look_at_certificates(settings, now));
  add(doctor::look_at_prompts(settings));
  add(doctor::look_at_database(settings));
  if (gateway_answers(settings, remote)) {
    add(ask_gateway_itself(settings, remote));
  } else {
    add(doctor::look_at_ports(settings));
    add({{verdict::warning, "gateway", "it does not run, or answers elsewhere than its configuration says",
          "systemctl start tollgate, or tollgate serve; journalctl -u tollgate tells why it ended"}});
  }
  print(all, remote.json);
  const bool bad =
      std::any_of(all.begin(), all.end(), [](const finding& each) { return each.as == verdict::failure; });
  return bad ? exit_failed : exit_done;
}

}  // namespace tollgate::gateway
