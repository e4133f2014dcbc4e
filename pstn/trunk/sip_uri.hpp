// SPDX-License-Identifier: Apache-2.0
// Pieces of SIP URIs, for the sources of this folder.
#pragma once

#include <string>
#include <string_view>

namespace tollgate::pstn::trunk {

/// A host as it stands in a URI: IPv6 addresses in brackets (RFC 3261 §25.1, IPv6reference).
inline std::string uri_host(std::string_view host) {
  const bool v6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  return v6 ? "[" + std::string{host} + "]" : std::string{host};
}

}  // namespace tollgate::pstn::trunk
