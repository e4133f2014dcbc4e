// SPDX-License-Identifier: Apache-2.0
// From samples to packets: encoding, timestamps that go on through everything, silence that is not sent,
// digits. Free of IO.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "pstn/media/codec.hpp"
#include "pstn/media/digit_queue.hpp"
#include "pstn/media/leg.hpp"
#include "pstn/media/oscillator.hpp"
#include "pstn/media/rtcp.hpp"
#include "pstn/media/rtp.hpp"
#include "pstn/media/telephone_event.hpp"
#include "pstn/media/voice_activity.hpp"

namespace tollgate::pstn::media {

// The frame length that a leg really has: within 10..60 ms, what its codec can do (GSM 20, 40, 60 ms; Opus
// 10, 20, 40, 60), and not more than what was asked for unless the codec has nothing so short.
std::chrono::milliseconds usable_ptime(const leg_parameters& parameters) noexcept;

class voice_sender {
 public:
  // Sequence number and timestamp begin at random values (RFC 3550 §5.1).
  voice_sender(const leg_parameters& parameters, std::uint32_t ssrc, std::uint16_t sequence_number,
               std::uint32_t timestamp);

  // Another codec, rate or ptime, from the next frame on.
  void set_encoder(const leg_parameters& parameters, std::unique_ptr<encoder> made, int rate_hz);
  // Another packet time, payload type or hold, with the encoder that is set.
  void set_parameters(const leg_parameters& parameters);
  void expect_loss(double fraction) { encoder_->expect_loss(fraction); }
  void set_complexity(int complexity) { encoder_->set_complexity(complexity); }  // of the encoder that is set

  // Sends the frame (or a digit in its place) that begins at `at`. `frame` is one ptime long.
  void send(std::span<const std::int16_t> frame, time_point at, const packet_sink& sink);
  // Sends a packet that was made elsewhere, `units` long, with our SSRC and payload type, and the sequence
  // number and timestamp of `header` (passage::map). Voice that is sent afterwards goes on behind it.
  void forward(const rtp_header& header, std::span<const std::byte> payload, std::uint32_t units,
               time_point at, const packet_sink& sink);
  std::uint16_t next_sequence_number() const noexcept { return sequence_number_; }
  std::uint32_t next_timestamp() const noexcept { return timestamp_; }
  // Of a packet that is made at this time, not before the next one.
  std::uint32_t timestamp_at(time_point at) const noexcept;
  // Voice is encoded again after what was forwarded, and some frames that were not sent.
  void resume(int skipped);
  // The same, of a stream of which nothing was forwarded lately.
  void resume_at(time_point at);
  // Time in which nothing was sent: timestamps go on.
  void skip(int frames) noexcept;

  void push_digits(std::string_view digits, std::chrono::milliseconds duration) {
    digits_.push(digits, duration);
  }
  bool sending_digits() const noexcept { return !digits_.empty(); }
  digit_queue& digits() noexcept { return digits_; }  // for those that last

  std::uint32_t ssrc() const noexcept { return ssrc_; }
  std::uint64_t packets() const noexcept { return packets_; }
  std::uint64_t bytes() const noexcept { return bytes_; }
  // For an SR at `now` (RFC 3550 §6.4.1): the timestamp is the one that a sample of this moment would have.
  sender_information information(time_point now) const noexcept;

 private:
  void send_event(const digit_queue::step& step, const packet_sink& sink);
  void emit_event(const digit_queue::step& step, std::uint32_t segment, std::uint16_t duration, bool end,
                  const packet_sink& sink);
  void send_voice(std::span<const std::int16_t> frame, const packet_sink& sink);
  std::span<const std::int16_t> tone(const digit_queue::step& step, std::size_t count);
  bool may_be_skipped(std::span<const std::int16_t> frame) noexcept;
  void emit(std::uint8_t payload_type, bool marker, std::uint32_t timestamp, std::size_t payload_bytes,
            const packet_sink& sink);

  leg_parameters parameters_;
  std::unique_ptr<encoder> encoder_;
  int rate_hz_ = 8000;
  std::chrono::milliseconds ptime_{20};
  std::uint32_t frame_units_ = 160;

  std::uint32_t ssrc_;
  std::uint16_t sequence_number_;
  std::uint32_t timestamp_;  // of the next frame
  time_point sent_at_{};     // when that of the frame before was
  bool talking_ =
      false;  // false: the next voice packet begins a talkspurt and has the marker bit (RFC 3551 §4.1)
  voice_activity activity_;
  bool comfort_ = false;  // this frame is sent for its noise only
  std::chrono::milliseconds unsent_for_{0};

  digit_queue digits_;
  std::uint32_t event_timestamp_ = 0;
  std::uint32_t event_segments_ = 0;  // full ones of this event (RFC 4733 §2.5.1.3)
  int segment_ends_left_ = 0;         // repetitions of the last full one's final packet
  oscillator tone_;
  std::array<std::int16_t, 960> tone_frame_{};  // 60 ms at 16 kHz

  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
  std::array<std::byte, rtp_header_bytes + payload_max_bytes> packet_{};
};

}  // namespace tollgate::pstn::media
