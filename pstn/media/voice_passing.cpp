// SPDX-License-Identifier: Apache-2.0
// The part of voice_receiver for packets that are passed on: what they tell of the network is learnt, and the
// latest are kept, so that playing can begin at any packet as if it had never ceased. Free of IO.
#include <algorithm>

#include "pstn/media/voice_receiver.hpp"

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr nanoseconds transit_jump = 2s;  // timestamps that leave the arrivals by this much begin anew
constexpr std::int64_t warming = 5;       // packets that bring a decoder to where the far end's is

}  // namespace

voice_receiver::outcome voice_receiver::pass(std::int64_t sequence, std::uint32_t timestamp,
                                             std::uint8_t payload_type, std::span<const std::byte> payload,
                                             time_point arrived_at) {
  std::int64_t extended = extend(timestamp);
  nanoseconds transit = arrived_at.time_since_epoch() - media_time(extended);
  if (!history_.empty() &&
      (transit > history_.base() + transit_jump || transit < history_.base() - transit_jump)) {
    restart();
    extended = extend(timestamp);
    transit = arrived_at.time_since_epoch() - media_time(extended);
  }
  if (!buffer_.put(sequence, extended, payload_type, true, payload)) return outcome::duplicate;
  buffer_.remove(sequence);
  history_.take(transit);
  state_ = state::idle;
  delay_ = correction_ = 0ns;
  return outcome::taken;
}

std::optional<voice_receiver::position> voice_receiver::next_position() const noexcept {
  if (state_ == state::idle) return std::nullopt;
  return position{next_sequence_, static_cast<std::uint32_t>(next_timestamp_)};
}

const jitter_buffer::entry* voice_receiver::take_waiting() noexcept {
  while (const jitter_buffer::entry* entry = buffer_.first(next_sequence_)) {
    next_sequence_ = entry->sequence + 1;
    buffer_.remove(entry->sequence);
    if (entry->voice) return entry;
  }
  state_ = state::idle;
  return nullptr;
}

std::optional<voice_receiver::resumption> voice_receiver::resume(time_point now, nanoseconds period) {
  const jitter_buffer::entry* last = buffer_.known(buffer_.highest());
  if (last == nullptr || !last->voice) {
    restart();
    return std::nullopt;
  }
  const std::int64_t timestamp = last->timestamp;
  for (std::int64_t sequence = buffer_.highest() - warming + 1; sequence <= buffer_.highest(); ++sequence) {
    const jitter_buffer::entry* entry = buffer_.known(sequence);
    if (entry == nullptr || !entry->voice) continue;
    if (const std::size_t count = decoder_->decode(entry->payload_type, entry->payload, scratch_); count > 0)
      frame_units_ = units_of(count);
  }
  held_.clear();
  state_ = state::playing;
  next_sequence_ = buffer_.highest() + 1;
  next_timestamp_ = timestamp + frame_units_;
  empty_run_ = late_run_ = 0;
  delay_ = target();
  correction_ = 0ns;
  auto play_at = time_point(std::chrono::duration_cast<time_point::duration>(
      history_.base() + media_time(next_timestamp_) + target()));
  // In a pause of the far end's as much silence has gone by.
  const auto skipped = std::max<std::int64_t>((now - play_at) / period, 0);
  play_at += std::chrono::duration_cast<time_point::duration>(period * skipped);
  next_timestamp_ +=
      std::chrono::duration_cast<std::chrono::microseconds>(period).count() * clock_hz_ / 1'000'000 * skipped;
  return resumption{play_at, static_cast<int>(skipped)};
}

}  // namespace tollgate::pstn::media
