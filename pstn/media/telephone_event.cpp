// SPDX-License-Identifier: Apache-2.0
// Telephone events (RFC 4733 §2). Free of IO.
#include "pstn/media/telephone_event.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "pstn/media/bytes.hpp"

namespace tollgate::pstn::media {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view digits_in_order = "0123456789*#ABCD";  // §3.2, table 3
constexpr milliseconds segment_tolerance{100};

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

digit_progress telephone_event_receiver::progress(bool first, bool ended) const noexcept {
  const std::uint64_t units = static_cast<std::uint64_t>(earlier_duration_) + duration_;
  return {digit_of(event_).value_or('?'), first, ended,
          milliseconds(units * 1000 / static_cast<unsigned>(clock_hz_))};
}

digit_progress telephone_event_receiver::finish(bool first) noexcept {
  active_ = false;
  finished_ = timestamp_;
  return progress(first, true);
}

// Whether this is the next segment of the digit that is going on: its timestamp is a full segment later, give
// or take a packet (browsers begin a segment with the frame at hand).
bool telephone_event_receiver::continues(const telephone_event& read,
                                         std::uint32_t timestamp) const noexcept {
  if (!active_ || read.event != event_) return false;
  const std::int64_t lacking = telephone_event_segment - duration_;
  if (lacking * 1000 > segment_tolerance.count() * clock_hz_) return false;
  const std::int64_t full = std::int64_t{telephone_event_segment} * rtp_clock_hz_ / clock_hz_;
  const std::int64_t off = static_cast<std::int32_t>(timestamp - timestamp_) - full;
  return std::abs(off) * 1000 <= segment_tolerance.count() * rtp_clock_hz_;
}

telephone_event_receiver::digits telephone_event_receiver::take(std::span<const std::byte> payload,
                                                                std::uint32_t timestamp,
                                                                steady_clock::time_point now) {
  digits told;
  const auto read = parse_telephone_event(payload);
  if (!read || !digit_of(read->event)) return told;  // flash hook, fax tones and the like are no digits
  if (finished_ && static_cast<std::int32_t>(timestamp - *finished_) <= 0)
    return told;                                                                      // a copy, or long past
  if (active_ && static_cast<std::int32_t>(timestamp - timestamp_) < 0) return told;  // reordered
  if (continues(*read, timestamp)) {
    earlier_duration_ += telephone_event_segment;
    timestamp_ = timestamp;
    duration_ = 0;
  } else if (active_ && timestamp != timestamp_) {
    told.push_back(finish(false));
  }
  const bool first = !active_;
  if (first) {
    active_ = true;
    event_ = read->event;
    timestamp_ = timestamp;
    duration_ = 0;
    earlier_duration_ = 0;
  }
  duration_ = std::max(duration_, read->duration);
  heard_at_ = now;
  told.push_back(read->end ? finish(first) : progress(first, false));
  return told;
}

std::optional<digit_progress> telephone_event_receiver::expire(steady_clock::time_point now) {
  if (!active_ || now - heard_at_ < telephone_event_silence) return std::nullopt;
  return finish(false);
}

void telephone_event_receiver::restart() noexcept {
  active_ = false;
  finished_.reset();
}

}  // namespace tollgate::pstn::media
