// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: one HTTP connection, from its first byte to its last.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "gateway/api/abandonment.hpp"
#include "gateway/api/api_figures.hpp"
#include "gateway/api/client_stream.hpp"
#include "gateway/api/http.hpp"
#include "gateway/api/services.hpp"

namespace spdlog {
class logger;
}

namespace tollgate::gateway::api {

class hash_turns;
class read_cache;

class connection {
 public:
  /// `tls`: null for plain HTTP.
  connection(boost::asio::ip::tcp::socket socket, client_stream::tls_context tls, services& with, shared_desk& desk,
             read_cache& cache, hash_turns& turns);

  /// Serves requests one after the other until the client or stop() ends it. Does not throw for anything the
  /// client does.
  boost::asio::awaitable<void> run();
  /// No further request; an idle connection is closed now.
  void stop();
  /// Cuts it.
  void close();
  using time_point = std::chrono::steady_clock::time_point;
  /// Since when no request has come whole as far as its header, or nothing of an answer was taken; nothing: one is being served, or
  /// it is cut.
  std::optional<time_point> idle_since() const;
  /// Since when the body of a request is on its way, of which nothing has been done yet.
  std::optional<time_point> body_since() const;
  /// Of the client whose request came last: by what a proxy says, if that is trusted.
  const std::string& address() const { return address_; }
  /// Looks whether the client is still there, if something is being read for it; if not, that is given up.
  void look_after_client();

 private:
  struct exchange;
  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<bool> await_request();
  boost::asio::awaitable<bool> read_header(exchange& now, std::optional<reply>& out);
  boost::asio::awaitable<std::optional<reply>> admit(exchange& now);
  void find_client(exchange& now);
  boost::asio::awaitable<std::optional<reply>> identify(exchange& now, bool is_open);
  boost::asio::awaitable<std::optional<reply>> read_body(exchange& now);
  boost::asio::awaitable<std::optional<reply>> authorize(exchange& now);
  boost::asio::awaitable<reply> carry_out(exchange& now);
  boost::asio::awaitable<reply> perform(exchange& now);
  boost::asio::awaitable<bool> answer(exchange& now, reply out, bool whole);
  boost::asio::awaitable<void> send_stream(exchange& now, const reply& out);
  void tell_of(const exchange& now, const reply& out) const;
  void refuse_body(api_figures::refused_body why) const;
  void allow(std::uint64_t bytes);
  boost::asio::awaitable<bool> write(std::string wire, std::string body);

  client_stream stream_;
  boost::beast::flat_buffer buffer_;
  services& with_;
  shared_desk& desk_;
  read_cache& cache_;
  hash_turns& turns_;
  std::shared_ptr<spdlog::logger> log_;
  boost::asio::ip::address peer_;
  std::string address_;
  std::shared_ptr<body_stream> streamed_;  // while it is being sent
  std::chrono::steady_clock::time_point idle_since_ = std::chrono::steady_clock::now();
  std::shared_ptr<abandonment> abandoned_;  // of what is being read for the client; null: nothing is
  bool idle_ = true, reads_body_ = false, writes_ = false, stopping_ = false, closed_ = false;
};

}  // namespace tollgate::gateway::api
