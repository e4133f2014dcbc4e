// SPDX-License-Identifier: Apache-2.0
// Packets over a TCP stream, each behind its length in two octets (RFC 4571 §2), as ICE-TCP carries STUN,
// DTLS and SRTP (RFC 6544 §10.1). Free of IO.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace tollgate::gateway::overlay {

// The longest packet that is taken: no peer of ours sends more than its path's MTU.
inline constexpr std::size_t framed_packet_max_bytes = 2048;
inline constexpr std::size_t framing_overhead_bytes = 2;

using frame_length = std::array<std::byte, framing_overhead_bytes>;
// The length that goes before a packet of so many octets (at most 65,535).
frame_length frame_length_of(std::size_t packet_bytes) noexcept;

// Puts a stream's octets together to packets, in a buffer that holds the longest packet and no more:
// read into space(), tell how much by fill(), then take packets by next() until there is none.
class frame_reader {
 public:
  // Where the next octets go; never empty after next() has returned nothing, unless the stream is broken.
  std::span<std::byte> space() noexcept { return std::span(buffer_).subspan(end_); }
  void fill(std::size_t octets) noexcept { end_ += octets; }
  // The next whole packet, valid until the next call of a member; empty packets are passed over (RFC 4571
  // §2: a null packet is no more than a sign of life). Nothing: more octets are needed.
  std::optional<std::span<const std::byte>> next() noexcept;
  // A packet longer than framed_packet_max_bytes was announced: the stream is of no more use.
  bool broken() const noexcept { return broken_; }

 private:
  std::array<std::byte, framing_overhead_bytes + framed_packet_max_bytes> buffer_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool broken_ = false;
};

}  // namespace tollgate::gateway::overlay
