// SPDX-License-Identifier: Apache-2.0
// One subscriber's device under load: signalling as a real peer has it, ICE and DTLS of each call, no sound.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/overlay/client.hpp"
#include "gateway/overlay/dtls.hpp"

namespace tollgate::bench {

// What happened when, by the wall clock that sipp reads as well: lines "WHAT NUMBER NANOSECONDS".
class event_log {
 public:
  explicit event_log(const std::string& file);
  ~event_log();
  event_log(const event_log&) = delete;
  event_log& operator=(const event_log&) = delete;
  void note(std::string_view what, const std::string& number);

 private:
  std::FILE* file_;
};

// Of all subscribers.
struct tally {
  std::uint64_t calls_out = 0, calls_in = 0;           // begun
  std::uint64_t done_out = 0, done_in = 0;             // answered, encrypted, and ended as they should
  std::map<std::string, std::uint64_t> failures = {};  // by code
  std::size_t open = 0, connected = 0;                 // calls now; of these with SRTP keys
};

struct load_environment {
  boost::asio::any_io_executor executor;
  gateway::overlay::dtls_context dtls;
  event_log& events;
  tally& count;
  std::chrono::milliseconds hold{500};  // of a call out, from its answer
};

class subscriber final : public gateway::overlay::client_handler {
 public:
  subscriber(load_environment& environment, const std::string& authority_pem);
  ~subscriber() override;

  // Logs in and attaches; throws std::runtime_error with the refusal.
  boost::asio::awaitable<void> attach(std::string url, std::string name, std::string passphrase);
  void call(const std::string& number);

  void offered(const gateway::overlay::incoming_call& incoming) override;
  void rang(const gateway::overlay::call_progress& progress) override;
  void answered(const gateway::overlay::call_progress& progress) override;
  void restarted(const gateway::overlay::call_progress&) override {}
  void taken(const std::string& call) override;
  void hung_up(const gateway::overlay::call_end& end) override;
  void trickled(const std::string&, const std::vector<gateway::overlay::ice_candidate>&) override {}
  void happened(const std::string&, const std::string&, const boost::json::object&) override {}
  void complained(const std::string& call, const gateway::overlay::refusal& error) override;
  void disconnected(const gateway::overlay::refusal& reason) override;

 private:
  struct open_call;
  using call_ptr = std::shared_ptr<open_call>;

  call_ptr open(const std::string& id, const std::string& number, bool outbound);
  gateway::overlay::webrtc_description describe(const open_call& call) const;
  static void connect(const call_ptr& call, const gateway::overlay::webrtc_description& gateway);
  void close(const std::string& id, const std::string& code);

  load_environment& environment_;
  std::unique_ptr<gateway::overlay::client> client_;
  std::unordered_map<std::string, call_ptr> calls_;
};

}  // namespace tollgate::bench
