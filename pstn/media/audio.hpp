// SPDX-License-Identifier: Apache-2.0
// Where played audio comes from and where recorded audio goes: linear 16-bit mono samples at a stated rate.
// Free of IO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace tollgate::pstn::media {

// Gives audio as it is played. Called from the thread of the bridge: an implementation must not block.
class audio_source {
 public:
  audio_source() = default;
  audio_source(const audio_source&) = delete;
  audio_source& operator=(const audio_source&) = delete;
  virtual ~audio_source() = default;

  // Fills `frame` with the next samples at `rate_hz` (8000, 16000 or 48000; it may change from one call to
  // the next) and returns how many there were. Fewer than asked for means that the source has ended; the rest
  // of the frame is silence then.
  virtual std::size_t read(std::span<std::int16_t> frame, int rate_hz) = 0;
};

// Takes audio as it is heard, continuous in time: every 20 ms (or the leg's ptime) a frame, of silence where
// nothing was received.
class audio_sink {
 public:
  audio_sink() = default;
  audio_sink(const audio_sink&) = delete;
  audio_sink& operator=(const audio_sink&) = delete;
  virtual ~audio_sink() = default;

  virtual void write(std::span<const std::int16_t> frame, int rate_hz) = 0;
};

// Audio that is held in memory: a prompt, a message.
struct pcm_audio {
  std::vector<std::int16_t> samples;
  int rate_hz = 8000;
};

// Plays `audio` once, resampled where the rate differs. One pcm_audio may be played by many sources at a
// time.
std::shared_ptr<audio_source> make_pcm_source(std::shared_ptr<const pcm_audio> audio);

// Plays the parts one after the other (greeting, pause, beep).
std::shared_ptr<audio_source> make_sequence(std::vector<std::shared_ptr<audio_source>> parts);

// Root mean square level in dB relative to full scale (a full-scale sine is -3.01); at least -96.
double level_dbfs(std::span<const std::int16_t> samples) noexcept;

}  // namespace tollgate::pstn::media
