// SPDX-License-Identifier: Apache-2.0
// Telephone events (RFC 4733 §2). Free of IO.
#include "pstn/media/telephone_event.hpp"

#include <algorithm>

#include "pstn/media/bytes.hpp"

namespace tollgate::pstn::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view digits_in_order = "0123456789*#ABCD";  // §3.2, table 3
constexpr int end_packets = 3;                                    // §2.5.1.4
constexpr std::uint16_t segment_full = 0xffff;                    // §2.5.1.3
constexpr std::size_t queue_max = 64;
constexpr milliseconds digit_least{60};
constexpr milliseconds digit_longest{1000};
constexpr milliseconds pause_between{60};  // after the end packets, which take a pause of their own
constexpr milliseconds pause_of_comma{1000};

}  // namespace

std::optional<telephone_event> parse_telephone_event(std::span<const std::byte> payload) noexcept {
  if (payload.size() < telephone_event_bytes) return std::nullopt;
  const unsigned second = std::to_integer<unsigned>(payload[1]);
  return telephone_event{std::to_integer<std::uint8_t>(payload[0]), (second & 0x80) != 0,
                         static_cast<std::uint8_t>(second & 0x3f), read_u16(payload, 2)};
}

void write_telephone_event(const telephone_event& event,
                           std::span<std::byte, telephone_event_bytes> out) noexcept {
  out[0] = static_cast<std::byte>(event.event);
  out[1] = static_cast<std::byte>((event.end ? 0x80 : 0) | (event.volume_dbm0 & 0x3f));
  write_u16(out, 2, event.duration);
}

std::optional<std::uint8_t> event_of(char digit) noexcept {
  if (digit >= 'a' && digit <= 'd') digit = static_cast<char>(digit - 'a' + 'A');
  const auto at = digits_in_order.find(digit);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint8_t>(at);
}

std::optional<char> digit_of(std::uint8_t event) noexcept {
  if (event >= digits_in_order.size()) return std::nullopt;
  return digits_in_order[event];
}

received_digit telephone_event_receiver::finish() noexcept {
  active_ = false;
  finished_ = timestamp_;
  const std::uint64_t units = static_cast<std::uint64_t>(earlier_duration_) + duration_;
  return {digit_of(event_).value_or('?'), milliseconds(units * 1000 / static_cast<unsigned>(clock_hz_))};
}

telephone_event_receiver::digits telephone_event_receiver::take(std::span<const std::byte> payload,
                                                                std::uint32_t timestamp,
                                                                steady_clock::time_point now) {
  digits ended;
  const auto read = parse_telephone_event(payload);
  if (!read || !digit_of(read->event)) return ended;  // flash hook, fax tones and the like are no digits
  if (finished_ && static_cast<std::int32_t>(timestamp - *finished_) <= 0)
    return ended;  // a copy, or long past
  const bool segment =
      active_ && read->event == event_ && duration_ == segment_full && timestamp == timestamp_ + segment_full;
  if (segment) {
    earlier_duration_ += segment_full;
    timestamp_ = timestamp;
    duration_ = 0;
  } else if (active_ && timestamp != timestamp_) {
    if (static_cast<std::int32_t>(timestamp - timestamp_) < 0) return ended;  // of a digit before, reordered
    ended.push_back(finish());
  }
  if (!active_) {
    active_ = true;
    event_ = read->event;
    timestamp_ = timestamp;
    duration_ = 0;
    earlier_duration_ = 0;
  }
  duration_ = std::max(duration_, read->duration);
  heard_at_ = now;
  if (read->end) ended.push_back(finish());
  return ended;
}

std::optional<received_digit> telephone_event_receiver::expire(steady_clock::time_point now) {
  if (!active_ || now - heard_at_ < telephone_event_silence) return std::nullopt;
  return finish();
}

void telephone_event_receiver::restart() noexcept {
  active_ = false;
  finished_.reset();
}

void digit_queue::push(std::string_view digits, milliseconds duration) {
  duration = std::clamp(duration, digit_least, digit_longest);
  for (const char digit : digits) {
    if (waiting_.size() >= queue_max) return;
    if (digit == ',')
      waiting_.push_back({',', pause_of_comma});
    else if (const auto event = event_of(digit))
      waiting_.push_back({*digit_of(*event), duration});
  }
}

digit_queue::step digit_queue::pause() {
  pause_ -= std::min(pause_, interval_);
  // Voice comes back after the last digit; between digits it would only be heard as crackle.
  return {waiting_.empty() ? action::voice : action::silence, 0, false, false, false, milliseconds(0)};
}

digit_queue::step digit_queue::next() {
  if (!current_) {
    if (pause_ > milliseconds(0)) return pause();
    if (waiting_.empty()) return {};
    const item next = waiting_.front();
    waiting_.pop_front();
    if (next.digit == ',') {
      pause_ = next.duration;
      return pause();
    }
    current_ = next;
    elapsed_ = milliseconds(0);
    ends_sent_ = 0;
  }
  const bool first = elapsed_ == milliseconds(0);
  if (ends_sent_ == 0) elapsed_ += interval_;
  const bool end = elapsed_ >= current_->duration;
  const step now{action::event, current_->digit, first, end, ends_sent_ > 0, elapsed_};
  if (end && ++ends_sent_ == end_packets) {
    current_.reset();
    pause_ = pause_between;
  }
  return now;
}

}  // namespace tollgate::pstn::media
