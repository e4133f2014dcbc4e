// SPDX-License-Identifier: Apache-2.0
// `tollgate trace`: the SIP messages of a call, over the REST API of a running gateway.
#include <fstream>
#include <iostream>

#include "gateway/command.hpp"
#include "gateway/remote.hpp"

namespace tollgate::gateway {

int command_trace(const configuration& settings, const remote_options& remote, const trace_options& what) {
  if (what.call_id.find_first_not_of("0123456789abcdefABCDEF-") != std::string::npos) {
    std::cerr << "tollgate: " << what.call_id << " is no call's id\n";
    return exit_usage;
  }
  const char* format = "ladder";
  if (!what.pcap.empty())
    format = "pcap";
  else if (remote.json)
    format = "json";
  else if (what.messages)
    format = "messages";
  const auto found =
      ask_gateway(settings, remote, {.target = "/v1/traces/" + what.call_id + "?format=" + format});
  if (found.code != exit_done) return found.code;
  if (what.pcap.empty()) {
    std::cout << found.response.body << (remote.json ? "\n" : "");
    return exit_done;
  }
  std::ofstream file(what.pcap, std::ios::binary);
  file << found.response.body;
  if (file.flush()) return exit_done;
  std::cerr << "tollgate: cannot write " << what.pcap.string() << "\n";
  return exit_failed;
}

}  // namespace tollgate::gateway
