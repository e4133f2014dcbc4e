// SPDX-License-Identifier: Apache-2.0
// Pieces of SIP URIs, for the sources of this folder.
#pragma once

#include <string>
#include <string_view>

#include "pstn/trunk/trunk.hpp"

namespace tollgate::pstn::trunk {

/// A host as it stands in a URI: IPv6 addresses in brackets (RFC 3261 §25.1, IPv6reference).
inline std::string uri_host(std::string_view host) {
  const bool v6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  return v6 ? "[" + std::string{host} + "]" : std::string{host};
}

/// "udp 192.0.2.1:5060", for people.
inline std::string target_text(const sip::target& where) {
  return where.transport + " " + uri_host(where.address) + ":" + std::to_string(where.port);
}

/// Of the next hop of a call over this trunk; without a port where that is to be found by SRV.
inline std::string target_text(const trunk& of) {
  if (of.target) return target_text(*of.target);
  return std::string{name(of.transport)} + " " + uri_host(of.host) +
         (of.port != 0 ? ":" + std::to_string(of.port) : std::string{});
}

/// "sip:+442079460958@192.0.2.1", with ";user=phone" (RFC 3261 §19.1.1) where the carrier wants it. `host`
/// may have a port.
inline std::string user_uri(const trunk& on, const std::string& number, const std::string& host) {
  return "sip:" + number + "@" + host + (on.user_phone ? ";user=phone" : "");
}

}  // namespace tollgate::pstn::trunk
