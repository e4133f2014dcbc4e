// SPDX-License-Identifier: Apache-2.0
// Every coroutine that is spawned belongs to a group, which is awaited before what the coroutines use is
// destroyed. An exception that leaves one is logged here. One thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

namespace tollgate::gateway::call {

class task_group {
 public:
  explicit task_group(boost::asio::any_io_executor executor);

  void spawn(std::string name, boost::asio::awaitable<void> task);
  std::size_t running() const { return state_->running; }
  // Returns when the last task has ended.
  boost::asio::awaitable<void> wait();

 private:
  struct state {
    explicit state(const boost::asio::any_io_executor& executor) : changed(executor) {}
    std::size_t running = 0;
    boost::asio::steady_timer changed;
  };
  boost::asio::any_io_executor executor_;
  std::shared_ptr<state> state_;
};

}  // namespace tollgate::gateway::call
