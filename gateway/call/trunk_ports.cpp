// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/trunk_ports.hpp"

#include <boost/asio/error.hpp>
#include <utility>

namespace tollgate::gateway::call {

namespace asio = boost::asio;

namespace {

using pstn::sip::address_family;

address_family family_of(const asio::ip::address& address) {
  return address.is_v6() ? address_family::ipv6 : address_family::ipv4;
}

}  // namespace

trunk_port_range::trunk_port_range(asio::ip::address address, std::optional<asio::ip::address> second,
                                   std::uint16_t low, std::uint16_t high)
    : address_(std::move(address)),
      second_(std::move(second)),
      low_((low + 1U) & ~1U),  // RTP ports are even (RFC 3550 §11)
      high_(high),
      next_(low_) {}

address_family trunk_port_range::nearest(address_family wanted) const {
  return second_ && family_of(*second_) == wanted ? wanted : family_of(address_);
}

boost::system::result<trunk_ports> trunk_port_range::bind(address_family family) {
  const auto& address = second_ && family_of(*second_) == family ? *second_ : address_;
  const bool mapped = !second_;  // else "::" leaves IPv4's ports to the other address
  for (std::uint32_t tried = low_; tried + 1 <= high_; tried += 2) {
    if (next_ + 1 > high_) next_ = low_;
    const auto port = static_cast<std::uint16_t>(next_);
    next_ += 2;
    auto rtp = datagram_socket::bind({address, port}, mapped);
    if (!rtp) continue;
    auto rtcp = datagram_socket::bind({address, static_cast<std::uint16_t>(port + 1)}, mapped);
    if (rtcp) return trunk_ports{std::move(*rtp), std::move(*rtcp), port};
  }
  return boost::system::error_code(asio::error::address_in_use);
}

}  // namespace tollgate::gateway::call
