// SPDX-License-Identifier: Apache-2.0
// One INVITE dialog, either way, from its first message to `ended`. On the SIP thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <map>
#include <string>

#include "pstn/sip/handle_owner.hpp"
#include "pstn/sip/realm_pins.hpp"
#include "pstn/sip/timer.hpp"

namespace tollgate::pstn::sip {

class call final : public handle_owner {
 public:
  /// An outgoing call; start() sends the INVITE.
  call(endpoint& home, call_key key, invite request);
  /// An incoming one: the handle of its INVITE.
  call(endpoint& home, call_key key, nua_handle_t* handle, const sip_t* message);
  ~call() override;

  /// Empty when the stack makes it.
  const std::string& dialog_id() const { return sip_call_id_; }

  /// Answered and acknowledged, and nobody has hung up.
  bool is_talking() const { return phase_ == phase::talking; }

  void start();
  void progress(int status, const std::string& sdp);
  void answer(const std::string& sdp);
  void reject(int status, const std::string& phrase, int q850);
  void hang_up(int q850, const std::string& reason);
  void confirm_bye();
  void answer_reinvite(const std::string& sdp);
  void send_dtmf(char digit, std::chrono::milliseconds duration);

  void on_event(const stack_event& signal) override;
  void begin_stop() override;
  void abandon() override;

 private:
  enum class phase : std::uint8_t {
    calling,      // our INVITE is out
    offered,      // their INVITE waits for our final answer
    accepted,     // our 200 waits for its ACK
    talking,      // the dialog is confirmed
    bye_waiting,  // their BYE waits for confirm_bye()
    leaving,      // CANCEL or BYE is out: only `ended` is left to tell
  };

  // call_outgoing.cpp
  void on_invite_response(const stack_event& signal);
  void on_provisional(const stack_event& signal);
  void on_answered(const stack_event& signal);
  void on_failed(int status, const char* phrase, const sip_t* message);
  bool authenticate(const stack_event& signal);
  void learn_realms();

  // call_incoming.cpp
  void on_cancel(const stack_event& signal);
  void on_ack(const stack_event& signal);
  void on_reoffer(const stack_event& signal);
  void on_prack(const stack_event& signal);
  void on_expired();
  void respond(int status, const char* phrase, const std::string& sdp);
  void respond_saved(int status, const char* phrase, const std::string& sdp);
  void forget_saved();

  // call.cpp
  void on_bye(const stack_event& signal);
  void on_early_bye(const stack_event& signal);
  void on_info(const stack_event& signal);
  void on_deadline();
  void send_bye();
  void leave();   // waits for the far end's word, but not for ever
  void finish();  // tells `ended` and retires
  void tell(event what);
  void plan_refresh(const sip_t* message, bool we_answered);
  void refresh();
  void refresh_after_glare();

  const std::string sip_call_id_;
  phase phase_;
  invite request_;             // outgoing only
  bool has_response_ = false;  // anything at all came back to our INVITE
  int challenges_answered_ = 0;
  realms answered_realms_;    // of the challenges that were answered
  int challenge_status_ = 0;  // the last 401 or 407, to name it when the answer is not accepted
  std::string contact_;       // ours, where the stack's own is not right
  std::string local_sdp_;     // the last of ours, for refreshes
  std::string remote_sdp_;    // the last of theirs that was agreed on
  std::string reoffer_sdp_;   // theirs that waits for our answer
  std::map<std::string, std::string> early_sdps_;  // of each early dialog, by its To tag (RFC 3261 §12.1)
  bool bye_wanted_ = false;   // hang-up before the ACK: BYE must wait for it (RFC 3261 §15)
  bool has_told_ended_ = false;
  int leave_q850_ = 0;
  std::string leave_reason_;
  nua_saved_event_t saved_[1] = {};  // the BYE, re-INVITE or UPDATE that waits for our answer
  bool reoffer_waits_ = false;
  bool reoffer_in_prack_ = false;
  std::string early_answer_;  // to the offer in our reliable provisional answer
  timer deadline_;
  timer reoffer_deadline_;
  timer refresh_timer_;
  std::chrono::seconds refresh_interval_{0};
};

}  // namespace tollgate::pstn::sip
