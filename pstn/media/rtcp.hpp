// SPDX-License-Identifier: Apache-2.0
// RTCP compound packets (RFC 3550 §6): sender and receiver reports, SDES CNAME, BYE. Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tollgate::pstn::media {

inline constexpr std::size_t rtcp_packet_max_bytes = 512;  // of what we write
inline constexpr std::size_t rtcp_cname_max_bytes = 64;    // longer names are cut

struct report_block {                    // §6.4.1
  std::uint32_t ssrc = 0;                // the stream that is reported on
  std::uint8_t fraction_lost = 0;        // of 256, since the last report
  std::int32_t cumulative_lost = 0;      // 24 bits signed
  std::uint32_t highest_sequence = 0;    // extended
  std::uint32_t jitter = 0;              // timestamp units
  std::uint32_t last_report = 0;         // middle 32 bits of the NTP time of the last SR, 0 if none
  std::uint32_t delay_since_report = 0;  // 1/65536 s
};

struct sender_information {    // §6.4.1
  std::uint64_t ntp_time = 0;  // 32.32 fixed point seconds
  std::uint32_t rtp_timestamp = 0;
  std::uint32_t packets = 0;
  std::uint32_t bytes = 0;  // payload
};

// What a compound packet says to us: of several reports the last one counts.
struct rtcp_contents {
  std::uint32_t ssrc = 0;  // of the reporter
  std::optional<sender_information> sender;
  std::optional<report_block> about_us;
  bool goodbye = false;
};

// Reads a compound packet; packets of unknown type are stepped over. Error: media_error::packet_malformed.
boost::system::result<rtcp_contents> parse_rtcp(std::span<const std::byte> packet,
                                                std::uint32_t our_ssrc) noexcept;

// Writes SR (with `sender`) or RR, SDES and, if wanted, BYE. `out` needs rtcp_packet_max_bytes; returns the
// length.
struct rtcp_report {
  std::uint32_t ssrc = 0;
  std::string_view cname;
  std::optional<sender_information> sender;
  std::optional<report_block> block;
  bool goodbye = false;
};
std::size_t write_rtcp(const rtcp_report& report, std::span<std::byte> out) noexcept;

// A steady time as NTP fixed point: an origin of its own, as §4 allows, since only differences are used.
std::uint64_t to_ntp(std::chrono::steady_clock::time_point at) noexcept;
constexpr std::uint32_t middle_of_ntp(std::uint64_t ntp) noexcept {
  return static_cast<std::uint32_t>(ntp >> 16);
}

// Round trip by §6.4.1: arrival - LSR - DLSR; nothing when the block answers no report or the arithmetic
// comes out negative.
std::optional<std::chrono::microseconds> round_trip(
    const report_block& block, std::chrono::steady_clock::time_point arrived_at) noexcept;

}  // namespace tollgate::pstn::media
