// SPDX-License-Identifier: Apache-2.0
// A one-shot timer of the SIP thread.
#pragma once

#include <chrono>
#include <functional>

#include "pstn/sip/sofia.hpp"

namespace tollgate::pstn::sip {

class timer {
 public:
  timer(su_root_t* root, std::function<void()> action);
  ~timer();
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  /// Runs the action once after `delay`; an earlier start is forgotten.
  void start(std::chrono::milliseconds delay);
  void stop();

 private:
  static void expired(su_root_magic_t* home, su_timer_t* which, su_timer_arg_t* self);

  su_timer_t* timer_;
  std::function<void()> action_;
};

}  // namespace tollgate::pstn::sip
