// SPDX-License-Identifier: Apache-2.0
// Reading and writing of RTP headers (RFC 3550 §5.1). Free of IO.
#include "pstn/media/rtp.hpp"

#include "pstn/media/bytes.hpp"
#include "pstn/media/error.hpp"

namespace tollgate::pstn::media {

boost::system::result<rtp_packet> parse_rtp(std::span<const std::byte> packet) noexcept {
  if (packet.size() < rtp_header_bytes) return media_error::packet_malformed;
  const unsigned first = std::to_integer<unsigned>(packet[0]);
  const unsigned second = std::to_integer<unsigned>(packet[1]);
  if (first >> 6 != 2) return media_error::packet_malformed;
  rtp_packet read;
  read.header.marker = (second & 0x80) != 0;
  read.header.payload_type = static_cast<std::uint8_t>(second & 0x7f);
  read.header.sequence_number = read_u16(packet, 2);
  read.header.timestamp = read_u32(packet, 4);
  read.header.ssrc = read_u32(packet, 8);
  std::size_t begin = rtp_header_bytes + 4 * (first & 0x0f);
  if ((first & 0x10) != 0) {  // extension: 16 bits of its own, then its length in words
    if (packet.size() < begin + 4) return media_error::packet_malformed;
    begin += 4 + 4 * static_cast<std::size_t>(read_u16(packet, begin + 2));
  }
  std::size_t end = packet.size();
  if (begin > end) return media_error::packet_malformed;
  if ((first & 0x20) != 0) {  // padding: the last byte counts it, itself included
    const auto padding = std::to_integer<std::size_t>(packet[end - 1]);
    if (padding == 0 || padding > end - begin) return media_error::packet_malformed;
    end -= padding;
  }
  read.payload = packet.subspan(begin, end - begin);
  return read;
}

void write_rtp_header(const rtp_header& header, std::span<std::byte, rtp_header_bytes> out) noexcept {
  out[0] = std::byte{0x80};
  out[1] = static_cast<std::byte>((header.marker ? 0x80 : 0) | (header.payload_type & 0x7f));
  write_u16(out, 2, header.sequence_number);
  write_u32(out, 4, header.timestamp);
  write_u32(out, 8, header.ssrc);
}

bool is_rtcp(std::span<const std::byte> packet) noexcept {
  if (packet.size() < 8) return false;
  const unsigned type = std::to_integer<unsigned>(packet[1]);
  return std::to_integer<unsigned>(packet[0]) >> 6 == 2 && type >= 192 && type <= 223;
}

}  // namespace tollgate::pstn::media
