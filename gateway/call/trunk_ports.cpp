// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/trunk_ports.hpp"

#include <utility>

namespace tollgate::gateway::call {

namespace asio = boost::asio;
using asio::ip::udp;

trunk_port_range::trunk_port_range(asio::ip::address address, std::uint16_t low, std::uint16_t high)
    : address_(std::move(address)),
      low_((low + 1U) & ~1U),  // RTP ports are even (RFC 3550 §11)
      high_(high),
      next_(low_) {}

boost::system::result<trunk_ports> trunk_port_range::bind(asio::io_context& context) {
  for (std::uint32_t tried = low_; tried + 1 <= high_; tried += 2) {
    if (next_ + 1 > high_) next_ = low_;
    const auto port = static_cast<std::uint16_t>(next_);
    next_ += 2;
    trunk_ports ports{udp_socket(context), udp_socket(context), port};
    boost::system::error_code error;
    const auto bind_one = [&](udp_socket& socket, std::uint16_t number) {
      const udp::endpoint local(address_, number);
      if (!error) socket.open(local.protocol(), error);
      if (!error) socket.bind(local, error);
      if (!error) socket.non_blocking(true, error);
    };
    bind_one(ports.rtp, port);
    bind_one(ports.rtcp, static_cast<std::uint16_t>(port + 1));
    if (!error) return ports;
  }
  return boost::system::error_code(asio::error::address_in_use);
}

}  // namespace tollgate::gateway::call
