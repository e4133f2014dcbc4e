// SPDX-License-Identifier: Apache-2.0
// The packets that wait to be played. Free of IO.
#include "pstn/media/jitter_buffer.hpp"

#include <algorithm>

namespace tollgate::pstn::media {

namespace {

// Room for any ordinary packet from the first on: else each place would grow whenever a longer one comes.
constexpr std::size_t usual_bytes = 256;

}  // namespace

bool jitter_buffer::put(std::int64_t sequence, std::int64_t timestamp, std::uint8_t payload_type, bool voice,
                        std::span<const std::byte> payload) {
  entry& into = slot(sequence);
  if (into.sequence == sequence) return false;
  into.sequence = sequence;
  into.waiting = true;
  into.timestamp = timestamp;
  into.payload_type = payload_type;
  into.voice = voice;
  if (into.payload.capacity() < usual_bytes) into.payload.reserve(usual_bytes);
  into.payload.assign(payload.begin(), payload.end());
  highest_ = std::max(highest_, sequence);
  return true;
}

const jitter_buffer::entry* jitter_buffer::first(std::int64_t from) const noexcept {
  for (std::int64_t sequence = std::max(from, highest_ - capacity + 1); sequence <= highest_; ++sequence) {
    if (sequence < 0) continue;
    const entry& found = entries_[static_cast<std::size_t>(sequence % capacity)];
    if (found.sequence == sequence && found.waiting) return &found;
  }
  return nullptr;
}

const jitter_buffer::entry* jitter_buffer::known(std::int64_t sequence) const noexcept {
  if (sequence < 0) return nullptr;
  const entry& found = entries_[static_cast<std::size_t>(sequence % capacity)];
  return found.sequence == sequence ? &found : nullptr;
}

void jitter_buffer::remove(std::int64_t sequence) noexcept {
  entry& from = slot(sequence);
  if (from.sequence == sequence) from.waiting = false;
}

void jitter_buffer::clear() noexcept {
  for (entry& each : entries_) {
    each.sequence = -1;
    each.waiting = false;
  }
  highest_ = -1;
}

}  // namespace tollgate::pstn::media
