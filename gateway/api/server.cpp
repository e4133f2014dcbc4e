// SPDX-License-Identifier: Apache-2.0
// Accepts connections, and waits for all of them at the end.
#include "gateway/api/server.hpp"

#include <algorithm>
#include <list>
#include <map>

#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/api/api_figures.hpp"
#include "gateway/api/connection.hpp"
#include "gateway/api/export_worker.hpp"
#include "gateway/api/hash_turns.hpp"
#include "gateway/api/read_cache.hpp"
#include "gateway/api/router.hpp"
#include "gateway/logging/line.hpp"
#include "gateway/api/shared_reads.hpp"

namespace tollgate::gateway::api {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;

namespace {
constexpr auto ignoring_errors = asio::as_tuple(asio::use_awaitable);
constexpr auto finishing_time = std::chrono::seconds(2);
constexpr auto certificate_pause = std::chrono::seconds(2);
constexpr auto look_interval = std::chrono::milliseconds(100);
constexpr auto accept_pause = std::chrono::milliseconds(100);  // when there are no file descriptors left
}  // namespace

class server::implementation : public std::enable_shared_from_this<server::implementation> {
 public:
  implementation(asio::io_context& context, server_options options, db::database& database,
                 subscriber::passphrase_hasher& hasher, subscriber::login_desk& logins, operations& gateway)
      : options_(std::move(options)),
        share_(options_.database_connections),
        authority_(database_access(database, share_)),
        shared_(context.get_executor(), database, share_, options_.lapse),
        services_{options_, database_access(database, share_), hasher, gateway, authority_, {logins, database_access(database, share_)}},
        figures_(routes()),
        desk_(options_),
        exports_(context.get_executor(), database_access(database, share_)),
        certificates_(options_.tls),
        context_(context),
        acceptor_(context),
        changed_(context),
        certificate_timer_(context),
        look_timer_(context) {
    services_.shared = &shared_;
    services_.figures = &figures_;
    services_.database = services_.database.timed(figures_.database_waits);
  }

  void start() {
    if (certificates_.configured()) {
      std::string why;
      tls_ = certificates_.load(why);
      if (!tls_) throw std::runtime_error("the API's certificate: " + why);
    }
    const tcp::endpoint endpoint(asio::ip::make_address(options_.address), options_.port);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
    port_ = acceptor_.local_endpoint().port();
    ++running_;
    asio::co_spawn(context_, accept_all(shared_from_this()), asio::detached);
    ++running_;
    asio::co_spawn(context_, look_around(shared_from_this()), asio::detached);
    ++running_;
    asio::co_spawn(context_, make_exports(shared_from_this()), asio::detached);
    if (!tls_) return;
    ++running_;
    asio::co_spawn(context_, watch_certificates(shared_from_this()), asio::detached);
  }

  std::uint16_t port() const { return port_; }
  void forget_tokens() { authority_.forget(); }

  static awaitable<void> stop(std::shared_ptr<implementation> self) {
    self->stopping_ = true;
    boost::system::error_code ignored;
    self->acceptor_.close(ignored);
    self->certificate_timer_.cancel();
    self->look_timer_.cancel();
    self->exports_.stop();
    for (connection* each : self->connections_)
      each->stop();
    const auto deadline = std::chrono::steady_clock::now() + finishing_time;
    while (self->running_ > 0 && std::chrono::steady_clock::now() < deadline)
      co_await self->wait_until(deadline);
    for (connection* each : self->connections_)
      each->close();
    while (self->running_ > 0)
      co_await self->wait_until(asio::steady_timer::time_point::max());
  }

 private:
  awaitable<void> wait_until(asio::steady_timer::time_point deadline) {
    changed_.expires_at(deadline);
    co_await changed_.async_wait(ignoring_errors);
  }

  static awaitable<void> accept_all(std::shared_ptr<implementation> self) {
    while (!self->stopping_) {
      auto [error, socket] = co_await self->acceptor_.async_accept(ignoring_errors);
      if (self->stopping_) break;
      if (error) {
        spdlog::warn("event=api_accept_failed text={}", logging::text(error.message()));
        asio::steady_timer pause(self->context_, accept_pause);
        co_await pause.async_wait(ignoring_errors);
        continue;
      }
      // The socket is closed if all of the others are being served.
      auto& counted = self->figures_.connections;
      ++counted.accepted;
      if (self->connections_.size() >= self->options_.connections && !self->give_up_idlest()) {
        ++counted.turned_away;
        continue;
      }
      ++self->running_;
      asio::co_spawn(self->context_, serve(self, std::move(socket)), asio::detached);
    }
    self->ended();
  }

