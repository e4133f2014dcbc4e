// SPDX-License-Identifier: Apache-2.0
// Messages of a made-up call.
#pragma once

#include <string>

#include "gateway/trace/call_trace.hpp"

namespace tollgate::gateway::trace {

inline constexpr wall_time noon{std::chrono::seconds(1'800'000'000)};

inline std::string invite(const std::string& sip_call_id) {
  return "INVITE sip:+442079460958@192.0.2.7 SIP/2.0\r\nCall-ID: " + sip_call_id +
         "\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n";
}

inline std::string answer(const std::string& sip_call_id, const std::string& status) {
  return "SIP/2.0 " + status + "\r\ni: " + sip_call_id + "\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
}

inline trace_message message(std::chrono::microseconds after, bool sent, const std::string& remote_ip,
                             const std::string& text) {
  return {noon + after, sent, "udp", {"192.0.2.1", 5060}, {remote_ip, 5070}, "landline", text};
}

}  // namespace tollgate::gateway::trace
