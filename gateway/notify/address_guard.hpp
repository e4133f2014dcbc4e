// SPDX-License-Identifier: Apache-2.0
// Which addresses a webhook may reach: those of the public internet, and networks that the operator has named. It is asked with
// the address that is about to be connected to, after every resolution: no name can lead elsewhere in between. Free of IO.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tollgate::gateway::notify {

// Globally reachable by the registries of RFC 6890 (IANA special-purpose addresses): no private, loopback, link-local (with the
// clouds' metadata servers), shared, documentation, benchmarking, multicast or reserved one, whether written as IPv4, as
// IPv4-mapped, or inside of 6to4, Teredo and NAT64 addresses.
bool is_public(const boost::asio::ip::address& address);

class address_guard {
 public:
  address_guard() = default;
  // "192.0.2.0/24", "2001:db8::/32" or single addresses. Throws std::invalid_argument for what is none.
  explicit address_guard(const std::vector<std::string>& permitted);

  bool permits(const boost::asio::ip::address& address) const;

 private:
  struct network {
    boost::asio::ip::address_v6::bytes_type bytes;  // IPv4 as IPv4-mapped
    unsigned bits;
  };
  std::vector<network> permitted_;
};

}  // namespace tollgate::gateway::notify
