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

}  // namespace

void flow_clock::start(time_point now) noexcept {
  running_ = true;
  tick_ = now;
}

void flow_clock::align(time_point at, nanoseconds period) noexcept {
  nanoseconds shift = (at - tick_) % period;  // has the sign of the difference
  if (shift > period / 2) shift -= period;
  if (shift <= -period / 2) shift += period;
  tick_ += shift;
}

void flow_clock::advance(nanoseconds period, nanoseconds correction) noexcept {
  if (correction < nudge_least && correction > -nudge_least) correction = 0ns;
  tick_ += period + std::clamp(correction, -nudge_most, nudge_most);
}

}  // namespace tollgate::pstn::media
