// SPDX-License-Identifier: Apache-2.0
// What a datagram on the one shared UDP port is (RFC 7983 §7, RFC 5761 §4). Free of IO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tollgate::gateway::overlay {

enum class datagram_kind : std::uint8_t { stun, dtls, rtp, rtcp, unknown };

// First byte 0-3 STUN, 20-63 DTLS, 128-191 RTP or RTCP (by the second byte: 192-223 is RTCP). Everything
// else, and whatever is shorter than its kind's header, is unknown and to be dropped.
datagram_kind classify(std::span<const std::byte> datagram) noexcept;

}  // namespace tollgate::gateway::overlay
