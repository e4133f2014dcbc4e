// SPDX-License-Identifier: Apache-2.0
// One RTP leg of a bridge: what was negotiated for it, and what was measured on it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/media/codec_description.hpp"

namespace tollgate::pstn::media {

using time_point = std::chrono::steady_clock::time_point;

enum class side : std::uint8_t { overlay, trunk };

constexpr side other(side which) noexcept {
  return which == side::overlay ? side::trunk : side::overlay;
}
std::string_view to_string(side which) noexcept;

// Sends a plain RTP or RTCP packet (to be protected by SRTP where the leg has it). The bytes are valid during
// the call only. It must not call back into the bridge.
using packet_sink = std::function<void(std::span<const std::byte>)>;

// One more codec of those that were agreed on: as the members of leg_parameters of the same names.
struct leg_coding {
  codec_description codec;
  std::optional<std::uint8_t> payload_type_received;
  std::optional<std::uint8_t> telephone_event_payload_type;
  std::optional<std::uint8_t> telephone_event_payload_type_received;
  int telephone_event_clock_hz = 8000;
};

struct leg_parameters {
  codec_description codec;                            // how we send, and what the far end sends
  std::optional<std::uint8_t> payload_type_received;  // of what it sends; none: that of `codec`
  std::optional<std::uint8_t>
      telephone_event_payload_type;  // none: digits go as tones in the voice, and come so but in Opus
  std::optional<std::uint8_t> telephone_event_payload_type_received;  // none: the one above
  int telephone_event_clock_hz = 8000;  // of a=rtpmap: unit of the events' durations
  std::chrono::milliseconds ptime{
      20};                       // of what we send: 10..60 ms; Opus has 10, 20, 40 and 60, GSM 20, 40 and 60
  std::uint32_t local_ssrc = 0;  // 0: the bridge takes one at random
  std::string cname;             // RFC 7022: random, not the subscriber's name
  // Digits go to and come from this far end by signalling (SIP INFO): the media has neither events nor,
  // toward the other leg, tones.
  bool digits_by_signalling = false;
  // What the far end may send from any packet on, without a word (RFC 3264 §7): we follow, in both
  // directions.
  std::vector<leg_coding> alternatives;
  std::chrono::milliseconds echo_tail{0};  // of the echo that comes back from this far end; 0: left as it is
  bool sending = true;                     // false: hold (a=recvonly, a=inactive): nothing but RTCP goes out
};

// What became of a packet that a leg was given.
enum class packet_fate : std::uint8_t {
  taken,      // counted as received: played, kept for later, late, or a duplicate
  stray,      // see leg_statistics::stray
  malformed,  // see leg_statistics::malformed
};

// Of one leg since it was first attached. "Received" is what comes from its far end, "sent" is what goes
// there.
struct leg_statistics {
  std::uint64_t packets_received = 0;  // RTP, duplicates not counted
  std::uint64_t bytes_received = 0;    // RTP payload
  std::uint64_t packets_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t lost = 0;  // expected by sequence number and never received (RFC 3550 A.3)
  std::uint64_t late = 0;  // received too late to be played
  std::uint64_t duplicate = 0;
  std::uint64_t malformed = 0;  // no RTP, an unknown payload type, or a payload that the codec refused
  std::uint64_t stray = 0;  // of another SSRC while the stream goes on, or a sequence number far away, once
  std::chrono::milliseconds concealed{0};      // voice that was made up for lost and late packets
  std::chrono::milliseconds recovered{0};      // lost, but played from in-band FEC
  double jitter_ms = 0;                        // interarrival jitter (RFC 3550 §6.4.1) as received
  std::chrono::milliseconds playout_delay{0};  // what the jitter buffer adds now
  std::optional<double> round_trip_ms;         // RFC 3550 §6.4.1: from our SR and the far end's report
  std::optional<double> remote_loss;  // 0..1: fraction that the far end last reported lost of what we sent
  std::optional<double> remote_jitter_ms;   // as the far end last reported
  std::optional<double> remote_loss_total;  // 0..1: of all that we sent, as the far end last reported
  double burst_ratio = 1;  // of what was concealed (ITU-T G.107 §7.5): 1 random, more in bursts
  double mos = 0;  // estimate for what is heard from this leg (ITU-T G.107, G.113); 0 before the first packet
  // Estimate for what this leg's far end hears of the other one's, both legs' impairments together; none
  // without its receiver reports.
  std::optional<double> remote_mos;
  std::optional<time_point> last_packet_at;  // RTP only
};

}  // namespace tollgate::pstn::media
