// SPDX-License-Identifier: Apache-2.0
// The connection over Beast: the only unit that sees Beast's WebSocket.
#include "gateway/overlay/link.hpp"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>

#include "gateway/overlay/frame.hpp"

namespace tollgate::gateway::overlay {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;

namespace {

constexpr std::uint32_t http_header_max_bytes = 8 * 1024;
constexpr std::chrono::seconds closing_deadline{5};
constexpr int requests_before_upgrade = 32;  // the files of the page, and some again

// RFC 6455 §4.2.1: a list of names parted by commas.
bool lists_subprotocol(std::string_view list) {
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    auto name = list.substr(0, end);
    while (name.starts_with(' '))
      name.remove_prefix(1);
    while (name.ends_with(' '))
      name.remove_suffix(1);
    if (name == subprotocol) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

// What a browser may do with the page: run our scripts, talk to us, play what we sent. Nothing of others gets
// in, and no other page may frame it.
constexpr const char* page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src blob:; "
    "connect-src 'self' wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// A file of the page, or 426: whoever wants something else wants the WebSocket.
http::response<http::string_body> answer_plainly(const http::request<http::empty_body>& request,
                                                 const file_finder& files) {
  const auto target = request.target();
  std::optional<served_file> found;
  if (files && request.method() == http::verb::get) found = files({target.data(), target.size()});
  http::response<http::string_body> response(found ? http::status::ok : http::status::upgrade_required, 11);
  response.set(http::field::server, "tollgate");
  if (found) {
    response.set(http::field::content_type, {found->content_type.data(), found->content_type.size()});
    response.set(http::field::cache_control, "no-cache");
    response.set("Content-Security-Policy", page_policy);
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Referrer-Policy", "no-referrer");
    response.set("Permissions-Policy", "microphone=(self)");
    response.body() = found->body;
    response.keep_alive(request.keep_alive());
  } else {
    response.set(http::field::upgrade, "websocket");
    response.set(http::field::sec_websocket_protocol, "tollgate.1");
    response.keep_alive(false);
  }
  response.prepare_payload();
  return response;
}

}  // namespace

struct link::implementation {
  using stream = websocket::stream<asio::ssl::stream<beast::tcp_stream>>;

  implementation(asio::ip::tcp::socket socket, ssl_context_ptr context, link_options chosen)
      : tls(std::move(context)), options(chosen), socket_stream(std::move(socket), *tls) {}

  beast::tcp_stream& tcp() { return beast::get_lowest_layer(socket_stream); }

  void set_up_websocket(beast::role_type role) {
    tcp().expires_never();
    auto timeouts = websocket::stream_base::timeout::suggested(role);
    timeouts.handshake_timeout = closing_deadline;
    timeouts.idle_timeout = options.idle_timeout;
    timeouts.keep_alive_pings = true;
    socket_stream.set_option(timeouts);
    socket_stream.read_message_max(frame_size_max_bytes);
    socket_stream.text(true);
  }

  asio::awaitable<boost::system::result<void>> upgrade(const http::request<http::empty_body>& request) {
    boost::system::error_code error;
    set_up_websocket(beast::role_type::server);
    socket_stream.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(http::field::sec_websocket_protocol, "tollgate.1");
      response.set(http::field::server, "tollgate");
    }));
    co_await socket_stream.async_accept(request, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return overlay_error::protocol_violated;
    buffer.consume(buffer.size());
    from_browser = request.count(http::field::origin) > 0;
    open = true;
    co_return boost::system::result<void>{};
  }

  ssl_context_ptr tls;
  link_options options;
  stream socket_stream;
  beast::flat_buffer buffer{frame_size_max_bytes + 1024};
  std::deque<std::string> queue;
  bool writing = false;
  bool closing = false;
  bool open = false;
  bool from_browser = false;
};

link::link(asio::ip::tcp::socket socket, ssl_context_ptr tls, link_options options)
    : implementation_(std::make_unique<implementation>(std::move(socket), std::move(tls), options)) {}

link::~link() = default;

bool link::open() const noexcept {
  return implementation_->open && !implementation_->closing;
}

bool link::from_browser() const noexcept {
  return implementation_->from_browser;
}

asio::awaitable<boost::system::result<void>> link::accept() {
  const auto self = shared_from_this();  // while this runs
  auto& state = *implementation_;
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  state.tcp().expires_after(state.options.handshake_deadline);
  state.tcp().socket().set_option(asio::ip::tcp::no_delay(true), error);
  co_await state.socket_stream.next_layer().async_handshake(asio::ssl::stream_base::server, done);
  if (error) co_return overlay_error::tls_failed;

  for (int served = 0;; ++served) {
    http::request_parser<http::empty_body> request;
    request.header_limit(http_header_max_bytes);
    state.tcp().expires_after(state.options.handshake_deadline);
    co_await http::async_read(state.socket_stream.next_layer(), state.buffer, request, done);
    if (error) co_return served > 0 ? overlay_error::connection_closed : overlay_error::protocol_violated;
    const auto offered = request.get()[http::field::sec_websocket_protocol];
    if (websocket::is_upgrade(request.get()) && lists_subprotocol({offered.data(), offered.size()}))
      co_return co_await state.upgrade(request.get());
    auto response = answer_plainly(request.get(), state.options.files);
    if (served + 1 == requests_before_upgrade) response.keep_alive(false);
    co_await http::async_write(state.socket_stream.next_layer(), response, done);
    if (error) co_return overlay_error::connection_closed;
    if (!response.keep_alive()) break;
  }
  co_await state.socket_stream.next_layer().async_shutdown(done);
  co_return overlay_error::connection_closed;
}

