// SPDX-License-Identifier: Apache-2.0
// How long something took, counted by bounds that are the same for everything. Free of IO; taken and read from any thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tollgate::gateway::metrics {

class duration_histogram {
 public:
  /// In microseconds; what takes longer is counted by the total alone.
  static constexpr std::array<std::int64_t, 12> bounds_us{500,     1'000,   2'500,     5'000,     10'000,    25'000,
                                                          100'000, 250'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};

  void take(std::chrono::steady_clock::duration took) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    std::size_t at = 0;
    while (at < bounds_us.size() && us > bounds_us[at])
      ++at;
    counts_[at].fetch_add(1, std::memory_order_relaxed);
    sum_us_.fetch_add(us > 0 ? static_cast<std::uint64_t>(us) : 0, std::memory_order_relaxed);
  }

  /// By bound, each beside what is beyond the one before; the last is of what is beyond all.
  using counts = std::array<std::uint64_t, bounds_us.size() + 1>;
  counts read() const {
    counts out{};
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = counts_[i].load(std::memory_order_relaxed);
    return out;
  }
  std::uint64_t sum_us() const { return sum_us_.load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<std::uint64_t>, bounds_us.size() + 1> counts_{};
  std::atomic<std::uint64_t> sum_us_{0};
};

}  // namespace tollgate::gateway::metrics
