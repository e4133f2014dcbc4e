// SPDX-License-Identifier: Apache-2.0
// Deadlines of a media worker's calls, the earliest first. Free of IO and of clocks.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <utility>

namespace tollgate::gateway::call {

// One deadline for each owner. Setting and meeting it allocates nothing. Belongs to one thread.
class deadline_queue {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr time_point never = time_point::max();

  // A deadline that is set again and again. Must not outlive its queue, and not end inside its own `due`.
  class deadline {
   public:
    // `due` is called with the time at which the queue found it due; it may set the deadline again.
    deadline(deadline_queue& queue, std::function<void(time_point now)> due)
        : queue_(queue), due_(std::move(due)), place_(queue.waiting_.emplace(never, this)) {}
    ~deadline() { queue_.waiting_.erase(place_); }
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;

    void set(time_point at) {
      auto node = queue_.waiting_.extract(place_);
      node.key() = at;
      place_ = queue_.waiting_.insert(std::move(node));
    }
    time_point at() const noexcept { return place_->first; }

   private:
    friend class deadline_queue;
    deadline_queue& queue_;
    std::function<void(time_point)> due_;
    std::multimap<time_point, deadline*>::iterator place_;
  };

  time_point next() const noexcept { return waiting_.empty() ? never : waiting_.begin()->first; }
  // Sees to all that are due, in the order of their times; one that is set anew to a time that has passed
  // waits for the next call.
  void run(time_point now) {
    for (auto left = waiting_.size(); left > 0 && next() <= now; --left) {
      deadline& first = *waiting_.begin()->second;
      first.set(never);
      first.due_(now);
    }
  }

 private:
  friend class deadline;
  std::multimap<time_point, deadline*> waiting_;
};

}  // namespace tollgate::gateway::call
