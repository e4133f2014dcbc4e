// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: makes exports of records of calls, part by part, beside all that is asked meanwhile.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/api/database_access.hpp"
#include "gateway/api/export_store.hpp"

namespace tollgate::gateway::api {

/// Of one node; several nodes share the work. On the executor of the connections, and its work in the database's threads.
class export_worker {
 public:
  export_worker(const boost::asio::any_io_executor& executor, database_access database) : database_(std::move(database)), timer_(executor) {}

  /// Until it is stopped.
  boost::asio::awaitable<void> run();
  void stop() {
    stopping_ = true;
    timer_.cancel();
  }

 private:
  boost::asio::awaitable<bool> make_one(const cdr_export& which, const uuid& claim);

  database_access database_;
  boost::asio::steady_timer timer_;
  const export_bounds bounds_{};
  bool stopping_ = false;
};

}  // namespace tollgate::gateway::api
