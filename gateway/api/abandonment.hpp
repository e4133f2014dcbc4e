// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: whether anybody still waits for what is being read of the database. Shared by the connection whose client may
// go and the thread of the pool that reads for it. For work that changes nothing.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace pqxx {
class connection_base;
}

namespace tollgate::gateway::api {

class abandonment {
 public:
  /// Nobody waits any more: what has not begun need not begin. From any thread.
  void abandon() { abandoned_ = true; }
  bool is_abandoned() const { return abandoned_; }
  const std::atomic<bool>& flag() const { return abandoned_; }

  /// Asks PostgreSQL to cancel what is under way. Blocks for as long as it takes to tell it so, on a connection of its own: not on the
  /// signalling thread. False: nothing was under way.
  bool cancel();

  /// Stands on the reading thread around the statements that may be cancelled. Its end waits for a cancellation that is being told:
  /// PostgreSQL passes over one that comes when nothing runs, so that it never meets what comes next on the connection. One that takes
  /// longer than `telling_most` is not waited for: the connection is closed, so that nothing comes next on it.
  class reading {
   public:
    reading(abandonment& of, pqxx::connection_base& over);
    ~reading();
    reading(const reading&) = delete;
    reading& operator=(const reading&) = delete;

   private:
    abandonment& of_;
    pqxx::connection_base& over_;
  };

 private:
  static constexpr std::chrono::seconds telling_most{2};

  std::atomic<bool> abandoned_{false};
  std::mutex mutex_;  // guards what follows; not held while PostgreSQL is being told
  std::condition_variable told_;
  pqxx::connection_base* under_way_ = nullptr;
  bool telling_ = false;
};

}  // namespace tollgate::gateway::api
