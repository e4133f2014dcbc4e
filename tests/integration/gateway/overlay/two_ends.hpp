// SPDX-License-Identifier: Apache-2.0
// A server and any number of clients on loopback in one io_context, with handlers that keep what they heard.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/overlay/client.hpp"
#include "gateway/overlay/frame.hpp"
#include "gateway/overlay/server.hpp"
#include "gateway/overlay/tls.hpp"

namespace tollgate::gateway::overlay::two_ends {

namespace asio = boost::asio;

// The gateway's side of the server: one account for each name, pass-phrase "correct horse".
class fake_gateway final : public session_handler {
 public:
  asio::awaitable<answer<subscriber_identity>> log_in(std::string name, std::string passphrase,
                                                      std::string /*remote_address*/) override;
  asio::awaitable<answer<subscriber_identity>> find(std::string name) override;
  void attached(const session_ptr& device) override;
  void detached(const session_ptr& device) override;
  void offered(const session_ptr& device, const call_offer& offer) override;
  void rang(const session_ptr& device, const std::string& call) override;
  void answered(const session_ptr& device, const call_answer& answer) override;
  void trickled(const session_ptr& device, const std::string& call,
                const std::vector<ice_candidate>& candidates) override;
  void restarted(const session_ptr& device, const call_offer& offer) override;
  void digit(const session_ptr& device, const std::string& call, char digit,
             std::chrono::milliseconds duration) override;
  void hung_up(const session_ptr& device, const std::string& call, const std::string& code) override;
  asio::awaitable<answer<boost::json::object>> request(session_ptr device, std::string type,
                                                       boost::json::object body) override;

  std::vector<std::string> heard;  // "attached alice", "offered +4420", …
  std::vector<session_ptr> devices;
  bool blocked = false;  // find() refuses
  std::int64_t generation = 0;  // of everybody's credentials
  std::function<void()> after_find;  // once: between the look-up and what is made of it
  bool answers_hang_ups = true;
  std::string answer_sdp;
};

class fake_peer final : public client_handler {
 public:
  void offered(const incoming_call& call) override;
  void rang(const call_progress& progress) override;
  void answered(const call_progress& progress) override;
  void restarted(const call_progress& progress) override;
  void taken(const std::string& call) override;
  void hung_up(const call_end& end) override;
  void trickled(const std::string& call, const std::vector<ice_candidate>& candidates) override;
  void happened(const std::string& kind, const std::string& call, const boost::json::object& body) override;
  void complained(const std::string& call, const refusal& error) override;
  void disconnected(const refusal& reason) override;

  std::vector<std::string> heard;  // "rang with sdp", "hung_up normal", …
  std::vector<call_end> ends;
};

std::string make_sdp();

// Owns the io_context; every run has a deadline, so that no test hangs.
class stage {
 public:
  explicit stage(overlay_limits limits = {});
  ~stage();

  std::unique_ptr<client> make_client(client_handler& handler, bool trusting = true);
  std::string url() const;
  // Runs a coroutine to its end.
  void run(asio::awaitable<void> scene);
  // Waits until a condition holds; fails the test after a deadline.
  asio::awaitable<void> until(std::function<bool()> condition);

  asio::io_context context{1};
  fake_gateway gateway;
  wall_time wall{std::chrono::seconds{1'800'000'000}};
  std::chrono::steady_clock::time_point steady{std::chrono::hours{1}};
  pem_pair authority_pem;
  private_key authority = private_key::generate();
  private_key node = private_key::generate();
  std::unique_ptr<server> gate;
};

}  // namespace tollgate::gateway::overlay::two_ends
