// SPDX-License-Identifier: Apache-2.0
// The SIP messages of one call as values, and as JSON. Free of IO.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tollgate::gateway::trace {

using wall_time = std::chrono::system_clock::time_point;

struct endpoint_address {
  std::string ip;  ///< literal
  std::uint16_t port = 0;
};
/// "127.0.0.1:5060", "[::1]:5060"
std::string to_string(const endpoint_address& address);

struct trace_message {
  wall_time at;
  bool sent = false;      ///< by the gateway
  std::string transport;  ///< "udp", "tcp", "tls"
  endpoint_address local, remote;
  std::string trunk;  ///< its name
  std::string text;   ///< without secrets (redaction.hpp); of the length that it had on the wire
};

struct call_trace {
  boost::uuids::uuid call_id{};
  std::string node;  ///< that carried the call
  wall_time began;
  std::optional<wall_time> ended;
  unsigned left_out = 0;  ///< messages beyond the limits, from the middle of the call
  std::vector<trace_message> messages{};
};

/// A text that is not UTF-8 is taken for Latin-1.
boost::json::array to_json(const std::vector<trace_message>& messages);
/// What cannot be read is left out.
std::vector<trace_message> messages_from_json(const boost::json::array& from);

/// The value of the first header of this name (or its compact form, one letter; 0: none), without blanks
/// around it.
std::string header_of(const std::string& message, const std::string& name, char compact = 0);

}  // namespace tollgate::gateway::trace
