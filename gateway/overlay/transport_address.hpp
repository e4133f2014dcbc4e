// SPDX-License-Identifier: Apache-2.0
// Where a peer's packets come from and go to: a UDP address, or the far end of an ICE-TCP connection.
#pragma once

#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <tuple>

namespace tollgate::gateway::overlay {

enum class transport_protocol : std::uint8_t { udp, tcp };

// The endpoint type is UDP's for both: an address and a port. One of ours takes all connections, so the far
// end's tells them apart.
struct transport_address {
  using endpoint_type = boost::asio::ip::udp::endpoint;

  transport_address() = default;
  transport_address(const endpoint_type& at, transport_protocol over = transport_protocol::udp)
      : endpoint(at), protocol(over) {}
  transport_address(const boost::asio::ip::address& address, std::uint16_t port) : endpoint(address, port) {}

  endpoint_type endpoint;
  transport_protocol protocol = transport_protocol::udp;

  boost::asio::ip::address address() const { return endpoint.address(); }
  std::uint16_t port() const { return endpoint.port(); }

  friend bool operator==(const transport_address& a, const transport_address& b) {
    return a.protocol == b.protocol && a.endpoint == b.endpoint;
  }
  friend bool operator<(const transport_address& a, const transport_address& b) {
    return std::tie(a.protocol, a.endpoint) < std::tie(b.protocol, b.endpoint);
  }
};

}  // namespace tollgate::gateway::overlay
