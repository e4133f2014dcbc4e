// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/timer.hpp"

#include <new>
#include <utility>

#include "pstn/sip/endpoint.hpp"

namespace tollgate::pstn::sip {

timer::timer(su_root_t* root, std::function<void()> action)
    : timer_(su_timer_create(su_root_task(root), 1000)), action_(std::move(action)) {
  if (!timer_) throw std::bad_alloc();
}

timer::~timer() {
  su_timer_destroy(timer_);
}

void timer::start(std::chrono::milliseconds delay) {
  su_timer_set_interval(timer_, &timer::expired, this, static_cast<su_duration_t>(delay.count()));
}

void timer::stop() {
  su_timer_reset(timer_);
}

void timer::expired(su_root_magic_t* home, su_timer_t*, su_timer_arg_t* self) {
  home->guarded([self] { self->action_(); });
}

}  // namespace tollgate::pstn::sip
