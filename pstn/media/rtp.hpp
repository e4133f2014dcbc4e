// SPDX-License-Identifier: Apache-2.0
// The RTP header (RFC 3550 §5.1, §5.3.1): reading and writing. Free of IO.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tollgate::pstn::media {

inline constexpr std::size_t rtp_header_bytes = 12;

struct rtp_header {
  bool marker = false;
  std::uint8_t payload_type = 0;  // 0..127
  std::uint16_t sequence_number = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
};

struct rtp_packet {
  rtp_header header;
  std::span<const std::byte> payload;  // within the packet, padding taken off
};

// Reads a packet; CSRCs and header extensions are stepped over. Error: media_error::packet_malformed.
boost::system::result<rtp_packet> parse_rtp(std::span<const std::byte> packet) noexcept;

void write_rtp_header(const rtp_header& header, std::span<std::byte, rtp_header_bytes> out) noexcept;

// RTP and RTCP on one port are told apart by the second byte (RFC 5761 §4): packet types 192..223 are RTCP.
bool is_rtcp(std::span<const std::byte> packet) noexcept;

}  // namespace tollgate::pstn::media
