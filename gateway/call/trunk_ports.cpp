// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/trunk_ports.hpp"

#include <boost/asio/error.hpp>
#include <utility>

namespace tollgate::gateway::call {

namespace asio = boost::asio;

trunk_port_range::trunk_port_range(asio::ip::address address, std::uint16_t low, std::uint16_t high)
    : address_(std::move(address)),
      low_((low + 1U) & ~1U),  // RTP ports are even (RFC 3550 §11)
      high_(high),
      next_(low_) {}

boost::system::result<trunk_ports> trunk_port_range::bind() {
  for (std::uint32_t tried = low_; tried + 1 <= high_; tried += 2) {
    if (next_ + 1 > high_) next_ = low_;
    const auto port = static_cast<std::uint16_t>(next_);
    next_ += 2;
    auto rtp = datagram_socket::bind({address_, port});
    if (!rtp) continue;
    auto rtcp = datagram_socket::bind({address_, static_cast<std::uint16_t>(port + 1)});
    if (rtcp) return trunk_ports{std::move(*rtp), std::move(*rtcp), port};
  }
  return boost::system::error_code(asio::error::address_in_use);
}

}  // namespace tollgate::gateway::call
