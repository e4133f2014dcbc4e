// SPDX-License-Identifier: Apache-2.0
// What the server's connections share: keys, limits, the register of attached devices, the acceptor. For the
// sources of this room only; everything runs on the server's executor.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "gateway/overlay/call_token.hpp"
#include "gateway/overlay/limits.hpp"
#include "gateway/overlay/link.hpp"
#include "gateway/overlay/server.hpp"

namespace tollgate::gateway::overlay {

class device_session;

class server_core {
 public:
  server_core(boost::asio::any_io_executor executor_, boost::asio::ssl::context tls_, server_options options_,
              private_key authority_, private_key node_, session_handler& handler_);

  wall_time wall_now() const { return options.wall_clock(); }
  std::chrono::steady_clock::time_point now() const { return options.steady_clock(); }
  void log(const std::string& line) const;

  // The node's own credential, signed anew: for 24 hours.
  std::string node_credential() const;

  // A device attached again takes the place of its old connection. Refusals: too_many_devices.
  answer<void> enter(const std::shared_ptr<device_session>& device);
  void leave(const device_session& device);
  const std::vector<std::shared_ptr<device_session>>* devices_of(const boost::uuids::uuid& account_id) const;
  std::size_t outgoing_calls_of(const boost::uuids::uuid& account_id) const;

  // Coroutines on their way; stop() waits for none.
  void began() { ++running; }
  void ended();

  boost::asio::any_io_executor executor;
  link::ssl_context_ptr tls;
  server_options options;
  private_key authority;
  private_key node;
  session_handler& handler;
  boost::asio::ip::tcp::acceptor acceptor;
  boost::asio::steady_timer all_ended;
  std::size_t running = 0;
  std::uint64_t revocations = 0;  // heard of: who was looked up before is looked up again before it enters
  bool draining = false;
  bool stopping = false;

  std::unordered_map<std::uint64_t, std::weak_ptr<link>> links;
  std::uint64_t link_count = 0;
  std::unordered_map<std::string, std::size_t> links_by_address;
  std::map<boost::uuids::uuid, std::vector<std::shared_ptr<device_session>>> devices;
  std::size_t device_count = 0;

  replay_cache tokens_seen;
  rate_limiter failed_logins;
  rate_limiter failed_logins_of_account;
  rate_limiter failed_logins_of_address;
  rate_limiter offers;
  rate_limiter searches;
  rate_limiter requests;
};

}  // namespace tollgate::gateway::overlay
