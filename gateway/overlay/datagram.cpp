// SPDX-License-Identifier: Apache-2.0
// The demultiplexing table of RFC 7983 §7.
#include "gateway/overlay/datagram.hpp"

namespace tollgate::gateway::overlay {
namespace {

constexpr std::size_t stun_header_bytes = 20;  // RFC 8489 §5
constexpr std::size_t dtls_header_bytes = 13;  // RFC 6347 §4.1
constexpr std::size_t rtp_header_bytes = 12;   // RFC 3550 §5.1
constexpr std::size_t rtcp_header_bytes = 8;   // RFC 3550 §6.1, with the sender's SSRC

}  // namespace

datagram_kind classify(std::span<const std::byte> datagram) noexcept {
  if (datagram.size() < rtcp_header_bytes) return datagram_kind::unknown;
  const auto first = std::to_integer<unsigned>(datagram[0]);
  if (first <= 3) return datagram.size() >= stun_header_bytes ? datagram_kind::stun : datagram_kind::unknown;
  if (first >= 20 && first <= 63)
    return datagram.size() >= dtls_header_bytes ? datagram_kind::dtls : datagram_kind::unknown;
  if (first < 128 || first > 191) return datagram_kind::unknown;
  const auto second = std::to_integer<unsigned>(datagram[1]);
  if (second >= 192 && second <= 223)  // RFC 5761 §4: payload types 64-95 with the marker bit
    return datagram_kind::rtcp;
  return datagram.size() >= rtp_header_bytes ? datagram_kind::rtp : datagram_kind::unknown;
}

}  // namespace tollgate::gateway::overlay
