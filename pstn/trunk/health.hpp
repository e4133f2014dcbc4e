// SPDX-License-Identifier: Apache-2.0
// Is a trunk in service? Judged by OPTIONS probes and by the fate of live calls, with thresholds so that one
// lost datagram changes nothing. Free of IO: the time is an argument.
#pragma once

#include <chrono>
#include <cstdint>

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

/// Does this answer to an OPTIONS or a REGISTER say that the far end lives? Any does, but for time-outs
/// (408), what a proxy says of a dead next hop or of itself (500, 502, 503, 504), and 0 (no answer at all).
bool is_alive(int sip_status);

/// What is to be taken from a live call for the health of its trunk.
enum class call_sign : std::uint8_t { alive, dead, nothing };

/// Of an answer to an INVITE. `heard`: the far end said it; else it is our own time-out or a transport that
/// failed, and the sign of death. A 408 or a 5xx that was heard is about this call: the telephone that it
/// rang, or the network behind the carrier to that one prefix. It tells nothing of the trunk as a whole, and
/// counts for its quality instead.
call_sign sign_of_call(int sip_status, bool heard);

/// The sign of one attempt over a trunk: its first answer gives it, whatever becomes of the call after that.
class attempt_sign {
 public:
  call_sign take(int sip_status, bool heard);

 private:
  bool taken_ = false;
};

/// How long a Retry-After is kept to: for no more than `longest_rest`, or one typing mistake of a carrier's
/// would end its traffic.
inline constexpr std::chrono::seconds longest_rest{300};
std::chrono::seconds believed_rest(std::chrono::seconds asked);

class trunk_health {
 public:
  explicit trunk_health(health_options options = {}) : options_(options) {}

  /// A new trunk is up until shown otherwise: the first call shall not wait for a probe.
  bool up() const { return up_; }

  /// When the next OPTIONS is due; the distant future while one is under way.
  time_point next_probe() const { return next_probe_; }
  void probe_sent();
  void probe_answered(int sip_status, time_point now);

  void call_answered(call_sign sign, time_point now);

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
