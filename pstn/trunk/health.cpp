// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/health.hpp"

#include <algorithm>
#include <utility>

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

call_sign sign_of_call(int sip_status, bool heard) {
  if (!heard) return call_sign::dead;
  const bool of_this_call = sip_status == 408 || (sip_status >= 500 && sip_status <= 599);
  return of_this_call ? call_sign::nothing : call_sign::alive;
}

call_sign attempt_sign::take(int sip_status, bool heard) {
  return std::exchange(taken_, true) ? call_sign::nothing : sign_of_call(sip_status, heard);
}

std::chrono::seconds believed_rest(std::chrono::seconds asked) {
  return std::clamp(asked, std::chrono::seconds{0}, longest_rest);
}

void trunk_health::probe_sent() {
  next_probe_ = time_point::max();
}

void trunk_health::probe_answered(int sip_status, time_point now) {
  count(is_alive(sip_status));
  next_probe_ = now + probe_interval();
}

void trunk_health::call_answered(call_sign sign, time_point now) {
  if (sign == call_sign::nothing) return;
  count(sign == call_sign::alive);
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
