// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/call_quality.hpp"

namespace tollgate::pstn::trunk {

void call_quality::note(bool answered, std::optional<std::chrono::milliseconds> post_dial_delay,
                        time_point now) {
  while (!attempts_.empty() &&
         (attempts_.size() >= most_attempts || now - attempts_.front().at >= options_.window))
    attempts_.pop_front();
  attempts_.push_back({now, answered, post_dial_delay});
}

void call_quality::note_talk(std::chrono::milliseconds talk, time_point now) {
  while (!calls_.empty() &&
         (calls_.size() >= most_attempts || now - calls_.front().ended_at >= options_.window))
    calls_.pop_front();
  calls_.push_back({now, talk});
}

quality_figures call_quality::figures(time_point now) const {
  quality_figures found;
  std::chrono::milliseconds sum{0};
  int delays = 0;
  for (const attempt& one : attempts_) {
    if (now - one.at >= options_.window) continue;
    ++found.attempts;
    found.answered += one.answered ? 1 : 0;
    if (!one.post_dial_delay) continue;
    sum += *one.post_dial_delay;
    ++delays;
  }
  if (delays > 0) found.post_dial_delay = sum / delays;
  std::chrono::milliseconds talk{0};
  int calls = 0;
  for (const call& one : calls_) {
    if (now - one.ended_at >= options_.window) continue;
    talk += one.talk;
    ++calls;
  }
  if (calls > 0) found.call_duration = talk / calls;
  found.known = found.attempts >= options_.least_attempts;
  return found;
}

}  // namespace tollgate::pstn::trunk
