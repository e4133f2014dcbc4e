// SPDX-License-Identifier: Apache-2.0
// Hears from PostgreSQL (LISTEN) when some node, or an admin by hand, has changed rates or trunks. On a
// connection and a thread of its own, so that a busy pool delays nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace tollgate::gateway {

enum class change : std::uint8_t {
  rates,       // channel tollgate_rates
  trunks,      // channel tollgate_trunks
  everything,  // connected, perhaps anew: what happened before was not heard
};

class change_listener {
 public:
  // Starts at once and keeps trying while the server is away. `heard` is called on the listener's thread;
  // several changes may be told as one.
  change_listener(std::string url, std::function<void(change)> heard);
  // Waits for the thread: at most one connection attempt.
  ~change_listener();
  change_listener(const change_listener&) = delete;
  change_listener& operator=(const change_listener&) = delete;

 private:
  void run();
  bool listen();
  bool stopped_within(int milliseconds, int other_socket = -1) const;

  const std::string url_;
  const std::function<void(change)> heard_;
  int stop_ = -1;  // eventfd
  std::thread thread_;
};

}  // namespace tollgate::gateway
