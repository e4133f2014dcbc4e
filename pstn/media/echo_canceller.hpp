// SPDX-License-Identifier: Apache-2.0
// Removal of the echo that a line's hybrids send back (ITU-T G.168), by speexdsp's adaptive filter. Free of
// IO.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace tollgate::pstn::media {

// The echo of what is sent comes back a round trip of the network and the far end's jitter buffer later: up
// to longest_delay. Where it lies is found by correlating what was sent with what is received, in the media
// time of both streams, so that the changing delay of our own jitter buffer does not move it. The filter of
// `tail` is laid there; until it is found (about a second of the subscriber's voice) all passes as it is.
// Double talk is left to the filter (speexdsp's adapts its step); nothing beyond linear cancelling is done,
// so that the far end's own voice is never gated; below 200 Hz nothing passes. Data modems' answer tone (2100
// Hz, V.25, V.8) switches it off as long as there is a signal, at 8 kHz.
class echo_canceller {
 public:
  static constexpr std::chrono::milliseconds longest_delay{640};

  // `rate_hz` 8000 or 16000, `tail` 32..256 ms.
  echo_canceller(int rate_hz, std::chrono::milliseconds tail);
  echo_canceller(echo_canceller&&) noexcept;
  echo_canceller& operator=(echo_canceller&&) noexcept;
  ~echo_canceller();

  int rate_hz() const noexcept;
  // What goes to the far end, without gaps in time: any number of samples.
  void sent(std::span<const std::int16_t> frame);
  void sent_silence(std::size_t samples);
  // Takes the echo out of `frame` (10 to 60 ms, whole tens), whose first sample has `position` in samples of
  // the far end's media time; nothing while there is no stream.
  void process(std::span<std::int16_t> frame, std::optional<std::int64_t> position);

  // Of the echo, from what was last sent when the stream began; nothing while it is not found.
  std::optional<std::chrono::milliseconds> delay() const noexcept;
  bool bypassed() const noexcept;  // a modem is talking

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace tollgate::pstn::media
