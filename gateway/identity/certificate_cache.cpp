// SPDX-License-Identifier: Apache-2.0
#include "gateway/identity/certificate_cache.hpp"

#include <algorithm>

namespace tollgate::gateway::identity {

std::optional<certificate_cache::found> certificate_cache::find(const std::string& url, time_point now) {
  const auto at = entries_.find(url);
  if (at == entries_.end()) return std::nullopt;
  if (at->second.until <= now) {
    entries_.erase(at);
    return std::nullopt;
  }
  at->second.asked = now;
  return at->second.what;
}

void certificate_cache::put(const std::string& url, found what, time_point now) {
  const auto until = now + (what ? limits_.keep : limits_.keep_failure);
  if (!entries_.contains(url)) make_room(now);
  entries_.insert_or_assign(url, entry{std::move(what), until, now});
}

void certificate_cache::make_room(time_point now) {
  if (entries_.size() < limits_.most) return;
  std::erase_if(entries_, [now](const auto& one) { return one.second.until <= now; });
  while (entries_.size() >= limits_.most)
    entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
      return a.second.asked < b.second.asked;
    }));
}

}  // namespace tollgate::gateway::identity
