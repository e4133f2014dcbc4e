// SPDX-License-Identifier: Apache-2.0
// The certificates that were fetched, by their URLs, for a while and so many at most; and the URLs where
// there was none, for a shorter while. One thread, free of IO.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <unordered_map>

#include "pstn/identity/certificate.hpp"

namespace tollgate::gateway::identity {

struct cache_limits {
  std::chrono::seconds keep{3'600};
  std::chrono::seconds keep_failure{30};
  std::size_t most = 1'000;  // at least 1
};

class certificate_cache {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using found = boost::system::result<pstn::identity::certificate_chain>;

  explicit certificate_cache(cache_limits limits) : limits_(limits) {}

  // What was put there and holds still. Nothing: it has to be fetched.
  std::optional<found> find(const std::string& url, time_point now);
  // When there is no room, what was asked for the longest ago goes.
  void put(const std::string& url, found what, time_point now);
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct entry {
    found what;
    time_point until;
    time_point asked;
  };
  void make_room(time_point now);

  cache_limits limits_;
  std::unordered_map<std::string, entry> entries_;
};

}  // namespace tollgate::gateway::identity