asio::awaitable<boost::system::result<void>> link::connect(web_address address) {
  const auto self = shared_from_this();
  auto& state = *implementation_;
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  asio::ip::tcp::resolver resolver(state.tcp().get_executor());
  const auto found = co_await resolver.async_resolve(address.host, address.port, done);
  if (error) co_return overlay_error::connection_failed;
  state.tcp().expires_after(state.options.handshake_deadline);
  co_await state.tcp().async_connect(found, done);
  if (error)
    co_return error == beast::error::timeout ? overlay_error::deadline_passed
                                             : overlay_error::connection_failed;
  co_return co_await shake_hands(self, std::move(address));
}

asio::awaitable<boost::system::result<void>> link::shake_hands(std::shared_ptr<link> self,
                                                               web_address address) {
  auto& state = *self->implementation_;
  boost::system::error_code error;
  auto done = asio::redirect_error(asio::use_awaitable, error);
  state.tcp().socket().set_option(asio::ip::tcp::no_delay(true), error);
  auto& tls = state.socket_stream.next_layer();
  asio::ip::make_address(address.host, error);
  if (error)  // RFC 6066 §3: no server name indication for IP literals
    SSL_set_tlsext_host_name(tls.native_handle(), address.host.c_str());
  tls.set_verify_callback(asio::ssl::host_name_verification(address.host), error);
  co_await tls.async_handshake(asio::ssl::stream_base::client, done);
  if (error)
    co_return error == beast::error::timeout ? overlay_error::deadline_passed : overlay_error::tls_failed;

  state.set_up_websocket(beast::role_type::client);
  state.socket_stream.set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
    request.set(http::field::sec_websocket_protocol, "tollgate.1");
    request.set(http::field::user_agent, "tollgate-peer");
  }));
  websocket::response_type response;
  const bool v6 = address.host.find(':') != std::string::npos;
  const auto host = (v6 ? '[' + address.host + ']' : address.host) + ':' + address.port;
  co_await state.socket_stream.async_handshake(response, host, address.path, done);
  if (error || response[http::field::sec_websocket_protocol] != "tollgate.1")
    co_return overlay_error::protocol_violated;
  state.open = true;
  co_return boost::system::result<void>{};
}

asio::awaitable<boost::system::result<std::string>> link::read() {
  const auto self = shared_from_this();
  auto& state = *implementation_;
  boost::system::error_code error;
  state.buffer.consume(state.buffer.size());
  co_await state.socket_stream.async_read(state.buffer, asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    state.open = false;
    co_return error == websocket::error::message_too_big || error == websocket::error::buffer_overflow
        ? overlay_error::frame_too_large
        : overlay_error::connection_closed;
  }
  if (!state.socket_stream.got_text()) co_return overlay_error::protocol_violated;
  co_return beast::buffers_to_string(state.buffer.data());
}

void link::send(std::string message) {
  auto& state = *implementation_;
  if (!open()) return;
  if (state.queue.size() >= state.options.frames_queued_max) return abort();
  state.queue.push_back(std::move(message));
  if (!state.writing) write_next();
}

// One write at a time; the completion of each begins the next, the last one closes when that is due.
void link::write_next() {
  auto& state = *implementation_;
  if (state.queue.empty()) {
    if (state.closing)
      state.socket_stream.async_close(
          websocket::close_code::normal,
          [self = shared_from_this()](boost::system::error_code) { self->implementation_->open = false; });
    return;
  }
  state.writing = true;
  state.socket_stream.async_write(asio::buffer(state.queue.front()),
                                  [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                                    auto& mine = *self->implementation_;
                                    mine.writing = false;
                                    if (error) return self->abort();
                                    mine.queue.pop_front();
                                    self->write_next();
                                  });
}

void link::close() {
  auto& state = *implementation_;
  if (state.closing) return;
  if (!state.open) return abort();
  state.closing = true;
  if (!state.writing) write_next();
}

void link::abort() {
  auto& state = *implementation_;
  state.open = false;
  state.closing = true;
  if (!state.writing)
    state.queue.clear();
  else if (state.queue.size() > 1)
    state.queue.resize(1);  // the front is being written
  state.tcp().close();
}

}  // namespace tollgate::gateway::overlay
