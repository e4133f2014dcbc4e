// SPDX-License-Identifier: Apache-2.0
// Offer and answer between a peer and the gateway: one Opus audio stream of WebRTC (RFC 8829, RFC 8839, RFC
// 8842, RFC 7587), read into what a call needs, printed, and answered. Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/overlay/certificate.hpp"
#include "gateway/overlay/dtls.hpp"
#include "gateway/overlay/error.hpp"
#include "gateway/overlay/ice_lite.hpp"
#include "pstn/media/session_description.hpp"

namespace tollgate::gateway::overlay {

enum class dtls_setup : std::uint8_t { actpass, active, passive };  // a=setup, RFC 4145 §4

// a=candidate (RFC 8839 §5.1). The address is a text: an IP literal, or the mDNS name of a browser.
struct ice_candidate {
  std::string foundation = "1";
  int component = 1;
  std::string transport = "udp";
  std::uint32_t priority = 0;
  std::string address;
  std::uint16_t port = 0;
  std::string type = "host";   // host, srflx, prflx, relay
  std::string extension = {};  // the rest of the line as it came: "raddr … rport …", "tcptype …"

  bool operator==(const ice_candidate&) const = default;
};
// The value of a=candidate without "candidate:", as RFC 8840 trickles it (with or without that prefix).
boost::system::result<ice_candidate> parse_candidate(std::string_view text);
std::string to_string(const ice_candidate& candidate);
ice_candidate host_candidate(std::string address, std::uint16_t port);  // UDP, component 1
// TCP, component 1, for peers to connect to (RFC 6544 §4.5, tcptype passive); below any UDP candidate.
ice_candidate passive_tcp_candidate(std::string address, std::uint16_t port);

inline constexpr std::size_t candidates_max = 32;

struct webrtc_description {
  std::string session_id = "1";  // o=: number, and version that grows by one with each new description
  std::string session_version = "1";
  ice_credentials ice;
  bool ice_lite = false;  // a=ice-lite: the gateway
  fingerprint certificate;
  dtls_setup setup = dtls_setup::actpass;
  std::string mid = "0";
  bool bundle = true;  // a=group:BUNDLE with this mid
  std::vector<ice_candidate> candidates = {};
  bool end_of_candidates = false;
  pstn::media::codec_description opus = pstn::media::default_description(pstn::media::codec_id::opus);
  std::optional<std::uint8_t> telephone_event = {};  // payload type
  int telephone_event_clock_hz = 48000;              // 8000 or 48000; an answer takes the offer's
  std::optional<int> ptime_ms = {};
  pstn::media::media_direction direction = pstn::media::media_direction::sendrecv;
  std::string cname = {};                                    // with ssrc: a=ssrc:<ssrc> cname:<cname>
  std::optional<std::uint32_t> ssrc = {};                    // of what the describer sends
  std::size_t audio_index = 0;                               // place of the audio section among all m= lines
  std::vector<pstn::media::media_description> refused = {};  // the other sections, to be answered with port 0
};

// Reads a description. Needs ICE credentials, a SHA-256 fingerprint, a=setup, rtcp-mux, UDP/TLS/RTP/SAVPF (or
// its kin) and Opus. Errors: description_malformed, description_unsupported.
boost::system::result<webrtc_description> parse_webrtc_description(std::string_view sdp);

std::string to_string(const webrtc_description& description);

// What an end adds of its own to an answer.
struct answer_parameters {
  ice_credentials ice;
  bool ice_lite = false;
  fingerprint certificate;
  std::vector<ice_candidate> candidates;
  std::uint32_t ssrc = 0;
  std::string cname = {};
};

// The answer to an offer (RFC 8829 §5.3): payload types, mid, bundle and clock of the offer; "passive" when
// the offer says actpass or active (the peer begins DTLS, when its ICE is ready), else "active".
webrtc_description make_answer(const webrtc_description& offer, const answer_parameters& own);

// The DTLS role of an end by the two descriptions' a=setup.
dtls_role role_of(dtls_setup own, dtls_setup other) noexcept;

}  // namespace tollgate::gateway::overlay
