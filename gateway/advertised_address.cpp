// SPDX-License-Identifier: Apache-2.0
#include "gateway/advertised_address.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

namespace tollgate::gateway {

namespace {

// Connecting a UDP socket chooses a route and sends nothing. Empty: there is none.
std::string address_toward(const char* far) {
  using boost::asio::ip::udp;
  boost::asio::io_context context;
  udp::socket socket(context);
  boost::system::error_code error;
  const udp::endpoint anywhere(boost::asio::ip::make_address(far), 9);
  socket.open(anywhere.protocol(), error);
  if (!error) socket.connect(anywhere, error);
  return error ? std::string() : socket.local_endpoint().address().to_string();
}

}  // namespace

std::string advertised_address(const std::string& configured, const std::string& local) {
  if (!configured.empty()) return configured;
  if (local != "0.0.0.0" && local != "::") return local;
  const auto found = address_toward("192.0.2.1");  // a documentation address (RFC 5737)
  return found.empty() ? "127.0.0.1" : found;
}

std::string advertised_address6(const std::string& configured, const std::string& local) {
  if (local.empty() || !configured.empty()) return local.empty() ? local : configured;
  if (local != "::") return local;
  const auto found = address_toward("2001:db8::1");  // a documentation address (RFC 3849)
  return found.empty() ? "::1" : found;
}

}  // namespace tollgate::gateway
