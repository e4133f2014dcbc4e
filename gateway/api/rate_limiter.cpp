// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/rate_limiter.hpp"

#include <algorithm>
#include <iterator>

#include "gateway/subscriber/client_address.hpp"

namespace tollgate::gateway::api {

void rate_limiter::forget_ended(time_point now) {
  while (!windows_.empty() && (windows_.front().ends <= now || windows_.size() >= most_)) {
    const bool ended = windows_.front().ends <= now;
    by_client_.erase(windows_.front().client);
    windows_.pop_front();
    if (!ended) break;  // one makes room for one
  }
}

rate_limiter::verdict rate_limiter::judge(const one_window& of, time_point now, bool allowed) const {
  const auto left = std::chrono::ceil<std::chrono::seconds>(of.ends - now);
  return {allowed, limit_, limit_ - std::min(of.used, limit_), std::max(left, std::chrono::seconds(1))};
}

rate_limiter::verdict rate_limiter::take(const std::string& client, time_point now) {
  if (limit_ == 0) return {};
  auto found = by_client_.find(client);
  if (found != by_client_.end() && found->second->ends <= now) {
    const auto ended = found->second;
    by_client_.erase(found);  // first: its key lies in the window
    windows_.erase(ended);
    found = by_client_.end();
  }
  if (found == by_client_.end()) {
    forget_ended(now);
    windows_.push_back({client, now + window});
    found = by_client_.emplace(windows_.back().client, std::prev(windows_.end())).first;
  }
  one_window& own = *found->second;
  if (own.used >= limit_) return judge(own, now, false);
  ++own.used;
  return judge(own, now, true);
}

rate_limiter::verdict rate_limiter::look(const std::string& client, time_point now) const {
  if (limit_ == 0) return {};
  const auto found = by_client_.find(client);
  if (found == by_client_.end() || found->second->ends <= now) return {true, limit_, limit_, window};
  return judge(*found->second, now, found->second->used < limit_);
}

std::string client_of_address(std::string_view address) {
  return subscriber::client_of_address(address);
}

}  // namespace tollgate::gateway::api
