// SPDX-License-Identifier: Apache-2.0
// Whether one side of a call has fallen silent for so long that its far end must be gone. Aware of hold and
// of silence suppression. Free of IO and of clocks.
#pragma once

#include <chrono>
#include <optional>

namespace tollgate::gateway::call {

class silence_watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// After comfort noise nothing needs to come until somebody speaks (RFC 3389 §4, ITU-T G.729 Annex B): a
  /// silence that was announced may last so many times as long as another one.
  static constexpr int announced_factor = 10;

  /// `timeout`: how long nothing at all may come.
  explicit silence_watch(std::chrono::nanoseconds timeout) : timeout_(timeout) {}

  /// Watches from now on, or no longer.
  void arm(bool on, time_point now) {
    armed_ = on;
    heard(now, false);
  }
  /// Media was agreed on, at first or anew. On hold (the far end does not listen: RFC 3264 §8.4) many a far
  /// end sends nothing at all, whatever its description says: it is not watched until it listens again.
  void agreed(bool on_hold, time_point now) {
    on_hold_ = on_hold;
    heard(now, false);
  }
  /// A packet of voice; `announces_silence`: of comfort noise.
  void heard(time_point now, bool announces_silence) {
    last_ = now;
    announced_ = announces_silence;
  }
  /// An RTCP packet: the far end lives, though it may have nothing to say.
  void reported(time_point now) { last_ = now; }

  /// When the silence has lasted too long, unless something comes before; nothing while nobody watches.
  std::optional<time_point> due() const {
    if (!armed_ || on_hold_) return std::nullopt;
    return last_ + timeout_ * (announced_ ? announced_factor : 1);
  }
  /// Whether it has lasted too long now: said once, then nobody watches any more.
  bool is_over(time_point now) {
    const auto at = due();
    if (!at || now < *at) return false;
    armed_ = false;
    return true;
  }

 private:
  std::chrono::nanoseconds timeout_;
  bool armed_ = false;
  bool on_hold_ = false;
  bool announced_ = false;
  time_point last_{};
};

}  // namespace tollgate::gateway::call
