// SPDX-License-Identifier: Apache-2.0
// A leg to a telephone that an account pays for: the coroutine's steps that carry out what call_machine
// decides. In the order of its life: number, policy, rate, hold, trunks, answer, extensions, end. Who is at
// the other end is the derived class's: a device (outbound_call), or the caller of a rented number
// (forwarded_call).
#pragma once

#include <functional>
#include <map>

#include "gateway/call/call_base.hpp"
#include "gateway/call/outbound_plan.hpp"
#include "pstn/number/phone_number.hpp"
#include "pstn/sip/offer_answer.hpp"
#include "pstn/trunk/caller_id.hpp"

namespace tollgate::gateway::call {

class outbound_leg : public call_base {
 protected:
  using refusal = call_refusal;

  outbound_leg(const environment& e, billing::call_direction direction);

  // Each returns what stands in the way of the call, if anything does (outbound_admission.cpp).
  std::optional<refusal> route_number(std::string_view to);
  boost::asio::awaitable<std::optional<refusal>> hold_credit();
  // How long it may take from the INVITE to the answer.
  virtual call_machine::settings machine_settings() const { return environment_.settings.machine; }

  // Of the first trunk of the route.
  pstn::sip::address_family first_family() const;

  void perform(const call_actions& actions);
  // What happens on the trunk and to the credit; nothing for the rest.
  call_actions on_leg(const call_event& event);
  void release_trunk();  // the dialog is over, or given up
  // A far end that was given up may have answered meanwhile, and will want its money for that: waits a moment for
  // what it says, for the record. Events are taken by `take`, whose machine has ended.
  boost::asio::awaitable<void> hear_given_up(std::function<void(const call_event&)> take);
  // Those that would have had their turn after the end of the route, where it was not enough.
  void note_rest_of_route();
  void note_passed_over(const std::vector<passed_over_trunk>& trunks, std::size_t until);
  // Whether a trunk refused the call, was silent, or had no room for it.
  bool any_attempt_failed() const;
  const trunk_choice& trunk_in_use() const { return route_[in_use_]; }
  // The telephone's media has come, which a 180 may only have described.
  call_actions on_heard();
  // A digit for the telephone, once there is one.
  void press(char digit, std::chrono::milliseconds duration);
  bool digits_by_info() const;

  // The other end's part. Whose number the telephone is shown, and by whom the call was redirected to it, in the
  // headers that the trunk's carrier reads.
  virtual pstn::trunk::caller_identity shown_caller() const = 0;
  virtual void tell_redirections(pstn::sip::invite& request, const pstn::trunk::trunk& by) const;
  virtual int max_forwards() const { return 70; }  // RFC 3261 §8.1.1.6
  virtual void tell_ringing(bool early_media) = 0;  // again where that has changed
  virtual void tell_answered() = 0;
  virtual void tell_low_credit(std::chrono::seconds left) = 0;
  virtual void tell_more_credit(std::chrono::seconds left) = 0;  // after that
  virtual void tell_digit(char digit, std::chrono::milliseconds duration) = 0;

  caller_facts caller_;
  std::optional<pstn::phone_number> number_;  // none: an emergency number, see facts_.callee
  billing::rate rate_;
  std::string currency_;
  billing::money spendable_;  // when the call began: what it was granted, and what was free beside that
  std::string callee_region_;
  std::optional<call_machine> machine_;
  std::optional<pstn::sip::call_key> dialog_;
  bool early_media_ = false;
  bool emergency_ = false;
  std::vector<std::optional<billing::cost_rate>>
      costs_;               // of each of the route, as they were at the beginning
  std::size_t in_use_ = 0;  // its place in the route

 private:
  static boost::asio::awaitable<void> report_answer(std::shared_ptr<outbound_leg> self);
  static boost::asio::awaitable<void> extend(std::shared_ptr<outbound_leg> self, action::extend more);
  void invite_trunk(std::size_t index);
  // Adds the caller's signature, where the trunk wants it and there is a number to sign for (outbound_identity.cpp).
  void sign(pstn::sip::invite& request, const pstn::trunk::trunk& trunk,
            const pstn::trunk::caller_identity& caller) const;
  // The other targets of the trunk in use go to the end of the route: it was silent, and may be so altogether.
  void postpone_targets();
  void drop_trunk(int q850);
  void ring(bool early_media);
  void connect();

  call_actions on_sip(const pstn::sip::event& event);
  // The dialog in use was cancelled, or ended with its answer: what is heard of it yet is for the record alone.
  void give_up(std::optional<std::chrono::steady_clock::time_point> answered);
  void on_given_up(const pstn::sip::event& event);
  call_actions on_answered(const pstn::sip::answered& answer);
  call_actions on_extended(const credit_extended& answer);
  bool accept_trunk_media(const std::string& sdp);
  void note_attempt(int sip_code, const std::string& reason);
  void note_post_dial_delay();
  void note_first_answer(int sip_code, bool heard);  // of an attempt: for the trunk's health
  void note_outcome(int sip_code);                   // for the trunk's quality

  struct given_up {
    std::size_t attempt;  // its place in the record
    std::optional<billing::cost_rate> cost;
    std::optional<std::chrono::steady_clock::time_point> answered;
  };
  void note_connected(const given_up& of);

  std::vector<trunk_choice> route_;
  std::vector<passed_over_trunk> passed_over_;  // that are to be noted yet
  std::vector<uuid> tried_trunks_;              // each counts the call once, however many targets of it are tried
  std::map<pstn::sip::call_key, given_up> given_up_;
  std::optional<std::chrono::steady_clock::time_point> invited_at_;
  std::optional<std::chrono::milliseconds> attempt_delay_;  // until this attempt's first 18x or 2xx
  bool media_described_ = false;   // by this attempt's 18x
  bool media_heard_ = false;       // of this attempt
  pstn::trunk::attempt_sign sign_of_life_;
  std::string trunk_offer_;
  std::string trunk_media_;  // the trunk's last description of its media
};

}  // namespace tollgate::gateway::call
