// SPDX-License-Identifier: Apache-2.0
// A call's messages as a capture file (libpcap's format, version 2.4), for tcpdump, tshark and Wireshark.
// Free of IO.
#pragma once

#include <string>

#include "gateway/trace/call_trace.hpp"

namespace tollgate::gateway::trace {

/// One packet a message: IPv4 (RFC 791) or IPv6 (RFC 8200), then UDP (RFC 768) whatever the transport was,
/// since a TCP connection or TLS session cannot be made up again from its messages. Link type LINKTYPE_RAW
/// (101). A message whose addresses are no literals of one family is left out.
std::string to_pcap(const call_trace& call);

}  // namespace tollgate::gateway::trace
