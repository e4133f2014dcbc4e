// SPDX-License-Identifier: Apache-2.0
// Overload with grace: what a media worker gives up as its load grows, and when it takes it back. Live calls
// lose some of Opus's refinement first, then new calls are refused; nobody's packets are dropped. Free of IO
// and of clocks.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tollgate::gateway::call {

enum class load_level : std::uint8_t {
  normal,    // Opus at complexity 5
  reduced,   // 3
  least,     // 0
  refusing,  // 0, and no new calls
};
std::string_view to_string(load_level level) noexcept;
int opus_complexity(load_level level) noexcept;

// What a worker measured over an interval.
struct load_sample {
  double cpu_share = 0;  // CPU time of its thread by time passed: 1 is a whole core
  // By how much its deadlines were missed at least: a queue that did not drain in the whole interval (as in
  // CoDel, RFC 8289 §3.1), which a single late moment is not.
  std::chrono::nanoseconds standing_lag{0};
};

class load_policy {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  // The level from now on. Rises by one step when two samples in a row are too high, at once when the worker
  // is saturated; falls by one after three seconds in which the load would stay well below the limit even
  // with the dearer encoder.
  load_level update(const load_sample& sample, time_point now) noexcept;
  load_level level() const noexcept { return level_; }

 private:
  load_level level_ = load_level::normal;
  int high_in_a_row_ = 0;
  bool calm_ = false;
  time_point calm_since_{};
};

// Whether a worker at `level`, of whose calls `talking` cost what `cpu_share` says while `coming` ones are
// still ringing, has room for one more: when all of them talk, with the cheapest encoder. What has been let
// in but costs nothing yet is what a burst of calls would overload it with.
bool has_room(load_level level, double cpu_share, std::size_t talking, std::size_t coming) noexcept;

}  // namespace tollgate::gateway::call
