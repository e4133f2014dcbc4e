// SPDX-License-Identifier: Apache-2.0
// All UDP sockets of a media worker, read together: one question tells which of them have something (epoll),
// one call takes several datagrams out of each (recvmmsg), and with each comes the time at which the kernel
// got it. So a worker that is behind still knows what arrived when, and can take in everything that arrived
// before a deadline before it sees to the deadline.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "gateway/call/clocks.hpp"
#include "gateway/call/datagram_socket.hpp"

namespace tollgate::gateway::call {

inline constexpr std::size_t datagram_max_bytes = 2048;  // no packet of a call is longer

// Belongs to the worker's thread.
class datagram_poller {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  // Gets each datagram with its source and the time of its arrival; of one longer than datagram_max_bytes one
  // octet more than that.
  using handler = std::function<void(std::span<const std::byte>, const datagram_socket::endpoint&,
                                     time_point arrived_at)>;
  class watched;  // a socket that is being read

  explicit datagram_poller(clocks time);  // throws boost::system::system_error
  ~datagram_poller();
  datagram_poller(const datagram_poller&) = delete;
  datagram_poller& operator=(const datagram_poller&) = delete;

  // Readable (level-triggered) whenever one of the sockets is.
  int descriptor() const noexcept { return epoll_; }
  // Until forget(), and not longer than the socket lives. Throws boost::system::system_error.
  std::shared_ptr<watched> watch(const datagram_socket& socket, handler on_datagram);
  // Before the socket is closed. Also while reading, then its handler is not called again.
  void forget(const std::shared_ptr<watched>& which);
  // Hands over all datagrams that had arrived by `now`, and those that come in the same batch; returns how
  // many. What arrives while it reads may wait for the next time, so that no flood keeps the caller here.
  std::size_t read(time_point now);

 private:
  struct batch;

  std::pair<time_point, std::chrono::nanoseconds> both_clocks() const;
  std::size_t read_one(watched& from, time_point now);

  clocks time_;
  int epoll_;
  std::unique_ptr<batch> batch_;
  std::vector<std::shared_ptr<watched>> forgotten_;  // may still be named by the events in hand
  time_point read_until_{};                          // when it was read before
};

}  // namespace tollgate::gateway::call
