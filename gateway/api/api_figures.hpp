// SPDX-License-Identifier: Apache-2.0
// Inside of gateway/api: what the server counts of itself, for /metrics. By operation, never by who asks. Free of IO, for one thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>

#include "gateway/api/router.hpp"
#include "gateway/metrics/duration_histogram.hpp"

namespace tollgate::gateway::api {

class api_figures {
 public:
  using clock = std::chrono::steady_clock;

  explicit api_figures(std::span<const route> routes);

  /// One answer. `of`: null if there is no such resource; `took`: nothing of what has no end of its own.
  void count(const route* of, unsigned status, std::optional<clock::duration> took);

  enum class refused_body : std::uint8_t {
    too_large,  ///< beyond what the resource takes
    busy,       ///< there was no room for it
    cut,        ///< it ended, or became too slow, before its length
  };
  void count(refused_body why) { ++bodies_refused_.at(static_cast<std::size_t>(why)); }

  struct connection_counts {
    std::size_t open = 0;           ///< now
    std::uint64_t accepted = 0, turned_away = 0, given_up = 0;  ///< the latter: idle ones, for want of room
    std::uint64_t clients_gone = 0;                             ///< before they had their answer
  };
  connection_counts connections{};

  /// How much later than it should the thread came to something that was due.
  void count_delay(clock::duration late, clock::time_point now);

  /// How long the API's work has waited for a connection to the database. From any thread.
  metrics::duration_histogram database_waits;

  /// Prometheus' text of it all.
  void put(std::string& into, clock::time_point now) const;

 private:
  static constexpr std::size_t classes = 5;  // 1xx to 5xx
  struct operation {
    std::array<std::uint64_t, classes> by_class{};
    metrics::duration_histogram durations;
  };
  std::string labels_of(std::size_t at) const;

  std::span<const route> routes_;
  std::deque<operation> operations_;  // by route, the last of requests for what is not there
  std::array<std::uint64_t, 3> bodies_refused_{};
  metrics::duration_histogram delays_;
  // The worst of the last minute: of the half that goes on, and of the one before.
  static constexpr std::chrono::seconds half{30};
  clock::duration worst_{}, worst_before_{};
  clock::time_point half_ends_{};
};

}  // namespace tollgate::gateway::api
