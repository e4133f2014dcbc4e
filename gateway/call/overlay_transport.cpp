// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/overlay_transport.hpp"

#include <algorithm>

namespace tollgate::gateway::call {

namespace media = pstn::media;

overlay_transport::overlay_transport(overlay::ice_credentials local, callbacks c)
    : local_(std::move(local)), callbacks_(std::move(c)) {}

void overlay_transport::connect(const overlay::dtls_context& context, overlay::dtls_role role,
                                const overlay::fingerprint& fingerprint, overlay::ice_credentials remote) {
  if (ice_) return;
  ice_.emplace(local_, std::move(remote));
  dtls_.emplace(context, role, fingerprint, [this](std::span<const std::byte> datagram) {
    if (const auto& to = ice_->selected()) callbacks_.send(datagram, *to);
  });
}

void overlay_transport::restart(overlay::ice_credentials local, overlay::ice_credentials remote) {
  local_ = std::move(local);
  if (ice_) ice_->restart(local_, std::move(remote));
}

bool overlay_transport::validated(const overlay::transport_address& source) const {
  return ice_ && ice_->validated(source);
}

void overlay_transport::receive(std::span<const std::byte> datagram, const overlay::transport_address& source,
                                time_point now) {
  if (!ice_) return;
  const auto kind = overlay::classify(datagram);
  if (kind == overlay::datagram_kind::stun) return receive_stun(datagram, source, now);
  if (!ice_->validated(source)) return refuse(bad_packet::foreign_address);
  switch (kind) {
    case overlay::datagram_kind::dtls:
      dtls_->receive(datagram, now);
      return check_dtls();
    case overlay::datagram_kind::rtp:
      return receive_media(datagram, false, now);
    case overlay::datagram_kind::rtcp:
      return receive_media(datagram, true, now);
    case overlay::datagram_kind::stun:
    case overlay::datagram_kind::unknown:
      return refuse(bad_packet::malformed);
  }
}

void overlay_transport::refuse(bad_packet why) {
  ++dropped_;
  callbacks_.refused(why);
}

void overlay_transport::receive_stun(std::span<const std::byte> datagram,
                                     const overlay::transport_address& source, time_point now) {
  const auto response = ice_->receive(datagram, source, now);
  if (!response.empty()) callbacks_.send(response, source);
  if (started_ || !ice_->selected()) return;
  started_ = true;  // no DTLS before an authenticated check (CVE-2023-49786)
  dtls_->start(now);
}

void overlay_transport::receive_media(std::span<const std::byte> datagram, bool rtcp, time_point now) {
  if (!srtp_) return refuse(bad_packet::srtp_authentication);
  if (datagram.size() > buffer_.size()) return refuse(bad_packet::oversized);
  std::copy(datagram.begin(), datagram.end(), buffer_.begin());
  const auto packet = std::span(buffer_).first(datagram.size());
  const auto size = rtcp ? srtp_->unprotect_rtcp(packet) : srtp_->unprotect_rtp(packet);
  if (!size) return refuse(reason_of(size.error()));
  callbacks_.media(packet.first(*size), rtcp, now);
}

void overlay_transport::check_dtls() {
  if (settled_) return;
  switch (dtls_->state()) {
    case overlay::dtls_state::handshaking:
      return;
    case overlay::dtls_state::connected: {
      const auto& keys = *dtls_->keys();
      auto made = media::srtp_session::make(media::srtp_profile::aead_aes_256_gcm, keys.local, keys.remote);
      settled_ = true;
      if (!made) return callbacks_.failed("srtp");
      srtp_.emplace(std::move(*made));
      return callbacks_.connected();
    }
    case overlay::dtls_state::failed:
    case overlay::dtls_state::closed:
      settled_ = true;
      return callbacks_.failed(to_text(dtls_->failure()));
  }
}

void overlay_transport::send(std::span<const std::byte> packet, bool rtcp) {
  const auto* to = ice_ && ice_->selected() ? &*ice_->selected() : nullptr;
  if (!srtp_ || !to || packet.size() + media::srtp_overhead_bytes > send_buffer_.size()) return;
  std::copy(packet.begin(), packet.end(), send_buffer_.begin());
  const auto size = rtcp ? srtp_->protect_rtcp(send_buffer_, packet.size())
                         : srtp_->protect_rtp(send_buffer_, packet.size());
  if (size) callbacks_.send(std::span<const std::byte>(send_buffer_).first(*size), *to);
}

void overlay_transport::close() {
  if (dtls_ && started_) dtls_->close();
}

std::optional<overlay_transport::time_point> overlay_transport::next_deadline() const {
  return dtls_ && started_ ? dtls_->next_deadline() : std::nullopt;
}

void overlay_transport::advance(time_point now) {
  if (!dtls_ || !started_) return;
  dtls_->advance(now);
  check_dtls();
}

std::string overlay_transport::profile() const {
  return dtls_ ? std::string(dtls_->profile()) : std::string();
}

}  // namespace tollgate::gateway::call
