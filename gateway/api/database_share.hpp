// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: how many connections of the pool the API may hold at once. The rest is for calls, whose holds wait in the
// same queue: whatever is asked of the API, for however long, they find a connection.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tollgate::gateway::api {

/// So many at once; who comes when all are taken waits for its turn. Belongs to one thread.
class places : public std::enable_shared_from_this<places> {
 public:
  /// At least one.
  explicit places(std::size_t limit) : free_(limit > 0 ? limit : 1) {}

  /// One place, given back at its end.
  class held {
   public:
    explicit held(std::shared_ptr<places> of) : of_(std::move(of)) {}
    held(held&&) = default;
    held& operator=(held&& other) noexcept {
      std::swap(of_, other.of_);
      return *this;
    }
    ~held() {
      if (of_) of_->leave();
    }

   private:
    std::shared_ptr<places> of_;
  };
  /// Nothing: none became free in that time, or nobody waits for it any more (`abandoned` may be null).
  boost::asio::awaitable<std::optional<held>> enter(std::chrono::milliseconds patience, const std::atomic<bool>* abandoned = nullptr);

 private:
  struct waiter;
  void leave();
  std::size_t free_;
  std::list<waiter*> waiting_;  // the longest first
};

struct database_share {
  /// Of a pool of so many connections: three quarters, and of those a third for work that may take minutes.
  explicit database_share(std::size_t pool_size)
      : any(std::make_shared<places>(pool_size * 3 / 4)), lasting(std::make_shared<places>(pool_size / 4)) {}
  static constexpr std::chrono::seconds patience{5};
  std::shared_ptr<places> any, lasting;
};

}  // namespace tollgate::gateway::api
