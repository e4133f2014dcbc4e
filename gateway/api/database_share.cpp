// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/database_share.hpp"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tollgate::gateway::api {

namespace asio = boost::asio;

constexpr auto look_interval = std::chrono::milliseconds(100);  // at whether it is still awaited

// Known to its places until it has one, or goes.
struct places::waiter {
  waiter(const asio::any_io_executor& executor, places& of) : timer(executor), owner(of), at(of.waiting_.insert(of.waiting_.end(), this)) {}
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;
  ~waiter() {
    if (!given) owner.waiting_.erase(at);
  }
  asio::steady_timer timer;
  places& owner;
  std::list<waiter*>::iterator at;
  bool given = false;
};

asio::awaitable<std::optional<places::held>> places::enter(std::chrono::milliseconds patience, const std::atomic<bool>* abandoned) {
  const auto self = shared_from_this();
  if (free_ > 0) {
    --free_;
    co_return held(self);
  }
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  waiter own(executor, *this);
  const auto until = std::chrono::steady_clock::now() + patience;
  const auto is_awaited = [&] { return abandoned == nullptr || !*abandoned; };
  while (!own.given && is_awaited() && std::chrono::steady_clock::now() < until) {
    own.timer.expires_at(abandoned == nullptr ? until : std::min(until, std::chrono::steady_clock::now() + look_interval));
    co_await own.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (own.given) co_return held(self);
  co_return std::nullopt;
}

// The place goes to who has waited for longest; whoever comes in between has no right to it.
void places::leave() {
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  waiter* const next = waiting_.front();
  waiting_.pop_front();
  next->given = true;
  next->timer.cancel();
}

}  // namespace tollgate::gateway::api
