// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/guarded_socket.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace tollgate::gateway::notify {

// libcurl asks for the socket with the address that it has resolved and is about to connect to.
curl_socket_t open_guarded_socket(void* opening, curlsocktype, curl_sockaddr* to) {
  auto& asked = *static_cast<guarded_opening*>(opening);
  boost::asio::ip::address address;
  if (to->family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &to->addr, sizeof four);
    address = boost::asio::ip::address_v4(ntohl(four.sin_addr.s_addr));
  } else if (to->family == AF_INET6) {
    sockaddr_in6 six{};
    if (to->addrlen < sizeof six) return CURL_SOCKET_BAD;
    std::memcpy(&six, &to->addr, sizeof six);
    boost::asio::ip::address_v6::bytes_type bytes{};
    std::memcpy(bytes.data(), six.sin6_addr.s6_addr, bytes.size());
    address = boost::asio::ip::address_v6(bytes);
  } else {
    return CURL_SOCKET_BAD;
  }
  if (!asked.guard.permits(address)) {
    asked.shut = true;
    return CURL_SOCKET_BAD;
  }
  return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

}  // namespace tollgate::gateway::notify
