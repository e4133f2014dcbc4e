// SPDX-License-Identifier: Apache-2.0
// From negotiated session descriptions to the parameters of media legs, for both sides of a call. Free of IO.
#pragma once

#include <optional>
#include <string>

#include "gateway/call/media_session.hpp"
#include "gateway/overlay/webrtc_description.hpp"
#include "pstn/sip/offer_answer.hpp"
#include "pstn/trunk/trunk.hpp"

namespace tollgate::gateway::call {

// RFC 7022 §4.2: a name for RTCP that tells nothing of the subscriber, new for each call.
std::string make_cname();
std::uint32_t make_ssrc();  // random, not 0

// Where peers send their media: one address (ICE-lite), by UDP and, where that is barred, by TCP.
struct overlay_endpoint {
  std::string address;
  std::uint16_t port = 0;
  overlay::fingerprint certificate;
  bool tcp = true;  // ICE-TCP on the same port number
};

// o= of our descriptions towards a trunk (RFC 3264 §8): one number a dialog, a version that grows with each
// change.
struct sdp_origin {
  std::uint64_t session_id = 0;
  std::uint64_t version = 1;
};

overlay::webrtc_description answer_overlay(const overlay::webrtc_description& offer,
                                           const overlay_endpoint& own, const overlay::ice_credentials& ice,
                                           std::uint32_t ssrc, const std::string& cname);
overlay::webrtc_description offer_overlay(const overlay_endpoint& own, const overlay::ice_credentials& ice,
                                          std::uint32_t ssrc, const std::string& cname);

// The far end by its description; `own_setup` is what ours says, or asked for.
overlay_remote overlay_remote_of(const overlay::webrtc_description& theirs, overlay::dtls_setup own_setup,
                                 std::uint32_t ssrc, const std::string& cname);

// What we offer a trunk: its codecs in its order, telephone-event, and keys if it has SRTP.
pstn::sip::local_media trunk_media(const pstn::trunk::trunk& trunk, const std::string& address,
                                   std::uint16_t port, const sdp_origin& origin);
// What was agreed with a trunk, and how it has its digits and its echo.
trunk_remote trunk_remote_of(const pstn::trunk::trunk& trunk, const pstn::sip::negotiated& agreed,
                             const std::string& cname);

}  // namespace tollgate::gateway::call
