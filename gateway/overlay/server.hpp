// SPDX-License-Identifier: Apache-2.0
// The gateway's end of the signalling: accepts TLS 1.3 WebSockets, logs in and attaches devices, verifies and
// signs call tokens, keeps the limits. One coroutine a connection, all on one executor.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/overlay/credential.hpp"
#include "gateway/overlay/key.hpp"
#include "gateway/overlay/limits.hpp"
#include "gateway/overlay/served_file.hpp"
#include "gateway/overlay/session.hpp"

namespace tollgate::gateway::overlay {

class server_core;

struct server_options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;      // 0: any free one, see server::port()
  std::string node_name = {};  // goes into tokens and proofs; the same after a restart
  overlay_limits limits = {};
  std::chrono::seconds handshake_deadline{10};  // TCP accept to WebSocket upgrade
  std::chrono::seconds attach_deadline{30};     // upgrade to attach (log-in included)
  std::chrono::seconds idle_timeout{60};        // half of it: a ping is sent
  std::function<wall_time()> wall_clock = {};   // required
  std::function<std::chrono::steady_clock::time_point()> steady_clock = {};  // required
  file_finder files = {};  // the subscriber's page; empty: none is served
  std::function<void(const std::string&)> log = {};  // one line an event; may be empty
};

class server {
 public:
  // `executor` runs on one thread (or a strand). `handler` outlives the server. The authority signs
  // subscribers' credentials and the node's; the node's key signs call tokens.
  server(boost::asio::any_io_executor executor, boost::asio::ssl::context tls, server_options options,
         private_key authority, private_key node, session_handler& handler);
  ~server();  // call stop() first while the executor still runs
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  // Binds, listens and begins to accept. Errors: those of the system.
  boost::system::result<void> start();
  std::uint16_t port() const noexcept;  // after start()
  const public_key& authority() const noexcept;

  // From now on for new connections: a renewed certificate.
  void use(boost::asio::ssl::context tls);
  // While draining, new connections and offers are refused with "draining"; live sessions stay.
  void set_draining(bool draining);

  // Credentials have been revoked: who is about to attach is looked up once more. Sessions are the caller's to close.
  void credentials_revoked();

  std::vector<session_ptr> sessions_of(const boost::uuids::uuid& account_id) const;
  std::vector<boost::uuids::uuid> attached_accounts() const;  // that have a session here, each once
  std::size_t session_count() const noexcept;

  // Stops accepting, closes every session ("going_away") and returns when the last coroutine has ended.
  boost::asio::awaitable<void> stop();

 private:
  std::shared_ptr<server_core> core_;
};

}  // namespace tollgate::gateway::overlay
