// SPDX-License-Identifier: Apache-2.0
// What both directions of a call have in common: its end, DTMF in INFO, session refresh.
#include "pstn/sip/call.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "pstn/sip/dtmf_info.hpp"
#include "pstn/sip/endpoint.hpp"
#include "pstn/sip/message.hpp"

namespace tollgate::pstn::sip {
namespace {

// By then the stack has given up: 32 s (64·T1, RFC 3261 §17.1) for an ACK that the BYE waited for, 32 s for
// the BYE.
constexpr std::chrono::seconds leave_timeout{70};

constexpr int status_request_timeout = 408;

constexpr std::chrono::seconds expiry_least{1};
constexpr std::chrono::seconds expiry_most{86'400};  // no call rings for a day

}  // namespace

handle_owner::~handle_owner() {
  if (handle_) nua_handle_destroy(handle_);
}

call::call(endpoint& home, call_key key, invite request)
    : handle_owner(home, key),
      sip_call_id_(request.sip_call_id),
      phase_(phase::calling),
      request_(std::move(request)),
      local_sdp_(request_.sdp),
      deadline_(home.root(), [this] { on_deadline(); }),
      reoffer_deadline_(home.root(), [this] { answer_reinvite({}); }),
      refresh_timer_(home.root(), [this] { refresh(); }) {}

call::call(endpoint& home, call_key key, nua_handle_t* handle, const sip_t* message)
    : handle_owner(home, key),
      sip_call_id_(message->sip_call_id ? message->sip_call_id->i_id : ""),
      phase_(phase::offered),
      remote_sdp_(sdp_of(message)),
      deadline_(home.root(), [this] { on_deadline(); }),
      reoffer_deadline_(home.root(), [this] { answer_reinvite({}); }),
      refresh_timer_(home.root(), [this] { refresh(); }) {
  handle_ = handle;
  contact_ = contact_by(home.options(), transport_of(message));
  nua_handle_bind(handle, this);
  plan_refresh(message, true);
  // RFC 3261 §13.3.1: so long the invitation holds.
  if (const auto* expires = message->sip_expires; expires && expires->ex_date == 0)
    deadline_.start(std::clamp(std::chrono::seconds(expires->ex_delta), expiry_least, expiry_most));
}

call::~call() {
  forget_saved();
}

void call::tell(event what) {
  if (!has_told_ended_) home_.tell(std::move(what));
}

void call::finish() {
  tell(ended{key_});
  has_told_ended_ = true;
  phase_ = phase::leaving;
  home_.retire(key_);
}

void call::leave() {
  phase_ = phase::leaving;
  refresh_timer_.stop();
  // For whoever hung up the call is over when the BYE or the CANCEL is out (RFC 3261 §15.1.1): a far end that
  // does not answer it holds up `ended` no longer than this. The stack goes on by itself.
  deadline_.start(has_told_ended_ ? leave_timeout : home_.options().farewell_timeout);
}

void call::on_event(const stack_event& signal) {
  switch (signal.what) {
    case nua_r_invite:
      on_invite_response(signal);
      return;
    case nua_i_invite:
    case nua_i_update:
      on_reoffer(signal);
      return;
    case nua_i_prack:
      on_prack(signal);
      return;
    case nua_i_ack:
      on_ack(signal);
      return;
    case nua_i_cancel:
      on_cancel(signal);
      return;
    case nua_i_bye:
      on_bye(signal);
      return;
    case nua_i_info:
      on_info(signal);
      return;
    case nua_i_options:
      if (signal.status < 200) nua_respond(handle_, SIP_200_OK, NUTAG_WITH_THIS(home_.stack()), TAG_END());
      return;
    case nua_i_terminated:
      // The stack may end a call without an answer to its INVITE, e.g. when it has sent it again too often.
      if (phase_ == phase::calling) {
        on_failed(signal.status, signal.phrase, nullptr);
      } else {
        finish();
      }
      return;
    case nua_r_bye:
    case nua_r_update:
    case nua_r_prack:
    case nua_r_info:
      // Any request in the dialog may be challenged; a BYE that is refused for good has ended the call all
      // the same.
      if (signal.status >= 200 && signal.status < 300) challenges_answered_ = 0;
      if ((signal.status == 401 || signal.status == 407) && !authenticate(signal) && signal.what == nua_r_bye)
        finish();
      return;
    default:
      return;
  }
}

void call::hang_up(int q850, const std::string& reason) {
  const std::string header = reason_header(q850, reason);
  switch (phase_) {
    case phase::calling:
      nua_cancel(handle_, TAG_IF(!header.empty(), SIPTAG_REASON_STR(header.c_str())), TAG_END());
      leave();
      return;
    case phase::offered:
      reject(480, {}, q850);
      return;
    case phase::accepted:
    case phase::talking:
      bye_wanted_ = true;
      leave_q850_ = q850;
      leave_reason_ = reason;
      if (phase_ == phase::talking) send_bye();
      leave();
      return;
    case phase::bye_waiting:
      confirm_bye();
      return;
    case phase::leaving:
      return;
  }
}

void call::send_bye() {
  bye_wanted_ = false;
  const std::string header = reason_header(leave_q850_, leave_reason_);
  nua_bye(handle_, TAG_IF(!header.empty(), SIPTAG_REASON_STR(header.c_str())), TAG_END());
}

void call::on_bye(const stack_event& signal) {
  if (signal.status >= 200) return;  // answered by the stack: nua_i_terminated follows
  if (phase_ == phase::offered || phase_ == phase::calling) {
    on_early_bye(signal);
    return;
  }
  reoffer_waits_ = false;
  forget_saved();
  nua_save_event(home_.stack(), saved_);
  const phase before = std::exchange(phase_, phase::bye_waiting);
  if (before == phase::leaving) {
    confirm_bye();
    return;
  }
  refresh_timer_.stop();
  deadline_.start(home_.options().bye_confirmation);
  const reason why = reason_of(signal.message);
  tell(bye_received{key_, why.q850, why.text});
}

// RFC 3261 §15: a caller may end an early dialog by BYE, and its INVITE is over then (§15.1.2: 487). A called
// party must not, but what has hung up will not answer any more.
void call::on_early_bye(const stack_event& signal) {
  const reason why = reason_of(signal.message);
  if (phase_ == phase::offered) {
    nua_respond(handle_, SIP_200_OK, NUTAG_WITH_THIS(home_.stack()), TAG_END());
    nua_respond(handle_, SIP_487_REQUEST_TERMINATED, TAG_END());
    tell(cancelled{key_, why.q850, why.text});
    finish();
    return;
  }
  // The stack ends the session with its answer to the BYE, and loses the memory of an INVITE that is still
  // unanswered then: the CANCEL and its 487 come first (on_failed).
  forget_saved();
  nua_save_event(home_.stack(), saved_);
  tell(failed{key_, 480, "Hung Up", why.q850, std::nullopt, why.text});
  tell(ended{key_});
  has_told_ended_ = true;
  hang_up(0, {});
}

void call::confirm_bye() {
  if (phase_ != phase::bye_waiting) return;
  respond_saved(SIP_200_OK, {});
  finish();
}

void call::on_deadline() {
  switch (phase_) {
    case phase::calling:
      // Nothing came back, or nothing final. The CANCEL goes out (after a provisional answer, RFC 3261 §9.1);
      // should an answer still come it is acknowledged and ended.
      tell(failed{key_,
                  status_request_timeout,
                  has_response_ ? "No Answer" : "No Response",
                  std::nullopt,
                  std::nullopt,
                  {},
                  has_response_ || challenge_status_ != 0});
      tell(ended{key_});
      has_told_ended_ = true;
      hang_up(0, {});
      return;
    case phase::bye_waiting:
      confirm_bye();
      return;
    case phase::leaving:
      if (has_told_ended_) {
        finish();
        return;
      }
      tell(ended{key_});
      has_told_ended_ = true;
      deadline_.start(leave_timeout);
      return;
    case phase::offered:
      on_expired();
      return;
    case phase::accepted:
    case phase::talking:
      return;
  }
}

void call::begin_stop() {
  if (phase_ == phase::offered) {
    reject(SIP_503_SERVICE_UNAVAILABLE, 0);
  } else {
    hang_up(0, {});
  }
}

void call::abandon() {
  finish();
}

void call::on_info(const stack_event& signal) {
  const sip_t* message = signal.message;
  if (!message || !message->sip_content_type || !message->sip_content_type->c_type || !message->sip_payload ||
      !message->sip_payload->pl_data || phase_ == phase::leaving) {
    return;
  }
  const auto dialled = parse_dtmf_info(message->sip_content_type->c_type,
                                       {message->sip_payload->pl_data, message->sip_payload->pl_len});
  if (dialled) tell(info_dtmf{key_, dialled->digit, dialled->duration});
}

void call::send_dtmf(char digit, std::chrono::milliseconds duration) {
  if (phase_ != phase::talking) return;
  nua_info(handle_, SIPTAG_CONTENT_TYPE_STR("application/dtmf-relay"),
           SIPTAG_PAYLOAD_STR(print_dtmf_info({digit, duration}).c_str()), TAG_END());
}

void call::plan_refresh(const sip_t* message, bool we_answered) {
  // With media off the stack refreshes by UPDATE. A far end without UPDATE gets a re-INVITE with our last SDP
  // instead, before the stack's own turn at half of the interval (RFC 4028 §10); so does one that would be
  // told a wrong Contact by the stack.
  refresh_interval_ = std::chrono::seconds(0);
  if (!message || home_.options().session_timer.count() == 0) return;
  if (contact_.empty() && sip_is_allowed(message->sip_allow, sip_method_update, "UPDATE")) return;
  auto interval = home_.options().session_timer;
  if (const auto* expires = message->sip_session_expires) {
    const bool names_uas = expires->x_refresher && su_casematch(expires->x_refresher, "uas");
    if (we_answered ? !names_uas : names_uas) return;  // the far end refreshes
    interval = std::min(interval, std::chrono::seconds(expires->x_delta));
  } else if (we_answered && sip_has_feature(message->sip_supported, "timer")) {
    return;
  }
  refresh_interval_ = interval * 2 / 5;
}

void call::refresh() {
  if (phase_ != phase::talking) return;
  nua_invite(handle_, TAG_IF(!contact_.empty(), SIPTAG_CONTACT_STR(contact_.c_str())),
             SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(local_sdp_.c_str()), TAG_END());
  refresh_timer_.start(refresh_interval_);
}

void call::refresh_after_glare() {
  // RFC 3261 §14.1, in steps of 10 ms: who began the call waits longer, so that the two do not meet again.
  static thread_local std::minstd_rand chance{std::random_device{}()};
  const bool is_owner = !request_.request_uri.empty();
  const int steps = is_owner ? std::uniform_int_distribution(210, 400)(chance)
                             : std::uniform_int_distribution(0, 200)(chance);
  refresh_timer_.start(std::chrono::milliseconds(std::max(1, steps) * 10));
}

}  // namespace tollgate::pstn::sip
