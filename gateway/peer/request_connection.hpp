// SPDX-License-Identifier: Apache-2.0
// A connection for a log-in or for requests: takes no calls.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <utility>

#include "gateway/overlay/client.hpp"
#include "gateway/peer/state_directory.hpp"

namespace tollgate::gateway::peer {

class request_connection final : private overlay::client_handler {
 public:
  request_connection(boost::asio::any_io_executor executor, overlay::client_options options)
      : client_(std::move(executor), std::move(options), *this) {}
  request_connection(const request_connection&) = delete;
  request_connection& operator=(const request_connection&) = delete;

  overlay::client& client() { return client_; }

  /// Connects and attaches.
  boost::asio::awaitable<overlay::answer<void>> open(const account_state& account);

 private:
  // "busy" refuses for this device alone; the subscriber's other devices ring on.
  void offered(const overlay::incoming_call& call) override { client_.send_hangup(call.call, "busy"); }
  void rang(const overlay::call_progress&) override {}
  void answered(const overlay::call_progress&) override {}
  void restarted(const overlay::call_progress&) override {}
  void taken(const std::string&) override {}
  void hung_up(const overlay::call_end&) override {}
  void trickled(const std::string&, const std::vector<overlay::ice_candidate>&) override {}
  void happened(const std::string&, const std::string&, const boost::json::object&) override {}
  void complained(const std::string&, const overlay::refusal&) override {}
  void disconnected(const overlay::refusal&) override {}

  overlay::client client_;
};

}  // namespace tollgate::gateway::peer
