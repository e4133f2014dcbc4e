// SPDX-License-Identifier: Apache-2.0
// Reads one UDP socket of a media worker.
#pragma once

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <functional>
#include <memory>
#include <span>

namespace tollgate::gateway::call {

// Receives until it is stopped or the socket is closed: `on_datagram` gets each with its source. Up to
// `most_at_once` in a row, then timers and other sockets have their turn: more than one for a socket that
// many calls share, or a busy worker falls behind with it. Belongs to the worker's thread.
class datagram_reader : public std::enable_shared_from_this<datagram_reader> {
 public:
  using socket = boost::asio::ip::udp::socket;
  using handler = std::function<void(std::span<const std::byte>, const boost::asio::ip::udp::endpoint&)>;
  datagram_reader(socket& from, handler on_datagram, int most_at_once = 1)
      : socket_(from), on_datagram_(std::move(on_datagram)), most_at_once_(most_at_once) {}
  void start();
  void stop() { on_datagram_ = nullptr; }  // before the socket goes

 private:
  void receive();
  void take(boost::system::error_code error, std::size_t size);

  socket& socket_;
  handler on_datagram_;
  int most_at_once_;
  boost::asio::ip::udp::endpoint source_;
  std::array<std::byte, 2048> buffer_{};
};

}  // namespace tollgate::gateway::call
