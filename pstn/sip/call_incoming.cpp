// SPDX-License-Identifier: Apache-2.0
// The called side: progress, answer, refusal, CANCEL, ACK; and offers within a dialog, either way (RFC 3261
// §13.3, §14.2, RFC 3311).
#include <regex>
#include <utility>

#include "pstn/sip/call.hpp"
#include "pstn/sip/endpoint.hpp"
#include "pstn/sip/message.hpp"

namespace tollgate::pstn::sip {
namespace {

constexpr const char* sdp_type = "application/sdp";

/// The description with port 0 for each medium.
std::string without_media(const std::string& sdp) {
  static const std::regex port("(^|\n)(m=[a-z]+ )[0-9]+");
  return std::regex_replace(sdp, port, "$1$020");
}

}  // namespace

void call::respond(int status, const char* phrase, const std::string& sdp) {
  const bool has_sdp = !sdp.empty();
  if (has_sdp) local_sdp_ = sdp;
  nua_respond(handle_, status, phrase, TAG_IF(!contact_.empty(), SIPTAG_CONTACT_STR(contact_.c_str())),
              TAG_IF(has_sdp, SIPTAG_CONTENT_TYPE_STR(sdp_type)),
              TAG_IF(has_sdp, SIPTAG_PAYLOAD_STR(sdp.c_str())), TAG_END());
}

void call::respond_saved(int status, const char* phrase, const std::string& sdp) {
  if (!saved_[0]) return;
  const bool has_sdp = !sdp.empty();
  if (has_sdp) local_sdp_ = sdp;
  const bool has_contact = status < 300 && phase_ != phase::bye_waiting && !contact_.empty();
  nua_respond(handle_, status, phrase, NUTAG_WITH_SAVED(saved_),
              TAG_IF(has_contact, SIPTAG_CONTACT_STR(contact_.c_str())),
              TAG_IF(has_sdp, SIPTAG_CONTENT_TYPE_STR(sdp_type)),
              TAG_IF(has_sdp, SIPTAG_PAYLOAD_STR(sdp.c_str())), TAG_END());
  forget_saved();
}

void call::forget_saved() {
  if (saved_[0]) nua_destroy_event(saved_);
}

void call::progress(int status, const std::string& sdp) {
  if (phase_ != phase::offered || status <= 100 || status >= 200) return;
  respond(status, nullptr, sdp);
}

void call::answer(const std::string& sdp) {
  if (phase_ != phase::offered) return;
  deadline_.stop();
  phase_ = phase::accepted;
  respond(SIP_200_OK, sdp);
}

void call::reject(int status, const std::string& phrase, int q850) {
  if (phase_ != phase::offered || status < 300 || status > 699) return;
  const std::string header = reason_header(q850, {});
  // A carrier that is told to wait sends no other call meanwhile (RFC 3261 §21.5.4): for want of a circuit not for long.
  constexpr int no_circuit = 34;
  const char* const wait_s = q850 == no_circuit ? "1" : "30";
  nua_respond(handle_, status, home_.lasting_phrase(phrase),
              TAG_IF(!header.empty(), SIPTAG_REASON_STR(header.c_str())),
              TAG_IF(status == 503, SIPTAG_RETRY_AFTER_STR(wait_s)), TAG_END());
  finish();
}

void call::on_cancel(const stack_event& signal) {
  if (phase_ == phase::talking ||
      phase_ == phase::bye_waiting) {  // of a re-INVITE: the stack has answered it 487
    if (std::exchange(reoffer_waits_, false)) forget_saved();
    return;
  }
  if (phase_ != phase::leaving) {
    const reason why = reason_of(signal.message);
    tell(cancelled{key_, why.q850, why.text});
  }
  leave();  // nua_i_terminated follows
}

void call::on_ack(const stack_event& signal) {
  if (bye_wanted_) {
    send_bye();
    return;
  }
  std::string sdp = sdp_of(signal.message);
  const bool is_first = phase_ == phase::accepted;
  if (is_first) {
    if (sdp.empty()) sdp = std::exchange(early_answer_, {});
    phase_ = phase::talking;
    if (refresh_interval_.count() > 0) refresh_timer_.start(refresh_interval_);
  }
  const bool is_news = is_first || (!sdp.empty() && sdp != remote_sdp_);
  if (!sdp.empty()) remote_sdp_ = sdp;
  if (is_news) tell(acknowledged{key_, std::move(sdp)});
}

// RFC 3261 §13.3.1.
void call::on_expired() {
  nua_respond(handle_, SIP_487_REQUEST_TERMINATED, TAG_END());
  tell(cancelled{key_, std::nullopt, "Expired"});
  finish();
}

// RFC 3262 §5: it may have the answer to the offer of our provisional answer, or another offer.
void call::on_prack(const stack_event& signal) {
  if (signal.status >= 200) return;
  std::string sdp = sdp_of(signal.message);
  const bool is_answer = phase_ != phase::leaving && !local_sdp_.empty() && remote_sdp_.empty();
  if (!sdp.empty() && !is_answer) {
    on_reoffer(signal);
    return;
  }
  if (!sdp.empty()) remote_sdp_ = early_answer_ = std::move(sdp);
  nua_respond(handle_, SIP_200_OK, NUTAG_WITH_THIS(home_.stack()),
              TAG_IF(!contact_.empty(), SIPTAG_CONTACT_STR(contact_.c_str())), TAG_END());
}

void call::on_reoffer(const stack_event& signal) {
  if (signal.status >= 200) return;
  const auto reply = [this](int status, const char* phrase, const std::string& sdp) {
    nua_respond(handle_, status, phrase, NUTAG_WITH_THIS(home_.stack()),
                TAG_IF(status < 300 && !contact_.empty(), SIPTAG_CONTACT_STR(contact_.c_str())),
                TAG_IF(!sdp.empty(), SIPTAG_CONTENT_TYPE_STR(sdp_type)),
                TAG_IF(!sdp.empty(), SIPTAG_PAYLOAD_STR(sdp.c_str())),
                TAG_IF(status == 500, SIPTAG_RETRY_AFTER_STR("3")), TAG_END());
  };
  std::string sdp = sdp_of(signal.message);
  if (phase_ == phase::leaving || phase_ == phase::bye_waiting) {
    reply(SIP_481_NO_TRANSACTION, {});
  } else if (has_foreign_body(signal.message)) {
    reply(SIP_415_UNSUPPORTED_MEDIA, {});
  } else if (sdp.empty() && (signal.what != nua_i_invite || phase_ != phase::talking || reoffer_waits_)) {
    // An UPDATE is a refresh; a re-INVITE wants an offer, and what we have is one.
    reply(SIP_200_OK, signal.what == nua_i_invite ? local_sdp_ : std::string());
  } else if (reoffer_waits_ || (phase_ == phase::offered && local_sdp_.empty()) ||
             (phase_ == phase::calling && remote_sdp_.empty())) {
    reply(500, "Overlapping Requests", {});  // RFC 3311 §5.2
  } else if (sdp == remote_sdp_ && !local_sdp_.empty() && phase_ == phase::talking) {
    reply(SIP_200_OK, local_sdp_);
  } else {
    forget_saved();
    nua_save_event(home_.stack(), saved_);
    reoffer_waits_ = true;
    reoffer_in_prack_ = signal.what == nua_i_prack;
    reoffer_deadline_.start(std::chrono::seconds(10));
    reoffer_sdp_ = sdp;
    tell(reinvite{key_, std::move(sdp)});
  }
}

void call::answer_reinvite(const std::string& sdp) {
  reoffer_deadline_.stop();
  if (!std::exchange(reoffer_waits_, false)) return;
  const std::string offered = std::exchange(reoffer_sdp_, {});
  if (sdp.empty() && std::exchange(reoffer_in_prack_, false)) {
    // Whoever refuses the PRACK refuses the answer that it confirms: the medium is refused instead (RFC 3264 §6).
    const std::string agreed = std::exchange(local_sdp_, without_media(local_sdp_));
    respond_saved(SIP_200_OK, local_sdp_);
    local_sdp_ = agreed;
  } else if (sdp.empty()) {  // what was agreed before holds (RFC 3261 §14.2)
    respond_saved(SIP_488_NOT_ACCEPTABLE, {});
  } else {
    if (!offered.empty()) remote_sdp_ = offered;
    respond_saved(SIP_200_OK, sdp);
  }
}

}  // namespace tollgate::pstn::sip
