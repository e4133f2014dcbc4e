// SPDX-License-Identifier: Apache-2.0
// A subscriber's call to a telephone: the coroutine that carries out what call_machine decides. In the order
// of its life: number, policy, rate, hold, media, trunks, bridge, extensions and warnings, end, settlement.
#pragma once

#include "gateway/call/outbound_leg.hpp"
#include "pstn/media/tone_source.hpp"

namespace tollgate::gateway::call {

// How long a failed call's tone is heard before the hang-up: a special information tone twice, six beats of
// busy.
inline constexpr std::chrono::milliseconds farewell_duration{3000};

class outbound_call final : public outbound_leg {
 public:
  // `draining`: no call is placed any more but one to an emergency number.
  outbound_call(const environment& e, overlay::session_ptr device, overlay::call_offer offer, bool draining);

  // The whole call. The object must be owned by a shared_ptr, which the coroutine keeps.
  static boost::asio::awaitable<void> run(std::shared_ptr<outbound_call> self);

 private:
  boost::asio::awaitable<void> live();
  // Each returns what stands in the way of the call, if anything does.
  boost::asio::awaitable<std::optional<refusal>> admit();
  std::optional<refusal> find_room() const;
  std::optional<refusal> prepare_media();
  boost::asio::awaitable<void> refuse(refusal why);
  boost::asio::awaitable<void> talk();
  boost::asio::awaitable<void> finish();
  // An emergency call has reached nobody: that must not stay unseen.
  void raise_alarm(const ending& end);

  // outbound_farewell.cpp
  std::optional<pstn::media::tone> farewell_tone() const;
  bool begin_farewell();
  void play_farewell();
  boost::asio::awaitable<void> hear_farewell();

  pstn::trunk::caller_identity shown_caller() const override;
  void tell_ringing(bool early_media) override;
  void tell_answered() override;
  void tell_low_credit(std::chrono::seconds left) override;
  void tell_more_credit(std::chrono::seconds left) override;
  void tell_digit(char digit, std::chrono::milliseconds duration) override;

  call_actions on(const call_event& event);
  void tell_cost();  // so far
  call_actions on_media(const media_message& message);
  void on_restart(const peer_event::restarted& restart);

  const bool draining_;
  overlay::session_ptr device_;
  overlay::call_offer offer_;
  std::string overlay_answer_;
  bool overlay_up_ = false;  // what is played is heard
  bool overlay_failed_ = false;
  device_index overlay_device_ = 0;
};

}  // namespace tollgate::gateway::call
