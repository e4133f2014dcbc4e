// SPDX-License-Identifier: Apache-2.0
#include "gateway/advertised_address.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

namespace tollgate::gateway {

std::string advertised_address(const std::string& configured, const std::string& local) {
  if (!configured.empty()) return configured;
  if (local != "0.0.0.0" && local != "::") return local;
  using boost::asio::ip::udp;
  boost::asio::io_context context;
  udp::socket socket(context);
  boost::system::error_code error;
  // Connecting a UDP socket chooses a route and sends nothing. 192.0.2.1 is a documentation address (RFC
  // 5737).
  const udp::endpoint anywhere(boost::asio::ip::make_address("192.0.2.1"), 9);
  socket.open(anywhere.protocol(), error);
  if (!error) socket.connect(anywhere, error);
  if (error) return "127.0.0.1";
  return socket.local_endpoint().address().to_string();
}

}  // namespace tollgate::gateway
