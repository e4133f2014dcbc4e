// SPDX-License-Identifier: Apache-2.0
// One direction of a bridge: its clock, what is played into it, who records it. Free of IO.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "pstn/media/audio.hpp"
#include "pstn/media/bridge.hpp"
#include "pstn/media/echo_canceller.hpp"
#include "pstn/media/inband_digits.hpp"
#include "pstn/media/leg.hpp"
#include "pstn/media/packet_recorder.hpp"
#include "pstn/media/passage.hpp"

namespace tollgate::pstn::media {

// The clock of a direction ticks once for each frame that is sent. It runs freely while nothing is received,
// is laid on the first packet of a stream, and is then nudged to keep the jitter buffer's delay at its
// target.
class flow_clock {
 public:
  bool running() const noexcept { return running_; }
  void start(time_point now) noexcept;
  void stop() noexcept { running_ = false; }
  // Moves the ticks by less than a period, so that one of them falls on `at`.
  void align(time_point at, std::chrono::nanoseconds period) noexcept;
  void advance(std::chrono::nanoseconds period, std::chrono::nanoseconds correction) noexcept;

  time_point tick() const noexcept { return tick_; }  // when the next frame is due

 private:
  bool running_ = false;
  time_point tick_{};
};

struct flow {
  flow_clock clock;  // stopped while packets are passed on
  passage passed;    // of packets, as they are
  std::shared_ptr<audio_source> playback;
  play_mode mode = play_mode::replace;
  std::shared_ptr<audio_sink> recorder;        // of what comes from the side where the flow begins
  std::unique_ptr<packet_recorder> whole;      // what writes to it in that mode
  std::optional<inband_digit_detector> tones;  // only where that side has no telephone events
  std::optional<echo_canceller> echo;          // of what goes to that side, where it asks for it
  tone_remover remover{8000};                  // of those tones, where their digits go on as something else
  std::uint64_t made_up = 0;                   // of the receiver, at the last tick
};

}  // namespace tollgate::pstn::media
