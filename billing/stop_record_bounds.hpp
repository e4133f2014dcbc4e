// SPDX-License-Identifier: Apache-2.0
// Bounds of what a stop record says, and its two parts that are JSON wherever it goes. Free of IO. Private to
// the module.
#pragma once

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "billing/rate.hpp"
#include "billing/stop_record.hpp"

namespace tollgate::billing {

inline constexpr int last_sip_code = 999;
inline constexpr int last_q850_cause = 127;

inline std::int64_t bounded_ms(std::chrono::milliseconds value) {
  return std::clamp<std::chrono::milliseconds>(value, std::chrono::milliseconds{0}, max_call_duration)
      .count();
}

inline double bounded(double value) {
  return std::isfinite(value) ? std::clamp(value, 0.0, 1e9) : 0.0;
}

inline std::int64_t bounded(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max()));
}

// At most 50 attempts.
boost::json::array attempts_value(const std::vector<trunk_attempt>& attempts);

// null for none, and for a rate that is not valid.
boost::json::value cost_value(const std::optional<cost_rate>& cost);
// Of the trunk that carried the call, with what its other attempts cost in the same currency.
boost::json::value cost_value(const stop_record& record);

}  // namespace tollgate::billing
