// SPDX-License-Identifier: Apache-2.0
// Is a trunk in service? Judged by OPTIONS probes and by the fate of live calls, with thresholds so that one
// lost datagram changes nothing. Free of IO: the time is an argument.
#pragma once

#include <chrono>

namespace tollgate::pstn::trunk {

using time_point = std::chrono::steady_clock::time_point;

struct health_options {
  int failures_to_go_down = 3;   // in a row
  int successes_to_come_up = 2;  // in a row
  // With answers waited for 4 s, a trunk that dies right after a probe is out 10 + 3·4 + 2·2 = 26 s later,
  // and back 5 + 2 s after it returned.
  std::chrono::seconds probe_interval_up{10};
  std::chrono::seconds probe_interval_doubt{2};  // up, but the last sign was bad; or down, and it was good
  std::chrono::seconds probe_interval_down{5};
};

/// Does this status say that the far end lives? Any answer does, but for time-outs (408), what a proxy says
/// of a dead next hop or of itself (500, 502, 503, 504), and 0 (no answer at all).
bool is_alive(int sip_status);

class trunk_health {
 public:
  explicit trunk_health(health_options options = {}) : options_(options) {}

  /// A new trunk is up until shown otherwise: the first call shall not wait for a probe.
  bool up() const { return up_; }

  /// When the next OPTIONS is due; the distant future while one is under way.
  time_point next_probe() const { return next_probe_; }
  void probe_sent();
  void probe_answered(int sip_status, time_point now);

  /// The first answer of a live call: a 18x or 2xx, or the failure.
  void call_answered(int sip_status, time_point now);

 private:
  void count(bool alive);
  std::chrono::seconds probe_interval() const;

  health_options options_;
  bool up_ = true;
  int failures_ = 0;
  int successes_ = 0;
  time_point next_probe_{};  // at once
};

}  // namespace tollgate::pstn::trunk
