// SPDX-License-Identifier: Apache-2.0
// Hears from PostgreSQL (LISTEN) when some node, or an admin by hand, has changed rates, trunks or what is in
// a mailbox or the dial policy, asked a node to drain, or given credit to an account that calls hold some of. On a
// connection and a thread of its own, so that a busy pool delays nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

struct pg_conn;

namespace tollgate::gateway {

enum class change : std::uint8_t {
  rates,       // channel tollgate_rates
  trunks,      // channel tollgate_trunks
  credit,      // channel tollgate_credit
  mailbox,     // channel tollgate_mailbox
  node,        // channel tollgate_nodes: one was asked for something
  dial_policy, // channel tollgate_dial_policy
  credentials, // channel tollgate_credentials: an account's were revoked
  everything,  // connected, perhaps anew: what happened before was not heard
};

class change_listener {
 public:
  // Starts at once and keeps trying while the server is away. `heard` is called on the listener's thread;
  // several changes of rates or of trunks may be told as one. `about` is the account's id with change::credit,
  // change::credentials and change::mailbox, the node's name with change::node, else empty.
  change_listener(std::string url, std::function<void(change, std::string about)> heard);
  // Waits for the thread: at most one connection attempt (libpq's connect_timeout, 3 s).
  ~change_listener();
  change_listener(const change_listener&) = delete;
  change_listener& operator=(const change_listener&) = delete;

 private:
  void run();
  bool listen();
  bool subscribe(pg_conn* server) const;
  bool stopped_within(int milliseconds, int other_socket = -1) const;

  const std::string url_;
  const std::function<void(change, std::string about)> heard_;
  int stop_ = -1;  // eventfd
  std::thread thread_;
};

}  // namespace tollgate::gateway
