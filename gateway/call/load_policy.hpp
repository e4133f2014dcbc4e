// SPDX-License-Identifier: Apache-2.0
// Overload with grace: what a media worker gives up as its load grows, and when it takes it back. Live calls
// lose some of Opus's refinement first, then new calls are refused; nobody's packets are dropped. Load is
// what the worker's own thread uses of a core: a machine that is busy with other things is no reason to
// refuse a call. Free of IO and of clocks.
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

struct load_limits {
  double share_high =
      0.85;  // of a core, from which something is given up; above, packets wait for each other
  // From which a worker that is late takes no more calls either; refinement it gives up from half of that on.
  // Below, it is others who keep the core busy.
  double share_late = 0.60;
  std::chrono::nanoseconds lag_high = std::chrono::milliseconds(10);  // late: half a frame
};

// What a worker measured over an interval.
struct load_sample {
  double cpu_share = 0;  // CPU time of its thread by time passed: 1 is a whole core
  // By how much its deadlines were missed at least: what a single late moment does not raise (as in CoDel,
  // RFC 8289 §3.1).
  std::chrono::nanoseconds standing_lag{0};
  std::size_t talking = 0;  // calls that had media all the time
};

class load_policy {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit load_policy(load_limits limits = {}) noexcept : limits_(limits) {}

  // The level from now on. Refinement is given up by one step when two samples in a row are too high, at once
  // when the worker is saturated; calls are refused only when four in a row stay too high without any. Falls
  // by one after three seconds in which the load would stay well below the limit even with the dearer
  // encoder.
  load_level update(const load_sample& sample, time_point now) noexcept;
  load_level level() const noexcept { return level_; }
  // Share of a core that a call costs with the best encoder, as lately measured.
  double share_of_a_call() const noexcept { return share_of_a_call_; }

 private:
  void learn(const load_sample& sample) noexcept;
  bool high(const load_sample& sample, double share_late) const noexcept;

  load_limits limits_;
  load_level level_ = load_level::normal;
  double share_of_a_call_ = 0.005;  // 5 ms of CPU per call-second, until it is measured
  int high_in_a_row_ = 0;
  bool calm_ = false;
  time_point calm_since_{};
};

// What a worker is asked for room with.
struct load_prospect {
  load_level level = load_level::normal;
  double cpu_share = 0;        // as lately measured
  double share_of_a_call = 0;  // load_policy::share_of_a_call
  std::size_t talking = 0;     // calls with media
  std::size_t coming = 0;      // calls without: they ring
};

// Whether the worker has room for one more call: when all of them talk, with the cheapest encoder. What has
// been let in but costs nothing yet is what a burst of calls would overload it with.
bool has_room(const load_limits& limits, const load_prospect& prospect) noexcept;

}  // namespace tollgate::gateway::call
