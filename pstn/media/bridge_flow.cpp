// SPDX-License-Identifier: Apache-2.0
// The clock of one direction. Free of IO.
#include "pstn/media/bridge_flow.hpp"

#include <algorithm>

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds nudge_most = 200us;  // a tick: 1 % of 20 ms, far above any clock's drift
constexpr nanoseconds nudge_least = 1ms;   // a smaller error is left alone
constexpr nanoseconds stalled = 4ms;       // a tick that is late by this is due to us, not to the network
constexpr nanoseconds read_sockets = 2ms;

}  // namespace

void flow_clock::start(time_point now) noexcept {
  running_ = true;
  postponed_ = false;
  tick_ = deadline_ = now;
}

void flow_clock::align(time_point at, nanoseconds period) noexcept {
  nanoseconds shift = (at - tick_) % period;  // has the sign of the difference
  if (shift > period / 2) shift -= period;
  if (shift <= -period / 2) shift += period;
  tick_ += shift;
  deadline_ = tick_;
}

void flow_clock::advance(nanoseconds period, nanoseconds correction) noexcept {
  if (correction < nudge_least && correction > -nudge_least) correction = 0ns;
  tick_ += period + std::clamp(correction, -nudge_most, nudge_most);
  deadline_ = tick_;
  postponed_ = false;
}

bool flow_clock::postpone(time_point now) noexcept {
  if (postponed_ || now - tick_ < stalled) return false;
  postponed_ = true;
  deadline_ = now + read_sockets;
  return true;
}

}  // namespace tollgate::pstn::media
