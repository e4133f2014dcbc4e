// SPDX-License-Identifier: Apache-2.0
// The sliding window.
#include "gateway/overlay/limits.hpp"

#include <algorithm>

namespace tollgate::gateway::overlay {

// Drops what has left the window; nothing when no event of this key is left.
std::deque<rate_limiter::time_point>* rate_limiter::prune(const std::string& key, time_point now) {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return nullptr;
  auto& times = found->second;
  while (!times.empty() && now - times.front() >= limit_.window)
    times.pop_front();
  if (!times.empty()) return &times;
  keys_.erase(found);
  return nullptr;
}

// Keeps the table bounded: first what has expired goes, then the key that has been quiet longest.
void rate_limiter::make_room(time_point now) {
  if (keys_.size() < keys_max_) return;
  std::erase_if(keys_, [&](const auto& entry) { return now - entry.second.back() >= limit_.window; });
  if (keys_.size() < keys_max_) return;
  const auto stalest = std::min_element(keys_.begin(), keys_.end(), [](const auto& left, const auto& right) {
    return left.second.back() < right.second.back();
  });
  if (stalest != keys_.end()) keys_.erase(stalest);
}

bool rate_limiter::allow(std::string_view key, time_point now) {
  const std::string name(key);
  auto* times = prune(name, now);
  if (limit_.events == 0 || (times != nullptr && times->size() >= limit_.events)) return false;
  if (times == nullptr) {
    make_room(now);
    times = &keys_[name];
  }
  times->push_back(now);
  return true;
}

bool rate_limiter::exhausted(std::string_view key, time_point now) {
  const auto* times = prune(std::string(key), now);
  return limit_.events == 0 || (times != nullptr && times->size() >= limit_.events);
}

void rate_limiter::take_back(std::string_view key) {
  const auto found = keys_.find(std::string(key));
  if (found == keys_.end()) return;
  found->second.pop_back();  // no key without an event is kept
  if (found->second.empty()) keys_.erase(found);
}

void rate_limiter::forget(std::string_view key) {
  keys_.erase(std::string(key));
}

}  // namespace tollgate::gateway::overlay
