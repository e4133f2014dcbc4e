// SPDX-License-Identifier: Apache-2.0
// The threads on which a courier works, because it blocks.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>

#include "gateway/call/clocks.hpp"
#include "gateway/notify/courier.hpp"

namespace tollgate::gateway::notify {

inline constexpr std::chrono::seconds longest_delivery{90};

class delivery_pool {
 public:
  delivery_pool(boost::asio::any_io_executor executor, call::clocks time, int threads)
      : executor_(std::move(executor)), time_(std::move(time)), threads_(static_cast<std::size_t>(threads)) {}

  // Does the work on one of the threads and resumes on the executor with what came of it; after longest_delivery it has failed.
  // What it throws is a failure. The work must keep alive what it uses: it may go on longer than it is waited for.
  boost::asio::awaitable<delivery> run(std::function<delivery()> work);

 private:
  boost::asio::any_io_executor executor_;
  call::clocks time_;
  boost::asio::thread_pool threads_;
};

}  // namespace tollgate::gateway::notify
