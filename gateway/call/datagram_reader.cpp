// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/datagram_reader.hpp"

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/buffer.hpp>

namespace tollgate::gateway::call {

namespace asio = boost::asio;

void datagram_reader::start() {
  receive();
}

// A receive that is started reads at once, and only waits when nothing is there; waiting for the socket to
// become readable instead would cost an epoll_ctl for each packet.
void datagram_reader::receive() {
  const auto taken = [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
    self->take(error, size);
  };
  socket_.async_receive_from(asio::buffer(buffer_), source_,
                             asio::bind_allocator(handler_allocator<void>(memory_), taken));
}

void datagram_reader::take(boost::system::error_code error, std::size_t size) {
  for (int taken = 1;; ++taken) {
    if (!on_datagram_ || error == asio::error::operation_aborted || error == asio::error::bad_descriptor)
      return;
    // Other errors are ICMP's answers to what was sent earlier.
    if (!error) on_datagram_(std::span(buffer_).first(size), source_);
    if (!on_datagram_) return;
    if (taken >= most_at_once_) {
      limited_ = true;
      break;
    }
    size = socket_.receive_from(asio::buffer(buffer_), source_, 0, error);
    if (error == asio::error::would_block) {
      emptied_ = true;
      break;
    }
  }
  receive();
}

}  // namespace tollgate::gateway::call
