// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/datagram_socket.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/system/error_code.hpp>
#include <cerrno>

namespace tollgate::gateway::call {

namespace {

boost::system::error_code system_error() {
  return {errno, boost::system::system_category()};
}

}  // namespace

datagram_socket& datagram_socket::operator=(datagram_socket&& other) noexcept {
  if (this == &other) return *this;
  close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  return *this;
}

boost::system::result<datagram_socket> datagram_socket::bind(const endpoint& local, bool mapped) {
  datagram_socket made(
      ::socket(local.protocol().family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!made.is_open()) return system_error();
  const int on = 1;
  if (!mapped && local.protocol().family() == AF_INET6 &&
      setsockopt(made.descriptor_, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
    return system_error();
  if (setsockopt(made.descriptor_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
      ::bind(made.descriptor_, local.data(), static_cast<socklen_t>(local.size())) != 0)
    return system_error();
  return made;
}

int datagram_socket::make_room(int bytes) noexcept {
  if (setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0) return bytes;
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  int granted = 0;
  socklen_t size = sizeof granted;
  getsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &granted, &size);
  return granted;
}

void datagram_socket::send(std::span<const std::byte> datagram, const endpoint& to) const noexcept {
  [[maybe_unused]] const auto sent = ::sendto(descriptor_, datagram.data(), datagram.size(), MSG_NOSIGNAL,
                                              to.data(), static_cast<socklen_t>(to.size()));
}

void datagram_socket::close() noexcept {
  if (const int descriptor = std::exchange(descriptor_, -1); descriptor >= 0) ::close(descriptor);
}

std::uint16_t datagram_socket::port() const noexcept {
  endpoint local;
  auto size = static_cast<socklen_t>(local.capacity());
  if (!is_open() || getsockname(descriptor_, local.data(), &size) != 0) return 0;
  return local.port();
}

}  // namespace tollgate::gateway::call
