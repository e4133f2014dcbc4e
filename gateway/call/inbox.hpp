// SPDX-License-Identifier: Apache-2.0
// The events of one call in the order in which they came, awaited with a deadline by the call's coroutine.
// Signalling thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <optional>
#include <utility>

namespace tollgate::gateway::call {

template <class Event>
class inbox {
 public:
  explicit inbox(const boost::asio::any_io_executor& executor) : timer_(executor) {}

  void post(Event event) {
    events_.push_back(std::move(event));
    timer_.cancel();
  }

  // The next event if there is one.
  std::optional<Event> take() {
    if (events_.empty()) return std::nullopt;
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

  // The next event, or nothing when the deadline passes first.
  boost::asio::awaitable<std::optional<Event>> next(std::chrono::steady_clock::time_point deadline) {
    if (events_.empty()) {
      timer_.expires_at(deadline);
      boost::system::error_code ignored;
      co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }
    co_return take();
  }

 private:
  boost::asio::steady_timer timer_;
  std::deque<Event> events_;
};

}  // namespace tollgate::gateway::call
