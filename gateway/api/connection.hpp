// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: one HTTP connection, from its first byte to its last.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "gateway/api/http.hpp"
#include "gateway/api/services.hpp"

namespace tollgate::gateway::api {

class connection {
 public:
  connection(boost::asio::ip::tcp::socket socket, services& with);

  /// Serves requests one after the other until the client or stop() ends it. Does not throw for anything the
  /// client does.
  boost::asio::awaitable<void> run();
  /// No further request; an idle connection is closed now.
  void stop();
  /// Cuts it.
  void close();

 private:
  struct exchange;
  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<std::optional<reply>> admit(exchange& now);
  boost::asio::awaitable<std::optional<reply>> read_body(exchange& now);
  boost::asio::awaitable<std::optional<reply>> authorize(exchange& now);
  boost::asio::awaitable<reply> perform(exchange& now);

  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  services& with_;
  std::string address_;
  bool idle_ = true, stopping_ = false;
};

}  // namespace tollgate::gateway::api
