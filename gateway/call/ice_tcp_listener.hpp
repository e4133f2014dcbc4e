// SPDX-License-Identifier: Apache-2.0
// ICE-TCP for peers whose network lets no UDP through: the passive side (RFC 6544 §4.1) on the worker's port,
// packets framed by RFC 4571. Everybody may connect, so every connection is held to small bounds: it says who
// it is soon, by a STUN check for a live call, it costs a fixed amount of memory, and what it does not read
// is dropped. Belongs to the worker's thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <span>

#include "gateway/overlay/transport_address.hpp"

namespace tollgate::gateway::call {

struct ice_tcp_limits {
  std::size_t connections = 4096;           // all together
  std::size_t connections_of_address = 64;  // people behind one NAT
  std::size_t unproven = 256;               // that have not passed a check yet; more push out the oldest
  std::chrono::milliseconds proof{10'000};  // from accept to a valid check
  // Without any packet: a peer checks consent every few seconds (RFC 7675), 30 s without is the end of it.
  std::chrono::milliseconds idle{60'000};
  std::size_t unsent_bytes = 8 * 1024;  // waiting to be sent, beside what the kernel holds
};

class ice_tcp_listener : public std::enable_shared_from_this<ice_tcp_listener> {
 public:
  using tcp = boost::asio::ip::tcp;
  using address = overlay::transport_address;
  // Takes one packet. False: nobody here knows the sender, who is dropped if it has not proven itself.
  using handler = std::function<bool(std::span<const std::byte>, const address&)>;

  // Listens at once; throws boost::system::system_error when the port is taken.
  ice_tcp_listener(boost::asio::io_context& context, const tcp::endpoint& local, ice_tcp_limits limits,
                   handler on_packet);
  ~ice_tcp_listener();

  void start();
  void stop();
  // Sends one packet; dropped when the connection is gone or its peer does not keep up: late media is worth
  // nothing.
  void send(std::span<const std::byte> packet, const address& to);
  // This connection has passed a check for a call.
  void prove(const address& who);
  void close(const address& who);
  std::size_t connections() const noexcept { return connections_.size(); }

 private:
  class connection;
  void accept();
  void admit(tcp::socket socket);
  void sweep();
  void remove(const address& who);
  void drop_oldest_unproven();
  bool has_room(const address& newcomer) const;

  tcp::acceptor acceptor_;
  boost::asio::steady_timer timer_;
  ice_tcp_limits limits_;
  handler on_packet_;
  std::map<address, std::shared_ptr<connection>> connections_;
  std::size_t unproven_ = 0;
  bool accepting_ = false;
};

}  // namespace tollgate::gateway::call
