// SPDX-License-Identifier: Apache-2.0
// Reads one UDP socket of a media worker.
#pragma once

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "gateway/call/handler_memory.hpp"

namespace tollgate::gateway::call {

inline constexpr std::size_t datagram_max_bytes = 2048;  // no packet of a call is longer

// Receives until it is stopped or the socket is closed: `on_datagram` gets each with its source; of one
// longer than datagram_max_bytes it gets one octet more than that. Up to `most_at_once` in a row, then timers
// and other sockets have their turn: more than one for a socket that many calls share, or a busy worker falls
// behind with it (one a call, as each call's own socket has). Belongs to the worker's thread.
class datagram_reader : public std::enable_shared_from_this<datagram_reader> {
 public:
  using socket = boost::asio::ip::udp::socket;
  using handler = std::function<void(std::span<const std::byte>, const boost::asio::ip::udp::endpoint&)>;
  datagram_reader(socket& from, handler_memory& memory, handler on_datagram, int most_at_once = 1)
      : socket_(from), memory_(memory), on_datagram_(std::move(on_datagram)), most_at_once_(most_at_once) {}
  void start();
  void stop() { on_datagram_ = nullptr; }  // before the socket goes
  void limit(int most_at_once) { most_at_once_ = most_at_once; }
  // Whether since the last question there was always more to read than one turn takes: a queue that stands.
  bool take_backlog() { return std::exchange(limited_, false) & !std::exchange(emptied_, false); }

 private:
  void receive();
  void take(boost::system::error_code error, std::size_t size);

  socket& socket_;
  handler_memory& memory_;
  handler on_datagram_;
  int most_at_once_;
  bool limited_ = false, emptied_ = false;
  boost::asio::ip::udp::endpoint source_;
  std::array<std::byte, datagram_max_bytes + 1> buffer_{};
};

}  // namespace tollgate::gateway::call
