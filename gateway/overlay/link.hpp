// SPDX-License-Identifier: Apache-2.0
// One signalling connection of either end: text messages over WebSocket over TLS over TCP, with a bounded
// queue of what is to be sent. For the sources of this room only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "gateway/overlay/error.hpp"
#include "gateway/overlay/served_file.hpp"

namespace tollgate::gateway::overlay {

struct link_options {
  std::chrono::seconds handshake_deadline{10};
  std::chrono::seconds idle_timeout{60};
  std::size_t frames_queued_max = 256;
  file_finder files{};  // of a server; empty: it serves none
};

struct web_address {
  std::string host;  // a name or an IP literal, without brackets
  std::string port = "443";
  std::string path = "/";
};
// "wss://host[:port][/path]". Errors: address_invalid.
boost::system::result<web_address> parse_web_address(const std::string& url);

// All on one executor. Use by shared_ptr.
class link : public std::enable_shared_from_this<link> {
 public:
  using ssl_context_ptr = std::shared_ptr<boost::asio::ssl::context>;

  link(boost::asio::ip::tcp::socket socket, ssl_context_ptr tls, link_options options);
  ~link();

  // Of a server: TLS and WebSocket handshake with the subprotocol; before it, any GET of a file is answered.
  // Errors: tls_failed, protocol_violated, connection_closed (there came nothing but GETs).
  boost::asio::awaitable<boost::system::result<void>> accept();
  // Of a client: resolves, connects, shakes hands. Errors: connection_failed, tls_failed, deadline_passed,
  // protocol_violated.
  boost::asio::awaitable<boost::system::result<void>> connect(web_address address);

  // The next text message. Errors: connection_closed, frame_too_large, protocol_violated (a binary one).
  boost::asio::awaitable<boost::system::result<std::string>> read();
  // Queues a message; past the bound, or when closed, it is dropped, and the connection is dropped with it.
  void send(std::string message);
  // Closes when everything queued is sent.
  void close();
  // Closes at once.
  void abort();
  bool open() const noexcept;
  // Of a server, after accept(): a browser's page, as the Origin of its handshake says.
  bool from_browser() const noexcept;

 private:
  struct implementation;
  static boost::asio::awaitable<boost::system::result<void>> shake_hands(std::shared_ptr<link> self,
                                                                         web_address address);
  void write_next();

  std::unique_ptr<implementation> implementation_;
};

}  // namespace tollgate::gateway::overlay
