// SPDX-License-Identifier: Apache-2.0
// A subscriber's call to a telephone: the coroutine that carries out what call_machine decides. In the order
// of its life: number, policy, rate, hold, media, trunks, bridge, extensions and warnings, end, settlement.
#pragma once

#include "gateway/call/call_base.hpp"
#include "gateway/call/outbound_plan.hpp"
#include "pstn/media/tone_source.hpp"
#include "pstn/number/phone_number.hpp"
#include "pstn/sip/offer_answer.hpp"

namespace tollgate::gateway::call {

// How long a failed call's tone is heard before the hang-up: a special information tone twice, six beats of
// busy.
inline constexpr std::chrono::milliseconds farewell_duration{3000};

class outbound_call final : public call_base {
 public:
  outbound_call(const environment& e, overlay::session_ptr device, overlay::call_offer offer);

  // The whole call. The object must be owned by a shared_ptr, which the coroutine keeps.
  static boost::asio::awaitable<void> run(std::shared_ptr<outbound_call> self);

 private:
  using refusal = call_refusal;

  boost::asio::awaitable<void> live();
  // Each returns what stands in the way of the call, if anything does.
  boost::asio::awaitable<std::optional<refusal>> admit();
  std::optional<refusal> find_room() const;
  std::optional<refusal> route_number();
  boost::asio::awaitable<std::optional<refusal>> hold_credit();
  std::optional<refusal> prepare_media();
  boost::asio::awaitable<void> refuse(refusal why);
  boost::asio::awaitable<void> talk();
  boost::asio::awaitable<void> finish();

  // outbound_farewell.cpp
  std::optional<pstn::media::tone> farewell_tone() const;
  bool begin_farewell();
  void play_farewell();
  boost::asio::awaitable<void> hear_farewell();

  void perform(const call_actions& actions);
  static boost::asio::awaitable<void> report_answer(std::shared_ptr<outbound_call> self);
  static boost::asio::awaitable<void> extend(std::shared_ptr<outbound_call> self, action::extend more);
  void invite_trunk(std::size_t index);
  void drop_trunk(int q850);
  void tell_ringing(bool early_media);
  void connect();
  void warn(std::chrono::seconds left);

  call_actions on(const call_event& event);
  call_actions on_sip(const pstn::sip::event& event);
  call_actions on_media(const media_message& message);
  call_actions on_answered(const pstn::sip::answered& answer);
  void on_restart(const peer_event::restarted& restart);
  bool accept_trunk_media(const std::string& sdp);
  void note_attempt(int sip_code, const std::string& reason);
  void note_post_dial_delay();
  void note_outcome(int sip_code);  // for the trunk's quality
  void release_trunk();             // the dialog is over, or given up
  const trunk_choice& trunk_in_use() const { return route_[in_use_]; }

  overlay::session_ptr device_;
  overlay::call_offer offer_;
  caller_facts caller_;
  std::optional<pstn::phone_number> number_;  // none: an emergency number, see facts_.callee
  billing::rate rate_;
  std::string currency_;
  std::vector<trunk_choice> route_;
  std::size_t in_use_ = 0;                                // its place in the route
  std::vector<std::optional<billing::cost_rate>> costs_;  // of each, as they were when the call began
  std::optional<call_machine> machine_;
  std::optional<pstn::sip::call_key> dialog_;
  std::optional<std::chrono::steady_clock::time_point> invited_at_;
  std::optional<std::chrono::milliseconds> attempt_delay_;  // until this attempt's first 18x or 2xx
  std::string trunk_offer_;
  std::string trunk_media_;  // the trunk's last description of its media
  std::string callee_region_;
  std::string overlay_answer_;
  bool early_media_ = false;
  bool overlay_up_ = false;  // what is played is heard
  bool overlay_failed_ = false;
  device_index overlay_device_ = 0;
};

}  // namespace tollgate::gateway::call
