// SPDX-License-Identifier: Apache-2.0
#include "media_double.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include "gateway/overlay/datagram.hpp"
#include "pstn/media/tone_source.hpp"

namespace tollgate::gateway::peer::test {

namespace media = pstn::media;
using boost::asio::ip::udp;
using clock = std::chrono::steady_clock;

class media_double::listener final : public media::audio_sink {
 public:
  explicit listener(media_double& owner) : owner_(owner) {}
  void write(std::span<const std::int16_t> frame, int rate_hz) override {
    owner_.heard_rate_hz_ = rate_hz;
    owner_.heard_->insert(owner_.heard_->end(), frame.begin(), frame.end());
  }

 private:
  media_double& owner_;
};

media_double::media_double(boost::asio::io_context& context, const overlay::dtls_context& dtls)
    : dtls_context_(dtls),
      socket_(context, udp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
      timer_(context),
      local_(overlay::make_ice_credentials()),
      bridge_(*this, 42) {
  own_.ice = local_;
  own_.ice_lite = true;
  own_.certificate = dtls_context_.own_certificate().digest();
  own_.candidates = {overlay::host_candidate("127.0.0.1", socket_.local_endpoint().port())};
  own_.ssrc = 4711;
  own_.cname = "double";
}

overlay::webrtc_description media_double::offer() const {
  overlay::webrtc_description offer;
  offer.ice = own_.ice;
  offer.ice_lite = true;
  offer.certificate = own_.certificate;
  offer.candidates = own_.candidates;
  offer.end_of_candidates = true;
  offer.telephone_event = 110;
  offer.ssrc = own_.ssrc;
  offer.cname = own_.cname;
  return offer;
}

overlay::webrtc_description media_double::answer(const overlay::webrtc_description& offer,
                                                 std::optional<overlay::fingerprint> claimed) {
  overlay::answer_parameters parameters = own_;
  if (claimed) parameters.certificate = *claimed;
  overlay::webrtc_description answer = overlay::make_answer(offer, parameters);
  begin(offer, answer.setup);
  return answer;
}

void media_double::accept(const overlay::webrtc_description& answer) {
  begin(answer, overlay::dtls_setup::actpass);
}

void media_double::begin(const overlay::webrtc_description& remote, overlay::dtls_setup own) {
  remote_ = remote;
  role_ = overlay::role_of(own, remote.setup);
  ice_.emplace(local_, remote.ice);
  receive();
}

void media_double::receive() {
  socket_.async_receive_from(
      boost::asio::buffer(incoming_), source_,
      [self = shared_from_this()](const boost::system::error_code& failure, std::size_t length) {
        if (failure || self->closed_) return;
        self->on_datagram(length);
        self->receive();
      });
}

void media_double::on_datagram(std::size_t length) {
  const std::span<const std::byte> datagram = std::span(incoming_).first(length);
  const auto kind = overlay::classify(datagram);
  if (kind == overlay::datagram_kind::stun) on_stun(datagram);
  if (kind == overlay::datagram_kind::dtls) on_dtls(datagram);
  if (kind == overlay::datagram_kind::rtp) on_media(datagram, true);
  if (kind == overlay::datagram_kind::rtcp) on_media(datagram, false);
  arm();
}

void media_double::on_stun(std::span<const std::byte> datagram) {
  const auto response = ice_->receive(datagram, source_, clock::now());
  boost::system::error_code ignored;
  if (!response.empty())
    socket_.send_to(boost::asio::buffer(response.data(), response.size()), source_, 0, ignored);
  if (dtls_ || !ice_->selected()) return;
  dtls_.emplace(dtls_context_, role_, remote_->certificate, [this](std::span<const std::byte> outgoing) {
    boost::system::error_code failure;
    socket_.send_to(boost::asio::buffer(outgoing.data(), outgoing.size()), ice_->selected()->endpoint, 0,
                    failure);
  });
  dtls_->start(clock::now());
}

void media_double::on_dtls(std::span<const std::byte> datagram) {
  if (!dtls_) return;
  dtls_->receive(datagram, clock::now());
  if (dtls_->state() == overlay::dtls_state::connected && !srtp_) begin_media();
}

void media_double::begin_media() {
  auto made = media::srtp_session::make(media::srtp_profile::aead_aes_256_gcm, dtls_->keys()->local,
                                        dtls_->keys()->remote);
  if (!made) return;
  srtp_.emplace(std::move(*made));
  media::leg_parameters leg;
  leg.codec = remote_->opus;
  leg.telephone_event_payload_type = remote_->telephone_event;
  leg.telephone_event_clock_hz = remote_->telephone_event_clock_hz;
  leg.local_ssrc = own_.ssrc;
  leg.cname = own_.cname;
  bridge_.attach(
      media::side::overlay, leg, [this](auto packet) { send_protected(packet, false); },
      [this](auto packet) { send_protected(packet, true); });
  media::tone_cadence tone;
  tone.steps.push_back({1000, 0, std::chrono::seconds(1)});
  bridge_.play(media::side::overlay, media::make_tone_source(tone), media::play_mode::replace);
  bridge_.record(media::side::overlay, std::make_shared<listener>(*this));
}

void media_double::on_media(std::span<const std::byte> datagram, bool rtp) {
  if (!srtp_) return;
  const std::span<std::byte> packet = std::span(incoming_).first(datagram.size());
  const auto length = rtp ? srtp_->unprotect_rtp(packet) : srtp_->unprotect_rtcp(packet);
  if (!length) return;
  if (rtp)
    bridge_.receive_rtp(media::side::overlay, packet.first(*length), clock::now());
  else
    bridge_.receive_rtcp(media::side::overlay, packet.first(*length), clock::now());
}

void media_double::send_protected(std::span<const std::byte> packet, bool rtcp) {
  std::ranges::copy(packet, outgoing_.begin());
  const auto length =
      rtcp ? srtp_->protect_rtcp(outgoing_, packet.size()) : srtp_->protect_rtp(outgoing_, packet.size());
  boost::system::error_code ignored;
  if (length)
    socket_.send_to(boost::asio::buffer(outgoing_.data(), *length), ice_->selected()->endpoint, 0, ignored);
}

void media_double::arm() {
  auto next = bridge_.next_deadline();
  if (dtls_ && dtls_->next_deadline() && (!next || *dtls_->next_deadline() < *next))
    next = dtls_->next_deadline();
  if (!next || closed_) return;
  timer_.expires_at(*next);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& failure) {
    if (failure) return;
    // What has arrived by now goes in first.
    boost::asio::post(self->socket_.get_executor(), [self] {
      if (self->closed_) return;
      self->bridge_.advance(clock::now());
      if (self->dtls_) self->dtls_->advance(clock::now());
      self->arm();
    });
  });
}

void media_double::close() {
  if (closed_) return;
  closed_ = true;
  if (srtp_) bridge_.detach(media::side::overlay);
  boost::system::error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
}

}  // namespace tollgate::gateway::peer::test
