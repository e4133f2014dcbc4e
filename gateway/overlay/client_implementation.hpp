// SPDX-License-Identifier: Apache-2.0
// The client's state, shared with its reader coroutine; for the sources of this room only.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "gateway/overlay/call_exchange.hpp"
#include "gateway/overlay/client.hpp"
#include "gateway/overlay/frame.hpp"
#include "gateway/overlay/link.hpp"

namespace tollgate::gateway::overlay {

struct client::implementation : std::enable_shared_from_this<client::implementation> {
  // A request on its way. `accept` runs in the reader, before any later frame is looked at.
  struct pending {
    explicit pending(const boost::asio::any_io_executor& executor) : arrived(executor) {}
    boost::asio::steady_timer arrived;
    std::optional<answer<frame>> reply;
    std::function<answer<void>(const frame&)> accept;
  };

  implementation(boost::asio::any_io_executor executor_, client_options options_, client_handler& handler_);

  boost::asio::awaitable<answer<void>> open(std::string url);
  boost::asio::awaitable<answer<frame>> ask(std::string type, boost::json::object body,
                                            std::function<answer<void>(const frame&)> accept);
  static boost::asio::awaitable<void> read_all(std::shared_ptr<implementation> self,
                                               std::shared_ptr<link> from);
  void lost(const refusal& why, bool by_other);

  void take(const frame& incoming);
  void take_reply(const frame& incoming);
  void take_offer(const frame& incoming);
  void take_progress(const frame& incoming, void (client_handler::*tell)(const call_progress&));
  void take_hangup(const frame& incoming);
  void take_trickle(const frame& incoming);
  void take_error(const frame& incoming);
  answer<void> take_attach(const frame& reply, const device_identity& identity);
  void end_call(const std::string& call, const refusal& why);

  answer<void> send(const boost::system::result<frame>& outgoing);
  answer<void> send_about(const std::string& type, const std::string& call, boost::json::object body);

  boost::asio::any_io_executor executor;
  client_options options;
  client_handler* handler;  // null when the client is gone
  link::ssl_context_ptr tls;
  std::shared_ptr<link> connection;
  std::string node;
  std::string nonce;
  std::optional<public_key> authority;  // of hello
  std::string name;                     // as attached
  std::optional<call_exchange> calls;   // when attached
  replay_cache tokens_seen{4096};
  std::map<std::uint64_t, std::shared_ptr<pending>> waiting;
  std::uint64_t last_id = 0;
  refusal last_error;  // of an `error` frame about the connection itself
  boost::asio::steady_timer reader_ended;
  bool reading = false;
};

}  // namespace tollgate::gateway::overlay
