// SPDX-License-Identifier: Apache-2.0
// What every live call has: its place in the registry, its inbox, its media, and its stop record in the
// making.
#pragma once

#include "billing/stop_record.hpp"
#include "gateway/call/environment.hpp"
#include "gateway/call/inbox.hpp"
#include "gateway/call/leg_setup.hpp"

namespace tollgate::gateway::call {

class call_base : public live_call, public std::enable_shared_from_this<call_base> {
 public:
  const call_facts& facts() const override { return facts_; }
  void deliver(call_event event) override { inbox_.post(std::move(event)); }

 protected:
  call_base(const environment& e, billing::call_direction direction);

  // Opens the call's media and its trunk port, of the far end's family if there is one; its messages come
  // through the inbox. Error: no port is free, or the media workers are overloaded and the call is no
  // emergency.
  boost::system::result<void> open_media(pstn::sip::address_family family, urgency of = urgency::ordinary);
  // Takes part in another call's media, in the place of its devices; it has no trunk port yet.
  void join_media(std::shared_ptr<media_session> of);
  // The trunk port becomes one of that family, unless it is already, or there is no other. Error: none is
  // free, and it stays as it was.
  boost::system::result<void> open_trunk_port(pstn::sip::address_family family);
  // Ends media and waits for what it amounted to, which goes into the stop record.
  boost::asio::awaitable<void> close_media();
  boost::asio::awaitable<void> note_media();  // into the record, and the media goes on
  // Completes the stop record and hands it to the ledger. Nothing: it waits on disk for the ledger.
  boost::asio::awaitable<std::optional<billing::settlement>> settle(const ending& e,
                                                                    std::chrono::milliseconds talk);
  // Our part of every session description towards peers, once the call's media is open.
  overlay_endpoint own_endpoint() const;
  // A digit of the subscriber's, in the way that the trunk wants it, once the call is answered.
  void send_digit(const pstn::trunk::trunk& trunk, pstn::sip::call_key dialog, char digit,
                  std::chrono::milliseconds duration);
  // Answers a re-INVITE by the trunk's codecs, and follows it: a new address, a codec, hold. One without an
  // offer is answered with ours.
  void answer_reinvite(const pstn::trunk::trunk& trunk, const pstn::sip::reinvite& change);
  // The ACK of a re-INVITE that has had our offer brings the far end's answer, and so does the answer to a session
  // refresh; empty: nothing changes.
  void take_reinvite_answer(const pstn::trunk::trunk& trunk, const pstn::sip::acknowledged& answer);
  bool reoffered() const noexcept { return !reoffer_.empty(); }
  // Our codecs and address for a trunk.
  pstn::sip::local_media local_media(const pstn::trunk::trunk& trunk) const;
  void note_started();  // once
  void note_ringing();
  void note_answered();
  void take_back_answer();  // it has reached nobody
  // The messages of the SIP dialog are the call's, until end_trace().
  void trace_dialog(const std::string& sip_call_id, const std::string& trunk);
  void end_trace();

  const environment& environment_;
  call_facts facts_;
  billing::stop_record record_;
  inbox<call_event> inbox_;
  std::shared_ptr<media_session> media_;
  pstn::media::side trunk_side_ = pstn::media::side::trunk;  // where in the media our telephone stands
  std::uint16_t trunk_port_ = 0;
  pstn::sip::address_family trunk_family_ = pstn::sip::address_family::ipv4;  // of our description of it
  sdp_origin trunk_origin_;
  std::optional<pstn::sip::srtp_keys> trunk_keys_;  // of this dialog
  std::string cname_;
  std::uint32_t overlay_ssrc_ = 0;

 private:
  void begin_trunk();
  void note(const media_report& report);
  // The answer is in the family of the offer, which may be another one than before.
  boost::system::result<pstn::sip::offer_answered> answer_change(const pstn::trunk::trunk& trunk,
                                                                 const std::string& offer);
  void reconnect_trunk(const pstn::trunk::trunk& trunk, const pstn::sip::negotiated& agreed);

  std::string reoffer_;  // ours, to a re-INVITE without one; empty once it is answered
  void tell_others(call_moment moment) const;

  bool started_ = false;
  std::optional<std::chrono::steady_clock::time_point> ringing_at_;
  std::optional<std::chrono::steady_clock::time_point> answered_at_;
};

billing::call_side side_of(party by);

}  // namespace tollgate::gateway::call
