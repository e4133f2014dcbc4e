// SPDX-License-Identifier: Apache-2.0
// RFC 4571 §2.
#include "gateway/overlay/stream_framing.hpp"

#include <algorithm>

namespace tollgate::gateway::overlay {

frame_length frame_length_of(std::size_t packet_bytes) noexcept {
  return {static_cast<std::byte>(packet_bytes >> 8), static_cast<std::byte>(packet_bytes & 0xff)};
}

std::optional<std::span<const std::byte>> frame_reader::next() noexcept {
  while (!broken_ && end_ - begin_ >= framing_overhead_bytes) {
    const auto octet = [this](std::size_t at) { return std::to_integer<std::size_t>(buffer_[begin_ + at]); };
    const auto length = octet(0) << 8 | octet(1);
    if (length > framed_packet_max_bytes) {
      broken_ = true;
      return std::nullopt;
    }
    if (end_ - begin_ < framing_overhead_bytes + length) break;
    const auto packet = std::span<const std::byte>(buffer_).subspan(begin_ + framing_overhead_bytes, length);
    begin_ += framing_overhead_bytes + length;
    if (length > 0) return packet;
  }
  // The beginning of a packet moves to the front, so that the rest of it has room.
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
            buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
  end_ -= begin_;
  begin_ = 0;
  return std::nullopt;
}

}  // namespace tollgate::gateway::overlay
