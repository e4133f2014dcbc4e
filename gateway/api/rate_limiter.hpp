// SPDX-License-Identifier: Apache-2.0
// How many requests a client may send in a minute: windows that begin with the first request of each. Bounded in memory:
// beyond so many clients the window that began first is forgotten. Free of IO.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tollgate::gateway::api {

class rate_limiter {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds window{60};

  /// `limit` requests of a client in a window, 0: as many as it likes; at most `clients` are remembered.
  explicit rate_limiter(std::uint32_t limit, std::size_t clients = 20'000) : limit_(limit), most_(clients) {}

  /// What draft-ietf-httpapi-ratelimit-headers-06 has told: RateLimit-Limit, -Remaining, -Reset.
  struct verdict {
    bool allowed = true;
    std::uint32_t limit = 0;  ///< 0: there is none, nothing is to be told
    std::uint32_t remaining = 0;
    std::chrono::seconds reset{0};  ///< until the window ends, at least 1
  };
  /// Counts one request.
  verdict take(const std::string& client, time_point now);
  /// The same without counting.
  verdict look(const std::string& client, time_point now) const;

  std::size_t clients() const { return windows_.size(); }

 private:
  struct one_window {
    std::string client;
    time_point ends;
    std::uint32_t used = 0;
  };
  void forget_ended(time_point now);
  verdict judge(const one_window& of, time_point now, bool allowed) const;

  std::uint32_t limit_;
  std::size_t most_;
  std::list<one_window> windows_;  // by their ends
  std::unordered_map<std::string_view, std::list<one_window>::iterator> by_client_;
};

/// The client that an address stands for: an IPv4 address, or the /64 of an IPv6 one, which one subscriber has whole.
std::string client_of_address(std::string_view address);

}  // namespace tollgate::gateway::api
