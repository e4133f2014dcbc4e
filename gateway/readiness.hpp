// SPDX-License-Identifier: Apache-2.0
// Whether the node can take calls. What is work to find out is kept for a moment, for whoever asks all the time. Free of IO.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tollgate::gateway {

class readiness {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kept{250};

  struct sources {
    std::function<bool()> database_reachable, draining;   // asked each time
    std::function<bool()> sip_responds, some_trunk_is_up;  // not more often than every `kept`
  };
  explicit readiness(sources asked) : asked_(std::move(asked)) {}

  /// Why it cannot ("database", "sip", "draining", "trunks"); empty: ready.
  std::vector<std::string> reasons(time_point now);

 private:
  struct finding {
    time_point at;
    bool sip, trunk;
  };
  sources asked_;
  std::optional<finding> found_;
};

}  // namespace tollgate::gateway