  static awaitable<void> serve(std::shared_ptr<implementation> self, tcp::socket socket) {
    try {
      connection client(std::move(socket), self->tls_, self->services_, self->desk_, self->cache_, self->turns_);
      const auto place = self->connections_.insert(self->connections_.end(), &client);
      ++self->figures_.connections.open;
      try {
        co_await client.run();
      } catch (const std::exception& failure) {
        spdlog::error("event=api_connection_failed text={}", logging::text(failure.what()));
      }
      self->connections_.erase(place);
      --self->figures_.connections.open;
    } catch (const std::exception& failure) {
      spdlog::error("event=api_connection_failed text={}", logging::text(failure.what()));
    }
    self->ended();
  }

  // Connections that wait, for a request or the rest of its header or that their answer is taken, must not keep others out; nor do
  // bodies that are on their way, of an address that has more than its share of all connections.
  bool give_up_idlest() {
    connection* idlest = nullptr;
    std::optional<connection::time_point> longest;
    const auto consider = [&](connection* one, const std::optional<connection::time_point>& since) {
      if (!since || (longest && *longest <= *since)) return;
      idlest = one;
      longest = since;
    };
    for (connection* each : connections_)
      consider(each, each->idle_since());
    if (idlest == nullptr) {
      std::map<std::string, std::size_t> by_address;
      for (const connection* each : connections_)
        ++by_address[each->address()];
      for (connection* each : connections_)
        if (by_address[each->address()] > std::max<std::size_t>(1, options_.connections / 4)) consider(each, each->body_since());
    }
    if (idlest != nullptr) {
      idlest->close();
      ++figures_.connections.given_up;
    }
    return idlest != nullptr;
  }

  // Clients that have gone need no more work; and how late this comes tells how long the thread was held.
  static awaitable<void> look_around(std::shared_ptr<implementation> self) {
    while (!self->stopping_) {
      const auto due = std::chrono::steady_clock::now() + look_interval;
      self->look_timer_.expires_at(due);
      co_await self->look_timer_.async_wait(ignoring_errors);
      if (self->stopping_) break;
      const auto now = std::chrono::steady_clock::now();
      self->figures_.count_delay(now - due, now);
      for (connection* each : self->connections_)
        each->look_after_client();
    }
    self->ended();
  }

  // A certificate is renewed while the gateway runs: connections that come after it have the new one. What cannot be read
  // changes nothing.
  static awaitable<void> watch_certificates(std::shared_ptr<implementation> self) {
    while (!self->stopping_) {
      self->certificate_timer_.expires_after(certificate_pause);
      co_await self->certificate_timer_.async_wait(ignoring_errors);
      if (self->stopping_ || !self->certificates_.changed()) continue;
      std::string why;
      if (auto fresh = self->certificates_.load(why)) {
        self->tls_ = std::move(fresh);
        spdlog::info("event=api_certificate_loaded");
      } else {
        spdlog::error("event=api_certificate_refused text={}", logging::text(why));
      }
    }
    self->ended();
  }

  static awaitable<void> make_exports(std::shared_ptr<implementation> self) {
    try {
      co_await self->exports_.run();
    } catch (const std::exception& failure) {
      spdlog::error("event=cdr_exports_failed text={}", logging::text(failure.what()));
    }
    self->ended();
  }

  void ended() {
    --running_;
    changed_.cancel();
  }

  const server_options options_;
  database_share share_;
  token_authority authority_;
  shared_reads shared_;
  services services_;
  api_figures figures_;
  shared_desk desk_;
  export_worker exports_;
  read_cache cache_;
  hash_turns turns_;
  certificate_files certificates_;
  client_stream::tls_context tls_;  // of connections to come
  asio::io_context& context_;
  tcp::acceptor acceptor_;
  asio::steady_timer changed_, certificate_timer_, look_timer_;
  std::list<connection*> connections_;
  std::size_t running_ = 0;
  std::uint16_t port_ = 0;
  bool stopping_ = false;
};

server::server(asio::io_context& context, server_options options, db::database& database,
               subscriber::passphrase_hasher& hasher, subscriber::login_desk& logins, operations& gateway)
    : implementation_(
          std::make_shared<implementation>(context, std::move(options), database, hasher, logins, gateway)) {}
server::~server() = default;

void server::start() {
  implementation_->start();
}

void server::forget_tokens() {
  implementation_->forget_tokens();
}

std::uint16_t server::port() const {
  return implementation_->port();
}

awaitable<void> server::stop() {
  return implementation::stop(implementation_);
}

}  // namespace tollgate::gateway::api
