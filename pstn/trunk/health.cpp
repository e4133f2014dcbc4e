// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/health.hpp"

#include <algorithm>

namespace tollgate::pstn::trunk {

bool is_alive(int sip_status) {
  switch (sip_status) {
    case 408:
    case 500:
    case 502:
    case 503:
    case 504:
      return false;
    default:
      return sip_status >= 100 && sip_status <= 699;
  }
}

void trunk_health::probe_sent() {
  next_probe_ = time_point::max();
}

void trunk_health::probe_answered(int sip_status, time_point now) {
  count(is_alive(sip_status));
  next_probe_ = now + probe_interval();
}

void trunk_health::call_answered(int sip_status, time_point now) {
  count(is_alive(sip_status));
  if (next_probe_ != time_point::max()) next_probe_ = std::min(next_probe_, now + probe_interval());
}

void trunk_health::count(bool alive) {
  failures_ = alive ? 0 : failures_ + 1;
  successes_ = alive ? successes_ + 1 : 0;
  if (up_ && failures_ >= options_.failures_to_go_down) up_ = false;
  if (!up_ && successes_ >= options_.successes_to_come_up) up_ = true;
}

// A doubtful trunk is asked at the quickest pace, so that it is judged soon.
std::chrono::seconds trunk_health::probe_interval() const {
  const bool in_doubt = up_ ? failures_ > 0 : successes_ > 0;
  if (in_doubt) return options_.probe_interval_doubt;
  return up_ ? options_.probe_interval_up : options_.probe_interval_down;
}

}  // namespace tollgate::pstn::trunk
