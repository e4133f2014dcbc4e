// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/media_session.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <random>
#include <utility>

#include "gateway/overlay/datagram.hpp"

namespace tollgate::gateway::peer {

namespace media = pstn::media;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::uint8_t telephone_event_payload_type = 110;  // at Opus' clock, as browsers offer it
constexpr std::chrono::milliseconds digit_duration{100};
constexpr std::chrono::milliseconds packet_time{20};

std::uint64_t random_number() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

std::string random_name() {
  static constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::string name;
  for (std::uint64_t bits = random_number(); name.size() < 12; bits >>= 5)
    name += alphabet[bits & 31];
  return name;
}

std::uint32_t random_ssrc() {
  return static_cast<std::uint32_t>(random_number() | 1);
}

}  // namespace

std::shared_ptr<media_session> media_session::start(glib_thread& glib, boost::asio::any_io_executor executor,
                                                    overlay::dtls_context dtls, ice_options options,
                                                    media_events events) {
  auto made = std::make_shared<media_session>(key{}, std::move(executor), std::move(dtls), std::move(events));
  made->open(glib, options);
  return made;
}

media_session::media_session(key, boost::asio::any_io_executor executor, overlay::dtls_context dtls,
                             media_events events)
    : executor_(executor),
      dtls_context_(std::move(dtls)),
      events_(std::move(events)),
      timer_(executor),
      bridge_(*this, random_number()) {
  local_.ice_lite = false;
  local_.certificate = dtls_context_.own_certificate().digest();
  local_.ssrc = random_ssrc();
  local_.cname = random_name();
}

media_session::~media_session() {
  close();
}

template <typename Function>
void media_session::tell(Function function) {
  boost::asio::post(executor_, [weak = weak_from_this(), function = std::move(function)]() mutable {
    const auto alive = weak.lock();
    if (alive && !alive->over_) function(alive->events_);
  });
}

void media_session::open(glib_thread& glib, ice_options options) {
  const auto weak = weak_from_this();
  const auto guarded = [weak](auto member) {
    return [weak, member](auto&&... arguments) {
      if (const auto self = weak.lock(); self && !self->over_)
        ((*self).*member)(std::forward<decltype(arguments)>(arguments)...);
    };
  };
  ice_events events;
  events.gathered = guarded(&media_session::on_gathered);
  events.connected = guarded(&media_session::on_connected);
  events.received = guarded(&media_session::on_received);
  events.failed = [weak] {
    if (const auto self = weak.lock()) self->fail("no network path to the gateway, or it was lost");
  };
  ice_ = std::make_unique<ice_agent>(glib, executor_, options, std::move(events));
}

void media_session::on_gathered(ice_description description) {
  local_.ice = {description.username_fragment, description.password};
  for (const std::string& text : description.candidates) {
    if (const auto candidate = overlay::parse_candidate(text)) local_.candidates.push_back(*candidate);
  }
  if (local_.candidates.size() > overlay::candidates_max) local_.candidates.resize(overlay::candidates_max);
  tell([](media_events& events) { events.described(); });
}

overlay::webrtc_description media_session::offer() const {
  overlay::webrtc_description offer;
  offer.session_id = std::to_string(local_.ssrc);
  offer.ice = local_.ice;
  offer.certificate = local_.certificate;
  offer.candidates = local_.candidates;
  offer.end_of_candidates = true;
  offer.telephone_event = telephone_event_payload_type;
  offer.telephone_event_clock_hz = offer.opus.rtp_clock_hz;
  offer.ssrc = local_.ssrc;
  offer.cname = local_.cname;
  return offer;
}

overlay::webrtc_description media_session::answer(const overlay::webrtc_description& offer) const {
  return overlay::make_answer(offer, local_);
}

void media_session::connect(const overlay::webrtc_description& remote, overlay::dtls_setup own) {
  if (remote_ || over_) return;
  remote_ = remote;
  role_ = overlay::role_of(own, remote.setup);
  ice_description description{remote.ice.username_fragment, remote.ice.password, {}};
  for (const auto& candidate : remote.candidates)
    description.candidates.push_back("candidate:" + to_string(candidate));
  ice_->set_remote(std::move(description));
}

void media_session::on_connected() {
  if (!remote_ || dtls_) return;
  dtls_.emplace(dtls_context_, role_, remote_->certificate,
                [this](std::span<const std::byte> datagram) { ice_->send(datagram); });
  dtls_->start(clock::now());
  after_dtls();
}

void media_session::on_received(std::span<const std::byte> datagram) {
  const auto kind = overlay::classify(datagram);
  const auto now = clock::now();
  if (kind == overlay::datagram_kind::dtls && dtls_) {
    dtls_->receive(datagram, now);
    after_dtls();
    return;
  }
  const bool rtp = kind == overlay::datagram_kind::rtp;
  if (!srtp_ || datagram.size() > receiving_.size() || (!rtp && kind != overlay::datagram_kind::rtcp)) return;
  std::ranges::copy(datagram, receiving_.begin());
  const std::span<std::byte> packet(receiving_.data(), datagram.size());
  const auto length = rtp ? srtp_->unprotect_rtp(packet) : srtp_->unprotect_rtcp(packet);
  if (!length) return;
  if (rtp)
    bridge_.receive_rtp(media::side::overlay, packet.first(*length), now);
  else
    bridge_.receive_rtcp(media::side::overlay, packet.first(*length), now);
  arm();
}

