// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/db: the threads behind `database`, each with one connection, and the watch over their
// time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <pqxx/connection>

#include "gateway/db/database.hpp"

namespace tollgate::gateway::db {

/// Whoever waits for a piece of work. Called once, from any thread.
struct completion {
  virtual ~completion() = default;
  virtual void finish(boost::system::error_code error) = 0;
};

class database::pool {
 public:
  explicit pool(database_options options);
  ~pool() { stop(); }
  void submit(work_function work, run_options options, std::unique_ptr<completion> waiting);
  void stop();
  statistics read_statistics() const;

 private:
  using clock = std::chrono::steady_clock;
  struct job {
    work_function work;
    run_options options;
    clock::time_point begun;
    std::unique_ptr<completion> waiting;
  };
  struct worker {
    std::unique_ptr<pqxx::connection> connection;
    std::unique_ptr<pqxx::errorhandler>
        errors;        // must not outlive the connection, and is destroyed before it
    std::mutex mutex;  // guards what follows: the watch reads it
    int socket = -1;   // a duplicate of ours, so that it never names another file
    std::optional<clock::time_point> deadline;
    bool cut = false;
    std::thread thread;
  };
  struct attempt {
    boost::system::error_code error;
    enum class next { final, conflict, reconnect } then = next::final;
  };

  void serve(worker& self);
  void tell_of(const job& task, const boost::system::error_code& error) const;
  boost::system::error_code execute(worker& self, const job& task);
  attempt attempt_once(worker& self, const job& task);
  attempt classify(worker& self, const job& task, bool committing);
  attempt lost(worker& self, const job& task, bool committing, const char* why);
  bool connect(worker& self);
  void disconnect(worker& self);
  bool pause(clock::duration time);
  void watch();

  const database_options options_;
  const std::string connection_string_;
  mutable std::mutex mutex_;
  std::condition_variable work_arrived_, stopping_;
  std::deque<job> queue_;
  bool stopped_ = false;
  std::vector<std::unique_ptr<worker>> workers_;
  std::thread watch_;
  std::atomic<std::size_t> connected_{0}, busy_{0};
  std::atomic<std::uint64_t> completed_{0}, failed_{0}, retried_{0}, reconnected_{0};
  std::atomic<bool> reachable_{true};
};

}  // namespace tollgate::gateway::db
