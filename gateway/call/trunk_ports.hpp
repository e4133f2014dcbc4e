// SPDX-License-Identifier: Apache-2.0
// The RTP ports towards trunks: one range for the whole node, from which every call gets a pair, whichever
// media worker it is pinned to.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>

#include "gateway/call/datagram_socket.hpp"
#include "pstn/sip/address_family.hpp"

namespace tollgate::gateway::call {

// An RTP socket and, on the next port, an RTCP socket (RFC 3550 §11).
struct trunk_ports {
  datagram_socket rtp;
  datagram_socket rtcp;
  std::uint16_t port;
};

// Signalling thread only. The kernel says what is free: a pair that is bound cannot be handed out again.
class trunk_port_range {
 public:
  // Pairs within low..high, both included, of the first address; of the second, which is of the other family
  // and may be absent, where that is asked for.
  trunk_port_range(boost::asio::ip::address address, std::optional<boost::asio::ip::address> second,
                   std::uint16_t low, std::uint16_t high);

  // The family that is asked for, or, where there is no address of it, the other one.
  pstn::sip::address_family nearest(pstn::sip::address_family wanted) const;

  // The next free pair of that family, or of the nearest, round and round, so that a port rests as long as
  // possible after its call (late packets of the one before). Error: address_in_use, every port of the range
  // is taken.
  boost::system::result<trunk_ports> bind(pstn::sip::address_family family);

 private:
  boost::asio::ip::address address_;
  std::optional<boost::asio::ip::address> second_;
  std::uint32_t low_, high_;
  std::uint32_t next_;
};

}  // namespace tollgate::gateway::call