void media_session::after_dtls() {
  switch (dtls_->state()) {
    case overlay::dtls_state::handshaking:
      break;
    case overlay::dtls_state::connected:
      if (!srtp_) begin_media();
      break;
    case overlay::dtls_state::failed:
      return fail("the secure handshake was refused: " + std::string(overlay::to_text(dtls_->failure())));
    case overlay::dtls_state::closed:
      // The gateway says why, and what it cost, in its hangup frame.
      break;
  }
  arm();
}

void media_session::begin_media() {
  const auto& keys = dtls_->keys();
  if (!keys) return fail("the secure handshake gave no keys");
  auto made = media::srtp_session::make(media::srtp_profile::aead_aes_256_gcm, keys->local, keys->remote);
  if (!made) return fail("SRTP refused the keys");
  srtp_.emplace(std::move(*made));
  media::leg_parameters leg;
  leg.codec = remote_->opus;
  leg.telephone_event_payload_type = remote_->telephone_event;
  leg.telephone_event_clock_hz = remote_->telephone_event_clock_hz;
  leg.ptime = packet_time;
  leg.local_ssrc = local_.ssrc;
  leg.cname = local_.cname;
  bridge_.attach(
      media::side::overlay, std::move(leg), [this](auto packet) { send_protected(packet, false); },
      [this](auto packet) { send_protected(packet, true); });
  tell([](media_events& events) { events.up(); });
}

void media_session::send_protected(std::span<const std::byte> packet, bool rtcp) {
  if (!srtp_ || packet.size() + media::srtp_overhead_bytes > sending_.size()) return;
  std::ranges::copy(packet, sending_.begin());
  const auto length =
      rtcp ? srtp_->protect_rtcp(sending_, packet.size()) : srtp_->protect_rtp(sending_, packet.size());
  if (length) ice_->send(std::span(sending_).first(*length));
}

std::string_view media_session::srtp_profile() const {
  return dtls_ ? dtls_->profile() : std::string_view();
}
std::string_view media_session::dtls_cipher() const {
  return dtls_ ? dtls_->cipher() : std::string_view();
}

void media_session::play(std::shared_ptr<media::audio_source> source) {
  bridge_.play(media::side::overlay, std::move(source), media::play_mode::replace);
  arm();
}

void media_session::record(std::shared_ptr<media::audio_sink> sink) {
  bridge_.record(media::side::overlay, std::move(sink));
}

void media_session::send_digits(std::string_view digits) {
  bridge_.send_digits(media::side::overlay, digits, digit_duration);
  arm();
}

bool media_session::sending_digits() const {
  return bridge_.sending_digits(media::side::overlay);
}

media::leg_statistics media_session::statistics() const {
  return bridge_.statistics(media::side::overlay);
}

void media_session::digit_received(media::side, char digit, std::chrono::milliseconds) {
  tell([digit](media_events& events) { events.digit(digit); });
}

void media_session::playback_finished(media::side) {
  tell([](media_events& events) { events.played(); });
}

void media_session::fail(std::string why) {
  if (over_) return;
  tell([why = std::move(why)](media_events& events) mutable {
    if (const auto handler = std::exchange(events.failed, nullptr)) handler(std::move(why));
  });
}

void media_session::arm() {
  std::optional<time_point> next = bridge_.next_deadline();
  if (dtls_) {
    if (const auto deadline = dtls_->next_deadline(); deadline && (!next || *deadline < *next))
      next = deadline;
  }
  if (!next || over_) return;
  if (timer_.expiry() == *next) return;  // armed for it already
  timer_.expires_at(*next);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& failure) {
    if (failure) return;
    const auto self = weak.lock();
    if (!self) return;
    // Packets that have arrived by now go in before the deadline is seen to.
    boost::asio::post(self->executor_, [weak] {
      if (const auto alive = weak.lock()) alive->on_timer();
    });
  });
}

void media_session::on_timer() {
  if (over_) return;
  const auto now = clock::now();
  bridge_.advance(now);
  timer_.expires_at(time_point::max());
  if (dtls_ && dtls_->state() == overlay::dtls_state::handshaking) {
    dtls_->advance(now);
    after_dtls();
  } else {
    arm();
  }
}

void media_session::close() {
  if (over_) return;
  over_ = true;
  timer_.cancel();
  if (srtp_) bridge_.detach(media::side::overlay);
  if (dtls_) dtls_->close();
  ice_.reset();
}

}  // namespace tollgate::gateway::peer
