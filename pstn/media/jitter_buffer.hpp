// SPDX-License-Identifier: Apache-2.0
// Packets in the order of their sequence numbers, waiting to be played. Bounded; keeps its memory, so that
// nothing is allocated in the steady state. When a packet is played is voice_receiver's business. Free of IO.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tollgate::pstn::media {

class jitter_buffer {
 public:
  static constexpr std::int64_t capacity =
      128;  // packets: sequence numbers that may lie between first and last

  struct entry {
    std::int64_t sequence =
        -1;  // extended; stays after the packet was played, so that a copy is known as one
    bool waiting = false;
    std::int64_t timestamp = 0;  // extended
    std::uint8_t payload_type = 0;
    bool voice = true;  // false: a packet that takes a sequence number and has no voice (telephone event,
                        // comfort noise)
    std::vector<std::byte> payload;
  };

  // False: it is there, or was. The sequence number is not negative, and less than `capacity` above whatever
  // is in the buffer.
  bool put(std::int64_t sequence, std::int64_t timestamp, std::uint8_t payload_type, bool voice,
           std::span<const std::byte> payload);
  // The entry with the least sequence number from `from` on, or nullptr.
  const entry* first(std::int64_t from) const noexcept;
  // The entry of this sequence number, also after it was removed and until its place is needed; else nullptr.
  const entry* known(std::int64_t sequence) const noexcept;
  void remove(std::int64_t sequence) noexcept;
  void clear() noexcept;

  std::int64_t highest() const noexcept { return highest_; }  // ever put since the last clear(); -1 for none

 private:
  entry& slot(std::int64_t sequence) noexcept {
    return entries_[static_cast<std::size_t>(sequence % capacity)];
  }

  std::array<entry, capacity> entries_;
  std::int64_t highest_ = -1;
};

}  // namespace tollgate::pstn::media
