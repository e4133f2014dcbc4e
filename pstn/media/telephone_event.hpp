// SPDX-License-Identifier: Apache-2.0
// Digits as RTP telephone events (RFC 4733 §2): payload, and a receiver that follows each digit from its
// first packet to its end. Free of IO.
#pragma once

#include <boost/container/static_vector.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace tollgate::pstn::media {

inline constexpr std::size_t telephone_event_bytes = 4;  // §2.3
inline constexpr std::uint16_t telephone_event_segment =
    0xffff;  // §2.5.1.3: units, the longest of one packet

struct telephone_event {
  std::uint8_t event = 0;  // §3.2: 0-9, 10 *, 11 #, 12-15 A-D
  bool end = false;
  std::uint8_t volume_dbm0 = 10;  // of the tone, sign dropped
  std::uint16_t duration = 0;     // timestamp units since the packet's timestamp
};

std::optional<telephone_event> parse_telephone_event(std::span<const std::byte> payload) noexcept;
void write_telephone_event(const telephone_event& event,
                           std::span<std::byte, telephone_event_bytes> out) noexcept;

std::optional<std::uint8_t> event_of(char digit) noexcept;  // 0-9 * # A-D a-d
std::optional<char> digit_of(std::uint8_t event) noexcept;

// A digit that is being received: told with its first packet, with every later one, and once with its end.
struct digit_progress {
  char digit = 0;
  bool first = false;
  bool ended = false;                     // `duration` is final
  std::chrono::milliseconds duration{0};  // so far
};

// Events are known apart by their timestamps. A digit has ended when its first end packet comes, when the
// next digit begins, or when nothing more was heard of it for telephone_event_silence.
inline constexpr std::chrono::milliseconds telephone_event_silence{200};

class telephone_event_receiver {
 public:
  // `clock_hz` is the unit of durations, `rtp_clock_hz` that of the stream's timestamps: browsers may have
  // 8000 and 48000.
  telephone_event_receiver(int clock_hz, int rtp_clock_hz)
      : clock_hz_(clock_hz), rtp_clock_hz_(rtp_clock_hz) {}

  // What this packet tells: nothing when it is a copy, else its own digit, after the end of the one before.
  using digits = boost::container::static_vector<digit_progress, 2>;
  digits take(std::span<const std::byte> payload, std::uint32_t timestamp,
              std::chrono::steady_clock::time_point now);
  std::optional<digit_progress> expire(std::chrono::steady_clock::time_point now);
  void restart() noexcept;  // another SSRC: timestamps begin anew

 private:
  digit_progress progress(bool first, bool ended) const noexcept;
  digit_progress finish(bool first) noexcept;
  bool continues(const telephone_event& read, std::uint32_t timestamp) const noexcept;

  int clock_hz_;
  int rtp_clock_hz_;
  bool active_ = false;
  std::uint8_t event_ = 0;
  std::uint32_t timestamp_ = 0;
  std::uint16_t duration_ = 0;
  std::uint32_t earlier_duration_ = 0;  // of full segments of a long event (§2.5.1.3)
  std::chrono::steady_clock::time_point heard_at_{};
  std::optional<std::uint32_t> finished_;  // timestamp of the last reported event: nothing up to there is new
};

}  // namespace tollgate::pstn::media
