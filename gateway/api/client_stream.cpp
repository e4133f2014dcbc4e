// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/client_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tollgate::gateway::api {

namespace {
constexpr auto ignoring_errors = boost::asio::as_tuple(boost::asio::use_awaitable);
}

boost::asio::awaitable<bool> client_stream::open() {
  if (!tls_) co_return true;
  const auto [error] = co_await tls_->async_handshake(boost::asio::ssl::stream_base::server, ignoring_errors);
  co_return !error;
}

boost::asio::awaitable<void> client_stream::finish() {
  if (tls_) {
    const auto [error] = co_await tls_->async_shutdown(ignoring_errors);
    (void)error;  // whoever does not answer close_notify is gone all the same
  }
  boost::system::error_code ignored;
  transport_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace tollgate::gateway::api
