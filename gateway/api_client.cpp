// SPDX-License-Identifier: Apache-2.0
// A single exchange over Beast, with one deadline over all of it.
#include "gateway/api_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace tollgate::gateway {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr auto longest = std::chrono::seconds(10);

struct endpoint_name {
  std::string host, port;
};

// "http://HOST[:PORT][/]"; a host in brackets is an IPv6 address.
bool parse_url(const std::string& url, endpoint_name& out) {
  static constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return false;
  std::string rest = url.substr(scheme.size());
  while (rest.ends_with('/'))
    rest.pop_back();
  const std::size_t bracket = rest.starts_with('[') ? rest.find(']') : 0;
  if (bracket == std::string::npos || rest.find('/') != std::string::npos) return false;
  const std::size_t colon = rest.find(':', bracket);
  out.host = bracket == 0 ? rest.substr(0, colon) : rest.substr(1, bracket - 1);
  out.port = colon == std::string::npos ? "80" : rest.substr(colon + 1);
  return !out.host.empty() && !out.port.empty() &&
         out.port.find_first_not_of("0123456789") == std::string::npos;
}

asio::awaitable<api_response> exchange(endpoint_name where, http::request<http::string_body> request) {
  const auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::resolver resolver(executor);
  const auto found = co_await resolver.async_resolve(where.host, where.port, asio::use_awaitable);
  boost::beast::tcp_stream stream(executor);
  stream.expires_after(longest);
  co_await stream.async_connect(found, asio::use_awaitable);
  co_await http::async_write(stream, request, asio::use_awaitable);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  co_await http::async_read(stream, buffer, response, asio::use_awaitable);
  co_return api_response{response.result_int(), std::move(response.body())};
}

}  // namespace

boost::system::result<api_response> ask_api(const std::string& url, const std::string& token,
                                            const std::string& method, const std::string& target,
                                            const std::string& body) {
  endpoint_name where;
  if (!parse_url(url, where)) return make_error_code(boost::system::errc::invalid_argument);
  http::request<http::string_body> request(http::string_to_verb(method), target, 11);
  request.set(http::field::host, where.host);
  request.set(http::field::authorization, "Bearer " + token);
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  request.keep_alive(false);
  request.body() = body;
  request.prepare_payload();
  asio::io_context context;
  auto answer = asio::co_spawn(context, exchange(where, std::move(request)), asio::use_future);
  context.run();
  try {
    return answer.get();
  } catch (const boost::system::system_error& failure) {
    return failure.code();
  }
}

}  // namespace tollgate::gateway
