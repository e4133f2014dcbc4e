// SPDX-License-Identifier: Apache-2.0
// A received stream written to a sink as it was sent: nobody waits for it, so that late packets are not
// replaced but waited for. Free of IO.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "pstn/media/audio.hpp"
#include "pstn/media/background_level.hpp"
#include "pstn/media/codec.hpp"
#include "pstn/media/comfort_noise.hpp"
#include "pstn/media/jitter_buffer.hpp"
#include "pstn/media/leg.hpp"

namespace tollgate::pstn::media {

// A packet is decoded in the order of the sequence numbers, at once if its predecessor was, else when that
// has had `patience` to arrive; its place follows from its timestamp (RFC 3550 §5.1), never from its arrival.
// What was lost is concealed, what was not sent is noise of the background's level. Nothing that arrives is
// left out, but for a packet that is later than its successor by more than `patience`.
class packet_recorder {
 public:
  // Of the longest hold-up that leaves no trace; a far end that sends nothing at all is recorded as silent
  // with as much delay.
  static constexpr std::chrono::milliseconds patience{1000};

  // Records from the first time on that it is told.
  explicit packet_recorder(std::shared_ptr<audio_sink> sink);

  // What the following packets are decoded with; what waits is played before.
  void set_decoder(const codec_description& codec, std::unique_ptr<decoder> made, int rate_hz);
  // A stream with other numbers follows; what waits is played before.
  void restart();
  // Packets as voice_receiver takes them: the sequence number is extended (RFC 3550 A.1).
  void put(std::int64_t sequence, std::uint32_t timestamp, std::uint8_t payload_type,
           std::span<const std::byte> payload, time_point arrived_at);
  void put_other(std::int64_t sequence, time_point arrived_at);
  void put_comfort_noise(std::int64_t sequence, std::span<const std::byte> payload, time_point arrived_at);

  // Time goes by: silence where there is nothing, and an end to the waiting for what is lost.
  void advance(time_point now);
  // All that waits.
  void finish();

 private:
  void enter(std::int64_t sequence, std::int64_t timestamp, std::uint8_t payload_type, bool voice,
             std::span<const std::byte> payload, time_point arrived_at);
  void play_ready(time_point now);
  void play(const jitter_buffer::entry& packet);
  void play_voice(const jitter_buffer::entry& packet, bool lost, time_point arrived_at);
  std::int64_t gap_before(std::int64_t timestamp, time_point arrived_at) const noexcept;
  void conceal(std::int64_t samples, std::span<const std::byte> next);
  void make_noise(std::int64_t samples);
  void write(std::span<const std::int16_t> samples);
  std::int64_t samples_in(time_point::duration time) const noexcept;
  std::int64_t extend(std::uint32_t timestamp) noexcept;

  std::shared_ptr<audio_sink> sink_;
  std::unique_ptr<decoder> decoder_;  // none before the leg is there: silence
  int clock_hz_ = 8000;
  int rate_hz_ = 8000;
  jitter_buffer buffer_;
  std::array<time_point, static_cast<std::size_t>(jitter_buffer::capacity)> arrivals_{};  // of its entries
  std::optional<std::int64_t> next_sequence_;   // none before a stream begins
  std::optional<std::int64_t> next_timestamp_;  // extended
  std::optional<std::int64_t> last_timestamp_;  // extended
  std::optional<time_point> heard_at_;  // when the last packet that was played came; at first the beginning
  std::int64_t made_up_ = 0;         // samples of noise written since then, in place of what may still come
  std::size_t frame_samples_ = 160;  // of the last packet
  background_level background_;
  bool noise_told_ = false;  // by a comfort noise packet (RFC 3389)
  comfort_noise noise_;
  std::vector<std::int16_t> scratch_;  // one frame of the greatest length
};

}  // namespace tollgate::pstn::media
