// SPDX-License-Identifier: Apache-2.0
// SDP offer and answer (RFC 3264) on the trunk side: one audio stream over RTP/AVP, or RTP/SAVP with keys by
// RFC 4568, with one codec and telephone-event. Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/media/codec_description.hpp"
#include "pstn/media/leg.hpp"
#include "pstn/media/session_description.hpp"
#include "pstn/sip/address_family.hpp"
#include "pstn/sip/error.hpp"
#include "pstn/sip/media_security.hpp"
#include "pstn/sip/sdes.hpp"

namespace tollgate::pstn::sip {

/// Our end of the stream.
struct local_media {
  std::string address;                           ///< IPv4 or IPv6 literal, the one the far end sends to
  std::uint16_t port = 0;                        ///< RTP; RTCP is the next one
  std::vector<media::codec_description> codecs;  ///< the preferred one first
  std::optional<std::uint8_t> telephone_event_payload_type =
      101;                              ///< in offers; nothing: no RFC 4733 events, in answers neither
  std::chrono::milliseconds ptime{20};  ///< what we should like to receive
  std::uint64_t session_id = 0;         ///< of o=, the same for the whole dialog
  std::uint64_t session_version = 1;    ///< of o=, one more with each changed description
  media::media_direction direction = media::media_direction::sendrecv;
  media_security security = media_security::off;
  std::optional<srtp_keys>
      keys{};  ///< of the dialog so far: ours goes on with the same suite (RFC 4568 §7.1.3)
};

/// What both ends have agreed on.
struct negotiated {
  std::string address;  ///< where to send; an IP literal
  std::uint16_t port = 0;
  std::uint16_t rtcp_port = 0;     ///< a=rtcp (RFC 3605), else the next one
  media::codec_description codec;  ///< with the payload type to send
  std::uint8_t payload_type_received =
      0;  ///< of the codec, as we have offered it: need not be that to send (RFC 3264 §6.1)
  std::optional<std::uint8_t> telephone_event_payload_type;           ///< to send
  std::optional<std::uint8_t> telephone_event_payload_type_received;  ///< set when the one to send is
  std::vector<media::leg_coding>
      alternatives;                     ///< further codecs of the answer, which the far end may change to
  std::chrono::milliseconds ptime{20};  ///< to send: 10 to 60 ms, whole tens
  media::media_direction direction =
      media::media_direction::sendrecv;  ///< ours; an address of 0.0.0.0 takes sending away
  std::optional<srtp_keys> srtp{};       ///< none: plain RTP
};

struct offer_answered {
  negotiated agreed;
  std::string sdp;  ///< the answer to send
};

/// An offer of all our codecs in order, one clock rate of telephone-event for each clock rate among them.
/// Packets of up to 60 ms are taken (a=maxptime).
std::string make_offer(const local_media& ours);

/// What an answer to our offer comes to: the first of its formats that we offered (RFC 3264 §6.1), and the
/// others.
boost::system::result<negotiated> accept_answer(std::string_view offer, std::string_view answer);

/// Of the address at which an offer wants its audio; nothing for an offer without one, and for one that is
/// nowhere (hold, RFC 3264 §8.4), which both families can answer.
std::optional<address_family> family_of_offer(std::string_view offer);

/// Answers an offer with the codec that is first by our order, G.729 without Annex B where the offer says so
/// (RFC 7261 §3), encrypted by the first of its keys that can be used; further media sections are refused.
/// Errors: any sdp_error but not_an_answer; to the far end they are a 488, sdp_error::malformed a 400.
boost::system::result<offer_answered> answer_offer(std::string_view offer, const local_media& ours);

}  // namespace tollgate::pstn::sip
