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

constexpr std::uint64_t largest_answer = std::uint64_t{1} << 30;  // bytes

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

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

asio::awaitable<api_response> exchange(endpoint_name where, http::request<http::string_body> request,
                                       std::chrono::seconds timeout) {
  const auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::resolver resolver(executor);
  const auto found = co_await resolver.async_resolve(where.host, where.port, asio::use_awaitable);
  boost::beast::tcp_stream stream(executor);
  stream.expires_after(timeout);
  co_await stream.async_connect(found, asio::use_awaitable);
  co_await http::async_write(stream, request, asio::use_awaitable);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(largest_answer);
  co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
  http::response<http::string_body> response = parser.release();
  api_response out;
  out.status = response.result_int();
  for (const auto& field : response)
    out.headers[lower_case(std::string(field.name_string()))] = std::string(field.value());
  out.content_type = out.header("content-type");
  out.body = std::move(response.body());
  co_return out;
}

}  // namespace

std::string api_response::header(std::string name) const {
  const auto found = headers.find(lower_case(std::move(name)));
  return found == headers.end() ? std::string() : found->second;
}

boost::system::result<api_response> ask_api(const std::string& url, const std::string& token,
                                            const api_request& request) {
  endpoint_name where;
  if (!parse_url(url, where)) return make_error_code(boost::system::errc::invalid_argument);
  http::request<http::string_body> message(http::string_to_verb(request.method), request.target, 11);
  message.set(http::field::host, where.host);
  message.set(http::field::authorization, "Bearer " + token);
  if (!request.body.empty()) message.set(http::field::content_type, request.content_type);
  message.keep_alive(false);
  message.body() = request.body;
  message.prepare_payload();
  asio::io_context context;
  auto answer =
      asio::co_spawn(context, exchange(where, std::move(message), request.timeout), asio::use_future);
  context.run();
  try {
    return answer.get();
  } catch (const boost::system::system_error& failure) {
    return failure.code();
  }
}

}  // namespace tollgate::gateway
