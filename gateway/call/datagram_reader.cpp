// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/datagram_reader.hpp"

namespace tollgate::gateway::call {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

constexpr int most_at_once = 64;  // then the timers and the other sockets have their turn

}  // namespace

void datagram_reader::start() {
  wait();
}

void datagram_reader::wait() {
  socket_.async_wait(socket::wait_read, [self = shared_from_this()](boost::system::error_code error) {
    if (error || !self->on_datagram_) return;
    for (int i = 0; i < most_at_once; ++i) {
      udp::endpoint source;
      const auto size = self->socket_.receive_from(asio::buffer(self->buffer_), source, 0, error);
      if (error == asio::error::would_block) break;
      if (error) continue;  // an ICMP error of an earlier send
      self->on_datagram_(std::span(self->buffer_).first(size), source);
      if (!self->on_datagram_) return;
    }
    self->wait();
  });
}

}  // namespace tollgate::gateway::call
