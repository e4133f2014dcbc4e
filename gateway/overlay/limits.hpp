// SPDX-License-Identifier: Apache-2.0
// How much one may ask of the gateway: the limits and the limiter. Free of IO; the time is an argument.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tollgate::gateway::overlay {

struct rate_limit {
  std::size_t events = 0;
  std::chrono::seconds window{60};
};

struct overlay_limits {
  rate_limit failed_logins{5, std::chrono::minutes{15}};              // per account and address together
  rate_limit failed_logins_of_account{50, std::chrono::minutes{15}};  // per account, from anywhere
  rate_limit failed_logins_of_address{50, std::chrono::minutes{15}};  // per address, for any account
  rate_limit offers{10, std::chrono::minutes{1}};                     // per account
  rate_limit searches{20, std::chrono::minutes{1}};                   // per account
  rate_limit requests{600, std::chrono::minutes{1}};                  // per account, all other requests
  rate_limit frames{3000, std::chrono::minutes{1}};                   // per connection
  std::size_t outgoing_calls = 2;                                     // live at once, per account
  std::size_t trickles_per_call = 200;
  std::size_t calls_per_session = 16;     // known to one connection at once, in both directions
  std::size_t requests_in_flight = 8;     // per connection
  std::size_t sessions_per_account = 10;  // devices attached at once
  std::size_t connections = 20'000;
  std::size_t connections_per_address = 1'000;
  std::size_t frames_queued = 256;  // to one connection, before it counts as stuck and is closed
};

// Counts events per key in a sliding window. Bounded: past `keys_max` keys the stalest is forgotten.
class rate_limiter {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit rate_limiter(rate_limit limit, std::size_t keys_max = 65536)
      : limit_(limit), keys_max_(keys_max) {}

  // Counts one event; false (and nothing counted) when the window is full.
  bool allow(std::string_view key, time_point now);
  // Whether the window is full; counts nothing.
  bool exhausted(std::string_view key, time_point now);
  void take_back(std::string_view key);  // the latest event
  void forget(std::string_view key);
  std::size_t size() const noexcept { return keys_.size(); }

 private:
  std::deque<time_point>* prune(const std::string& key, time_point now);
  void make_room(time_point now);

  rate_limit limit_;
  std::size_t keys_max_;
  std::unordered_map<std::string, std::deque<time_point>> keys_;
};

}  // namespace tollgate::gateway::overlay
