// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: how many connections of the pool the API may hold at once. The rest is for calls, whose holds wait in the
// same queue: whatever is asked of the API, for however long, they find a connection.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tollgate::gateway::api {

/// So many at once, and of one client fewer: whoever asks for much at once keeps nobody waiting but itself. Who comes when all are
/// taken, or has all that it may have, waits for its turn: a place that becomes free is for the client that has the fewest, and of
/// equals for who has waited for longest. Belongs to one thread.
class places : public std::enable_shared_from_this<places> {
  struct one_client {
    std::size_t taken = 0, waiting = 0;
  };
  using clients = std::map<std::string, one_client>;

 public:
  static constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

  /// At least one, in all and of one client.
  explicit places(std::size_t limit, std::size_t of_client = all) : free_(limit > 0 ? limit : 1), of_client_(of_client > 0 ? of_client : 1) {}

  /// One place, given back at its end.
  class held {
   public:
    held(std::shared_ptr<places> of, clients::iterator whose) : of_(std::move(of)), whose_(whose) {}
    held(held&&) = default;
    held& operator=(held&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(whose_, other.whose_);
      return *this;
    }
    ~held() {
      if (of_) of_->leave(whose_);
    }

   private:
    std::shared_ptr<places> of_;
    clients::iterator whose_;
  };
  /// Nothing: none became free in that time, or nobody waits for it any more (`abandoned` may be null). `whose`: the client; empty:
  /// nobody's in particular, which is the gateway's own and comes first.
  boost::asio::awaitable<std::optional<held>> enter(std::chrono::milliseconds patience, const std::atomic<bool>* abandoned = nullptr,
                                                    std::string whose = {});

 private:
  struct waiter;
  bool may_have_one(clients::const_iterator whose) const { return whose->first.empty() || whose->second.taken < of_client_; }
  void take(clients::iterator whose);
  void leave(clients::iterator whose);
  void give_out();
  void forget(clients::iterator whose);

  std::size_t free_;
  const std::size_t of_client_;
  clients clients_;             // that have a place, or wait for one
  std::list<waiter*> waiting_;  // the longest first
};

struct database_share {
  /// Of a pool of so many connections: three quarters, and of those a third for work that may take minutes.
  explicit database_share(std::size_t pool_size)
      : any(std::make_shared<places>(pool_size * 3 / 4, of_client(pool_size * 3 / 4))), lasting(std::make_shared<places>(pool_size / 4)) {}
  /// Of so many places: a quarter, at least two, but never all, unless there is one alone.
  static constexpr std::size_t of_client(std::size_t places) {
    return std::max<std::size_t>(1, std::min(std::max<std::size_t>(2, places / 4), places - std::min<std::size_t>(places, 1)));
  }
  static constexpr std::chrono::seconds patience{5};
  std::shared_ptr<places> any, lasting;
};

}  // namespace tollgate::gateway::api
