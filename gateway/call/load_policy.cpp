// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/load_policy.hpp"

#include <algorithm>
#include <array>

namespace tollgate::gateway::call {

using namespace std::chrono_literals;

namespace {

constexpr double share_saturated = 0.97;
constexpr int refinement_after = 2, refusal_after = 4;  // high samples in a row
constexpr auto calm_needed = 3s;
// A late worker gives up refinement from a smaller share on: nobody is refused for that.
constexpr double refinement_goes_earlier = 0.5;

struct step {
  int complexity;
  double cost;         // of a call, by that at complexity 5: measured with libopus 1.3.1 at 8 kHz, FEC off
  double falls_below;  // by share_high: what lets the level before stay below it, with a margin
};
constexpr std::array<step, 4> steps{{{5, 1.0, 0}, {3, 0.86, 0.76}, {0, 0.64, 0.65}, {0, 0.64, 0.88}}};

// A few calls wake the worker as often as many do: what that costs is no call's. Measured as the share of a
// core at which the line through 30 to 150 calls meets zero.
constexpr double share_of_waking = 0.1;
constexpr std::size_t enough_to_measure = 10;
// What is believed of a measurement: handshakes of a burst of calls are no call's cost either.
constexpr double call_least = 0.0025, call_most = 0.015;
constexpr double weight_of_new = 0.3;
constexpr double room_above_high = 0.05;  // of a core

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

bool load_policy::high(const load_sample& sample, double share_late) const noexcept {
  const bool late = sample.standing_lag >= limits_.lag_high;
  return sample.cpu_share >= limits_.share_high || (late && sample.cpu_share >= share_late);
}

void load_policy::learn(const load_sample& sample) noexcept {
  if (sample.talking < enough_to_measure) return;
  const double each =
      (sample.cpu_share - share_of_waking) / static_cast<double>(sample.talking) / step_of(level_).cost;
  share_of_a_call_ += weight_of_new * (std::clamp(each, call_least, call_most) - share_of_a_call_);
}

load_level load_policy::update(const load_sample& sample, time_point now) noexcept {
  learn(sample);
  const bool refines = level_ < load_level::least;
  const bool refinement_too_dear = high(sample, limits_.share_late * refinement_goes_earlier);
  const bool too_much = refines ? refinement_too_dear : high(sample, limits_.share_late);
  high_in_a_row_ = too_much ? high_in_a_row_ + 1 : 0;
  const bool saturated = too_much && sample.cpu_share >= share_saturated;
  if (refines ? saturated || high_in_a_row_ >= refinement_after : high_in_a_row_ >= refusal_after) {
    level_ = neighbour(level_, 1);
    high_in_a_row_ = 0;
  }
  if (refinement_too_dear || sample.cpu_share >= step_of(level_).falls_below * limits_.share_high) {
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

bool has_room(const load_limits& limits, const load_prospect& prospect) noexcept {
  if (prospect.level == load_level::refusing) return false;
  const double cheapest = step_of(load_level::least).cost;
  const double each = prospect.share_of_a_call * cheapest;
  // Calls that have just begun to talk are not in the measured share yet.
  const double now = std::max(prospect.cpu_share * cheapest / step_of(prospect.level).cost,
                              each * static_cast<double>(prospect.talking));
  return now + each * static_cast<double>(prospect.coming + 1) <= limits.share_high + room_above_high;
}

}  // namespace tollgate::gateway::call
