// SPDX-License-Identifier: Apache-2.0
// A bound UDP socket of a media worker: the bare descriptor, which only datagram_poller waits for. One of
// Asio's would be watched by its event loop as well, which would then wake up for each packet.
#pragma once

#include <boost/asio/ip/udp.hpp>
#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace tollgate::gateway::call {

class datagram_socket {
 public:
  using endpoint = boost::asio::ip::udp::endpoint;

  datagram_socket() = default;  // closed
  datagram_socket(datagram_socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  datagram_socket& operator=(datagram_socket&& other) noexcept;
  ~datagram_socket() { close(); }

  // "::" is every IPv6 address and, with `mapped`, every IPv4 address, too (RFC 3493 §5.3).
  // Never blocks; the kernel notes when each datagram arrives (SO_TIMESTAMPNS). Error: of the system, as
  // address_in_use.
  static boost::system::result<datagram_socket> bind(const endpoint& local, bool mapped = true);
  // Asks for room for what has not been read yet; what was granted, in octets. A process with CAP_NET_ADMIN
  // gets what it asks for, others get at most net.core.rmem_max.
  int make_room(int bytes) noexcept;
  // What the kernel does not take (no room, an ICMP error) is packet loss.
  void send(std::span<const std::byte> datagram, const endpoint& to) const noexcept;
  void close() noexcept;

  bool is_open() const noexcept { return descriptor_ >= 0; }
  int descriptor() const noexcept { return descriptor_; }
  std::uint16_t port() const noexcept;  // that it is bound to; 0 when closed

 private:
  explicit datagram_socket(int descriptor) noexcept : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

}  // namespace tollgate::gateway::call
