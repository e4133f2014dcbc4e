// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/call_base.hpp"

#include "gateway/call/call_id.hpp"

namespace tollgate::gateway::call {
namespace {

billing::media_record to_record(const pstn::media::leg_statistics& statistics) {
  billing::media_record record;
  record.packets = statistics.packets_received;
  record.lost = statistics.lost;
  record.jitter_ms = statistics.jitter_ms;
  record.mos = statistics.mos;
  record.remote_loss = statistics.remote_loss_total;
  record.remote_jitter_ms = statistics.remote_jitter_ms;
  record.round_trip_ms = statistics.round_trip_ms;
  record.remote_mos = statistics.remote_mos;
  return record;
}

}  // namespace

billing::call_side side_of(party by) {
  switch (by) {
    case party::caller:
      return billing::call_side::caller;
    case party::callee:
      return billing::call_side::callee;
    case party::gateway:
      return billing::call_side::gateway;
  }
  return billing::call_side::gateway;
}

call_base::call_base(const environment& e, billing::call_direction direction)
    : environment_(e), inbox_(e.executor) {
  const auto now = e.time.wall();
  facts_.call_id = make_call_id(now);
  facts_.direction = direction;
  facts_.state = "trying";
  facts_.started = now;
  record_.call_id = facts_.call_id;
  record_.direction = direction;
  record_.started = now;
  record_.node = e.settings.node;
}

boost::system::result<void> call_base::open_media(pstn::sip::address_family family, urgency of) {
  const auto tell = [weak = weak_from_this()](media_message message) {
    if (const auto self = weak.lock()) self->deliver(std::move(message));
  };
  media_ = environment_.media.open(tell, of);
  if (!media_) return boost::asio::error::no_buffer_space;
  if (const auto opened = open_trunk_port(family); !opened) return opened;
  begin_trunk();
  return {};
}

void call_base::join_media(std::shared_ptr<media_session> of) {
  media_ = std::move(of);
  trunk_side_ = pstn::media::side::overlay;
  begin_trunk();
}

boost::system::result<void> call_base::open_trunk_port(pstn::sip::address_family family) {
  const auto port = media_->open_trunk(trunk_side_, family);
  if (!port) return port.error();
  trunk_port_ = *port;
  trunk_family_ = family;
  return {};
}

void call_base::begin_trunk() {
  trunk_origin_.session_id = make_ssrc();
  cname_ = make_cname();
  overlay_ssrc_ = make_ssrc();
}

boost::asio::awaitable<void> call_base::close_media() {
  if (!media_) co_return;
  const auto reports = std::make_shared<inbox<media_report>>(environment_.executor);
  media_->close([reports](media_report report) { reports->post(std::move(report)); });
  media_.reset();
  const auto report = co_await reports->next(environment_.time.steady() + std::chrono::seconds(5));
  if (report) note(*report);
}

boost::asio::awaitable<void> call_base::note_media() {
  const auto reports = std::make_shared<inbox<media_report>>(environment_.executor);
  media_->report([reports](media_report report) { reports->post(std::move(report)); });
  const auto report = co_await reports->next(environment_.time.steady() + std::chrono::seconds(5));
  if (report) note(*report);
}

void call_base::note(const media_report& report) {
  if (trunk_side_ == pstn::media::side::overlay) {  // what comes from the other side is the other call's
    record_.from_trunk = to_record(report.overlay);
    return;
  }
  record_.from_overlay = to_record(report.overlay);
  record_.from_trunk = to_record(report.trunk);
  record_.srtp_profile = report.srtp_profile;
}

overlay_endpoint call_base::own_endpoint() const {
  return {environment_.settings.media_address, media_->overlay_port(), environment_.media.fingerprint(),
          environment_.media.takes_tcp()};
}

pstn::sip::local_media call_base::local_media(const pstn::trunk::trunk& trunk) const {
  auto ours = trunk_media(trunk, environment_.settings.media_address_toward(trunk_family_), trunk_port_,
                          trunk_origin_);
  ours.keys = trunk_keys_;
  return ours;
}

void call_base::send_digit(const pstn::trunk::trunk& trunk, pstn::sip::call_key dialog, char digit,
                           std::chrono::milliseconds duration) {
  if (trunk.dtmf == pstn::trunk::dtmf_mode::info)
    environment_.sip.send_info_dtmf(dialog, digit, duration);
  else
    media_->send_digits(trunk_side_, std::string(1, digit), duration);
}

void call_base::answer_reinvite(const pstn::trunk::trunk& trunk, const pstn::sip::reinvite& change) {
  ++trunk_origin_.version;
  reoffer_.clear();
  if (change.sdp.empty()) {
    reoffer_ = pstn::sip::make_offer(local_media(trunk));
    environment_.sip.answer_reinvite(change.key, reoffer_);
    return;
  }
  const auto answered = answer_change(trunk, change.sdp);
  environment_.sip.answer_reinvite(change.key, answered ? answered->sdp : "");
  if (!answered) {
    --trunk_origin_.version;  // nothing was said (RFC 3264 §8)
    return;
  }
  reconnect_trunk(trunk, answered->agreed);
}

boost::system::result<pstn::sip::offer_answered> call_base::answer_change(const pstn::trunk::trunk& trunk,
                                                                          const std::string& offer) {
  const auto family = pstn::sip::family_of_offer(offer).value_or(trunk_family_);
  if (family != trunk_family_) {
    // What was agreed before goes on, unless this can be answered.
    auto there = local_media(trunk);
    there.address = environment_.settings.media_address_toward(family);
    if (auto tried = pstn::sip::answer_offer(offer, there); !tried) return tried;
    if (!open_trunk_port(family)) return pstn::sip::sdp_error::no_address;
  }
  return pstn::sip::answer_offer(offer, local_media(trunk));
}

void call_base::take_reinvite_answer(const pstn::trunk::trunk& trunk, const pstn::sip::acknowledged& answer) {
  const std::string offer = answer.offer.empty() ? std::exchange(reoffer_, {}) : answer.offer;
  if (offer.empty() || answer.sdp.empty()) return;
  const auto agreed = pstn::sip::accept_answer(offer, answer.sdp);
  if (agreed) reconnect_trunk(trunk, *agreed);  // else what was agreed before holds
}

void call_base::reconnect_trunk(const pstn::trunk::trunk& trunk, const pstn::sip::negotiated& agreed) {
  record_.trunk_codec = pstn::media::encoding_name(agreed.codec.id);
  trunk_keys_ = agreed.srtp;
  media_->connect_trunk(trunk_remote_of(trunk, agreed, cname_), trunk_side_);
}

void call_base::trace_dialog(const std::string& sip_call_id, const std::string& trunk) {
  if (environment_.traces)
    environment_.traces->claim(sip_call_id, facts_.call_id, trunk, environment_.time.wall());
}

void call_base::end_trace() {
  if (environment_.traces) environment_.traces->end(facts_.call_id, environment_.time.wall());
}

void call_base::tell_others(call_moment moment) const {
  if (environment_.moment) environment_.moment(moment, facts_, record_);
}

void call_base::note_started() {
  if (!std::exchange(started_, true)) tell_others(call_moment::started);
}

void call_base::note_ringing() {
  if (ringing_at_) return;
  ringing_at_ = environment_.time.steady();
  record_.ringing = environment_.time.wall();
}

void call_base::note_answered() {
  answered_at_ = environment_.time.steady();
  record_.answered = environment_.time.wall();
  facts_.answered = answered_at_;
  facts_.state = "talking";
  tell_others(call_moment::answered);
}

void call_base::take_back_answer() {
  answered_at_.reset();
  record_.answered.reset();
  facts_.answered.reset();
}

boost::asio::awaitable<std::optional<billing::settlement>> call_base::settle(const ending& e,
                                                                             std::chrono::milliseconds talk) {
  record_.ended = environment_.time.wall();
  record_.talk = talk;
  if (ringing_at_) {
    const auto until = answered_at_ ? *answered_at_ : environment_.time.steady();
    record_.ring = std::chrono::duration_cast<std::chrono::milliseconds>(until - *ringing_at_);
  }
  record_.account_id = facts_.account_id;
  record_.caller = facts_.caller;
  record_.callee = facts_.callee;
  record_.trunk = facts_.trunk;
  record_.sip_code = e.sip_code;
  record_.q850_cause = e.q850;
  record_.hung_up_by = side_of(e.by);
  record_.reason = e.reason;
  tell_others(call_moment::ended);
  co_return co_await environment_.settlements.settle(record_);
}

}  // namespace tollgate::gateway::call
