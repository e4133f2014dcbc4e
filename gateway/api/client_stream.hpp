// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: the bytes of one client, in clear or by TLS, with one deadline over whatever is awaited.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>

namespace tollgate::gateway::api {

/// An AsyncStream in the sense of Beast.
class client_stream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;
  using tls_context = std::shared_ptr<boost::asio::ssl::context>;

  /// Without a context: in clear.
  client_stream(boost::asio::ip::tcp::socket socket, tls_context tls) : transport_(std::move(socket)), context_(std::move(tls)) {
    if (context_) tls_.emplace(transport_, *context_);
  }

  executor_type get_executor() { return transport_.get_executor(); }
  boost::beast::tcp_stream& transport() { return transport_; }

  /// TLS, if there is any, within the deadline that is set. False: the client cannot or may not.
  boost::asio::awaitable<bool> open();
  /// No more will be sent: close_notify and what TCP has for it.
  boost::asio::awaitable<void> finish();

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& into, Token&& token) {
    return tls_ ? tls_->async_read_some(into, std::forward<Token>(token)) : transport_.async_read_some(into, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& from, Token&& token) {
    return tls_ ? tls_->async_write_some(from, std::forward<Token>(token)) : transport_.async_write_some(from, std::forward<Token>(token));
  }

 private:
  boost::beast::tcp_stream transport_;
  tls_context context_;  // it may have been replaced meanwhile
  std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;
};

}  // namespace tollgate::gateway::api
