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
  waiter(const asio::any_io_executor& executor, places& of, clients::iterator client)
      : timer(executor), owner(of), whose(client), at(of.waiting_.insert(of.waiting_.end(), this)) {
    ++whose->second.waiting;
  }
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;
  ~waiter() {
    if (!given) owner.waiting_.erase(at);
    --whose->second.waiting;
    owner.forget(whose);
  }
  asio::steady_timer timer;
  places& owner;
  const clients::iterator whose;
  std::list<waiter*>::iterator at;
  bool given = false;
};

asio::awaitable<std::optional<places::held>> places::enter(std::chrono::milliseconds patience, const std::atomic<bool>* abandoned,
                                                           std::string whose) {
  const auto self = shared_from_this();
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto client = clients_.try_emplace(std::move(whose)).first;
  if (free_ > 0 && may_have_one(client)) {  // nobody who may have it waits for it
    take(client);
    co_return held(self, client);
  }
  waiter own(executor, *this, client);
  const auto until = std::chrono::steady_clock::now() + patience;
  const auto is_awaited = [&] { return abandoned == nullptr || !*abandoned; };
  while (!own.given && is_awaited() && std::chrono::steady_clock::now() < until) {
    own.timer.expires_at(abandoned == nullptr ? until : std::min(until, std::chrono::steady_clock::now() + look_interval));
    co_await own.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (own.given) co_return held(self, client);
  co_return std::nullopt;
}

void places::take(clients::iterator whose) {
  --free_;
  ++whose->second.taken;
}

void places::leave(clients::iterator whose) {
  ++free_;
  --whose->second.taken;
  give_out();
  forget(whose);
}

void places::forget(clients::iterator whose) {
  if (whose->second.taken == 0 && whose->second.waiting == 0) clients_.erase(whose);
}

// Whoever comes in between has no right to a place that somebody waits for.
void places::give_out() {
  const auto rank = [](const waiter* of) { return of->whose->first.empty() ? 0 : 1 + of->whose->second.taken; };
  while (free_ > 0) {
    auto next = waiting_.end();
    for (auto each = waiting_.begin(); each != waiting_.end(); ++each)
      if (may_have_one((*each)->whose) && (next == waiting_.end() || rank(*each) < rank(*next))) next = each;
    if (next == waiting_.end()) return;
    waiter& chosen = **next;
    waiting_.erase(next);
    take(chosen.whose);
    chosen.given = true;
    chosen.timer.cancel();
  }
}

}  // namespace tollgate::gateway::api
