// SPDX-License-Identifier: Apache-2.0
// What the peer needs to know of the gateway's address besides connecting to it.
#pragma once

#include <string>
#include <string_view>

namespace tollgate::gateway::peer {

/// The host of "wss://host[:port][/]", without the brackets of an IPv6 literal; empty when it is no such
/// address.
std::string host_of(std::string_view url);

/// Whether the gateway is reached over this machine's loopback interface. Looks the name up, so it may block.
bool reached_over_loopback(std::string_view url);

}  // namespace tollgate::gateway::peer
