// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/load_policy.hpp"

#include <algorithm>
#include <array>

namespace tollgate::gateway::call {

using namespace std::chrono_literals;

namespace {

constexpr double share_high = 0.85;  // of a core: above, packets begin to wait for each other
constexpr double share_saturated = 0.97;
constexpr auto lag_high = 10ms;  // half a frame: a jitter buffer notices
constexpr auto lag_saturated = 40ms;
constexpr auto lag_low = 5ms;
constexpr int high_needed = 2;
constexpr auto calm_needed = 3s;

struct step {
  int complexity;
  double cost;         // of a call, by that at complexity 5: measured with libopus 1.3.1 at 8 kHz, FEC off
  double falls_below;  // share of a core that lets the level before stay below share_high, with a margin
};
constexpr std::array<step, 4> steps{{{5, 1.0, 0}, {3, 0.86, 0.65}, {0, 0.64, 0.55}, {0, 0.64, 0.75}}};

constexpr double share_of_a_call = 0.005;  // 5 ms CPU per call-second, while there are too few to measure it
constexpr std::size_t enough_to_measure = 10;
constexpr double share_full = 0.9;

const step& step_of(load_level level) noexcept {
  return steps[static_cast<std::size_t>(level)];
}

load_level neighbour(load_level level, int by) noexcept {
  const int wanted = static_cast<int>(level) + by;
  return static_cast<load_level>(
      std::clamp(wanted, static_cast<int>(load_level::normal), static_cast<int>(load_level::refusing)));
}

}  // namespace

std::string_view to_string(load_level level) noexcept {
  switch (level) {
    case load_level::normal:
      return "normal";
    case load_level::reduced:
      return "reduced";
    case load_level::least:
      return "least";
    case load_level::refusing:
      return "refusing";
  }
  return "";
}

int opus_complexity(load_level level) noexcept {
  return step_of(level).complexity;
}

load_level load_policy::update(const load_sample& sample, time_point now) noexcept {
  const bool saturated = sample.cpu_share >= share_saturated || sample.standing_lag >= lag_saturated;
  const bool high = saturated || sample.cpu_share >= share_high || sample.standing_lag >= lag_high;
  const bool low = sample.cpu_share < step_of(level_).falls_below && sample.standing_lag < lag_low;
  high_in_a_row_ = high ? high_in_a_row_ + 1 : 0;
  if (saturated || high_in_a_row_ >= high_needed) {
    level_ = neighbour(level_, 1);
    high_in_a_row_ = 0;
  }
  if (!low) {
    calm_ = false;
  } else if (!calm_) {
    calm_ = true;
    calm_since_ = now;
  } else if (now - calm_since_ >= calm_needed) {
    level_ = neighbour(level_, -1);
    calm_ = false;  // the next step is judged by what this one costs
  }
  return level_;
}

bool has_room(load_level level, double cpu_share, std::size_t talking, std::size_t coming) noexcept {
  if (level == load_level::refusing) return false;
  const double cheapest = step_of(load_level::least).cost;
  const double shrinks_to = cheapest / step_of(level).cost;
  const double each = talking >= enough_to_measure ? cpu_share / static_cast<double>(talking) * shrinks_to
                                                   : share_of_a_call * cheapest;
  return cpu_share * shrinks_to + each * static_cast<double>(coming + 1) <= share_full;
}

}  // namespace tollgate::gateway::call
