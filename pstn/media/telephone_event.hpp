// SPDX-License-Identifier: Apache-2.0
// Digits as RTP telephone events (RFC 4733 §2): payload, a receiver that reports each digit once, a sender
// with true durations. Free of IO.
#pragma once

#include <array>
#include <boost/container/static_vector.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>

namespace tollgate::pstn::media {

inline constexpr std::size_t telephone_event_bytes = 4;  // §2.3

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

struct received_digit {
  char digit = 0;
  std::chrono::milliseconds duration{0};
};

// Events are known apart by their timestamps. A digit is reported when its first end packet comes, when the
// next digit begins, or when nothing more was heard of it for telephone_event_silence.
inline constexpr std::chrono::milliseconds telephone_event_silence{200};

class telephone_event_receiver {
 public:
  explicit telephone_event_receiver(int clock_hz) : clock_hz_(clock_hz) {}

  // What this packet ended: mostly nothing, at most the digit before and its own.
  using digits = boost::container::static_vector<received_digit, 2>;
  digits take(std::span<const std::byte> payload, std::uint32_t timestamp,
              std::chrono::steady_clock::time_point now);
  std::optional<received_digit> expire(std::chrono::steady_clock::time_point now);
  void restart() noexcept;  // another SSRC: timestamps begin anew

 private:
  received_digit finish() noexcept;

  int clock_hz_;
  bool active_ = false;
  std::uint8_t event_ = 0;
  std::uint32_t timestamp_ = 0;
  std::uint16_t duration_ = 0;
  std::uint32_t earlier_duration_ = 0;  // of full segments of a long event (§2.5.1.3)
  std::chrono::steady_clock::time_point heard_at_{};
  std::optional<std::uint32_t> finished_;  // timestamp of the last reported event: nothing up to there is new
};

// Digits waiting to be sent and the one that is being sent, a step for each packet interval.
class digit_queue {
 public:
  // `interval` is the leg's ptime.
  explicit digit_queue(std::chrono::milliseconds interval) : interval_(interval) {}

  void push(std::string_view digits, std::chrono::milliseconds duration);
  bool empty() const noexcept { return waiting_.empty() && !current_; }

  enum class action : std::uint8_t { voice, silence, event };
  struct step {
    action what = action::voice;
    char digit = 0;
    bool first = false;                    // of the event: marker bit, timestamp is now
    bool end = false;                      // E bit; given three times (§2.5.1.4)
    bool repeated = false;                 // the second and third end
    std::chrono::milliseconds elapsed{0};  // duration to write
  };
  // What goes out in the interval that begins now.
  step next();

 private:
  struct item {
    char digit = 0;
    std::chrono::milliseconds duration{0};
  };
  step pause();

  std::chrono::milliseconds interval_;
  std::deque<item> waiting_;
  std::optional<item> current_;
  std::chrono::milliseconds elapsed_{0};
  int ends_sent_ = 0;
  std::chrono::milliseconds pause_{0};
};

}  // namespace tollgate::pstn::media
