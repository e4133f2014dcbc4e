// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/leg_setup.hpp"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <random>

#include "pstn/media/codec.hpp"

namespace tollgate::gateway::call {

namespace media = pstn::media;

namespace {

media::leg_parameters leg_of(const overlay::webrtc_description& description, std::uint32_t ssrc,
                             const std::string& cname) {
  media::leg_parameters leg;
  leg.codec = description.opus;
  leg.telephone_event_payload_type = description.telephone_event;
  leg.telephone_event_clock_hz = description.telephone_event_clock_hz;
  leg.local_ssrc = ssrc;
  leg.cname = cname;
  return leg;
}

std::vector<overlay::ice_candidate> candidates_of(const overlay_endpoint& own) {
  std::vector<overlay::ice_candidate> candidates{overlay::host_candidate(own.address, own.port)};
  if (own.tcp) candidates.push_back(overlay::passive_tcp_candidate(own.address, own.port));
  return candidates;
}

}  // namespace

std::string make_cname() {
  return boost::uuids::to_string(boost::uuids::random_generator_pure()());
}

std::uint32_t make_ssrc() {
  std::random_device random;
  std::uint32_t ssrc = 0;
  while (ssrc == 0)
    ssrc = random();
  return ssrc;
}

overlay::webrtc_description answer_overlay(const overlay::webrtc_description& offer,
                                           const overlay_endpoint& own, const overlay::ice_credentials& ice,
                                           std::uint32_t ssrc, const std::string& cname) {
  overlay::answer_parameters parameters;
  parameters.ice = ice;
  parameters.ice_lite = true;
  parameters.certificate = own.certificate;
  parameters.candidates = candidates_of(own);
  parameters.ssrc = ssrc;
  parameters.cname = cname;
  return overlay::make_answer(offer, parameters);
}

overlay::webrtc_description offer_overlay(const overlay_endpoint& own, const overlay::ice_credentials& ice,
                                          std::uint32_t ssrc, const std::string& cname) {
  overlay::webrtc_description offer;
  offer.session_id = std::to_string(make_ssrc());
  offer.ice = ice;
  offer.ice_lite = true;
  offer.certificate = own.certificate;
  offer.setup = overlay::dtls_setup::actpass;
  offer.candidates = candidates_of(own);
  offer.end_of_candidates = true;
  offer.telephone_event = 126;
  offer.telephone_event_clock_hz = 8000;
  offer.ssrc = ssrc;
  offer.cname = cname;
  return offer;
}

overlay_remote overlay_remote_of(const overlay::webrtc_description& theirs, overlay::dtls_setup own_setup,
                                 std::uint32_t ssrc, const std::string& cname) {
  return {theirs.ice, theirs.certificate, overlay::role_of(own_setup, theirs.setup),
          leg_of(theirs, ssrc, cname)};
}

pstn::sip::local_media trunk_media(const pstn::trunk::trunk& trunk, const std::string& address,
                                   std::uint16_t port, const sdp_origin& origin) {
  pstn::sip::local_media ours;
  ours.address = address;
  ours.port = port;
  for (const auto& name : trunk.codecs)
    if (const auto codec = media::find_codec(name); codec && media::codec_available(*codec))
      ours.codecs.push_back(media::default_description(*codec));
  // A far end that has its digits by INFO must not send them a second time as events.
  if (trunk.dtmf != pstn::trunk::dtmf_mode::rfc4733) ours.telephone_event_payload_type.reset();
  ours.security = trunk.srtp;
  ours.session_id = origin.session_id;
  ours.session_version = origin.version;
  return ours;
}

trunk_remote trunk_remote_of(const pstn::trunk::trunk& trunk, const pstn::sip::negotiated& agreed,
                             const std::string& cname) {
  trunk_remote remote;
  remote.address = agreed.address;
  remote.port = agreed.port;
  remote.rtcp_port = agreed.rtcp_port;
  remote.srtp = agreed.srtp;
  remote.leg.codec = agreed.codec;
  remote.leg.payload_type_received = agreed.payload_type_received;
  remote.leg.telephone_event_payload_type_received = agreed.telephone_event_payload_type_received;
  remote.leg.telephone_event_payload_type = agreed.telephone_event_payload_type;
  remote.leg.telephone_event_clock_hz = agreed.codec.rtp_clock_hz;
  remote.leg.alternatives = agreed.alternatives;
  remote.leg.ptime = agreed.ptime;
  remote.leg.cname = cname;
  remote.leg.digits_by_signalling = trunk.dtmf == pstn::trunk::dtmf_mode::info;
  if (trunk.echo_canceller) remote.leg.echo_tail = std::chrono::milliseconds(trunk.echo_tail_ms);
  remote.leg.sending = agreed.direction == media::media_direction::sendrecv ||
                       agreed.direction == media::media_direction::sendonly;
  return remote;
}

}  // namespace tollgate::gateway::call
