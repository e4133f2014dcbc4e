// SPDX-License-Identifier: Apache-2.0
// The caller's side: INVITE, its answers, digest authentication (RFC 3261 §13.2, §22.2).
#include <array>
#include <utility>
#include <vector>

#include "pstn/sip/call.hpp"
#include "pstn/sip/digest_client.hpp"
#include "pstn/sip/diversion.hpp"
#include "pstn/sip/endpoint.hpp"
#include "pstn/sip/message.hpp"
#include "pstn/sip/uri.hpp"

namespace tollgate::pstn::sip {
namespace {

constexpr int challenges_most = 2;    // rounds of 401 or 407 that are answered
constexpr int sip_status_most = 699;  // above it are the stack's own codes
constexpr std::size_t early_dialogs_most = 32;
constexpr const char* methods_of_a_caller = "INVITE, BYE, OPTIONS, UPDATE";  // that are answered here
constexpr int status_unauthorized = 401, status_forbidden = 403, status_proxy_unauthorized = 407;

std::string remote_tag_of(const sip_t* message) {
  const sip_to_t* to = message ? message->sip_to : nullptr;
  return to && to->a_tag ? to->a_tag : "";
}

bool is_usable(const invite& request) {
  return is_plain_uri(request.request_uri) && is_plain_uri(request.from_uri) &&
         (request.to_uri.empty() || is_plain_uri(request.to_uri)) &&
         (request.route.empty() || is_plain_uri(request.route)) && is_one_line(request.sip_call_id);
}

/// The stack keeps a reference to every 100 response for good (nua_invite_client_report() returns before it
/// drops it). At the event there are two references to a response, the event's and the transaction's: a third
/// one is that. It is given back only when it is there, so that a library without the fault loses nothing.
void give_back_leaked_reference(nua_t* stack, const stack_event& signal) {
  constexpr std::size_t references_owed = 2;
  const bool is_trying =
      signal.message && signal.message->sip_status && signal.message->sip_status->st_status == 100;
  msg_t* response = is_trying ? nua_current_request(stack) : nullptr;
  if (response && su_home_refcount(msg_home(response)) > references_owed) msg_destroy(response);
}

}  // namespace

void call::start() {
  if (!is_usable(request_)) {
    on_failed(SIP_400_BAD_REQUEST, nullptr);
    return;
  }
  const std::string to = name_address({}, request_.to_uri.empty() ? request_.request_uri : request_.to_uri);
  const std::string from = name_address(request_.from_display, request_.from_uri);
  handle_ = nua_handle(home_.stack(), this, NUTAG_URL(URL_STRING_MAKE(request_.request_uri.c_str())),
                       SIPTAG_TO_STR(to.c_str()), SIPTAG_FROM_STR(from.c_str()), TAG_END());
  if (!handle_) {
    on_failed(SIP_500_INTERNAL_SERVER_ERROR, nullptr);
    return;
  }
  std::string route;
  if (!request_.route.empty() && !same_hop(request_.route, request_.request_uri)) {
    route = '<' + request_.route + (request_.route.find(";lr") == std::string::npos ? ";lr>" : ">");
  }
  std::vector<std::string> lines;
  for (const header& one : request_.headers) {
    if (!one.name.empty() && is_one_line(one.name) && is_one_line(one.value))
      lines.push_back(one.name + ": " + one.value);
  }
  for (const diversion& one : request_.diversions)
    if (std::string value = diversion_header(one); !value.empty()) lines.push_back("Diversion: " + value);
  for (const history_entry& one : request_.history)
    if (std::string value = history_header(one); !value.empty()) lines.push_back("History-Info: " + value);
  std::vector<tagi_t> tags;
  for (const std::string& line : lines)
    tags.push_back({SIPTAG_HEADER_STR(line.c_str())});
  tags.push_back({TAG_END()});

  contact_ = contact_by(home_.options(),
                        transport_of(request_.route.empty() ? request_.request_uri : request_.route));
  const std::string hops = std::to_string(request_.max_forwards);
  nua_invite(handle_, TAG_IF(!route.empty(), NUTAG_INITIAL_ROUTE_STR(route.c_str())),
             TAG_IF(!contact_.empty(), SIPTAG_CONTACT_STR(contact_.c_str())),
             SIPTAG_MAX_FORWARDS_STR(hops.c_str()),
             TAG_IF(!request_.reliable_progress, SIPTAG_SUPPORTED_STR("timer")),
             // Else the stack leaves it to us to send PRACK.
             NUTAG_APPL_METHOD(static_cast<const char*>(nullptr)), NUTAG_APPL_METHOD(methods_of_a_caller),
             TAG_IF(!request_.sip_call_id.empty(), SIPTAG_CALL_ID_STR(request_.sip_call_id.c_str())),
             SIPTAG_CONTENT_TYPE_STR("application/sdp"), SIPTAG_PAYLOAD_STR(request_.sdp.c_str()),
             TAG_NEXT(tags.data()));
  deadline_.start(home_.options().provisional_timeout);
}

void call::on_invite_response(const stack_event& signal) {
  // The first message of the response tells; the event's status is 100 when the stack sends the request again
  // by itself.
  const bool is_refresh = phase_ == phase::talking || phase_ == phase::bye_waiting;
  if (signal.status < 200) {
    give_back_leaked_reference(home_.stack(), signal);
    if (!is_refresh) on_provisional(signal);
  } else if (signal.status < 300) {
    challenges_answered_ = 0;
    if (is_refresh) {
      std::string sdp = sdp_of(signal.message);
      if (!sdp.empty() && sdp != remote_sdp_) {
        remote_sdp_ = sdp;
        tell(acknowledged{key_, std::move(sdp), local_sdp_});
      }
    } else {
      on_answered(signal);
    }
  } else if ((signal.status == 401 || signal.status == 407) && phase_ != phase::leaving &&
             authenticate(signal)) {
    challenge_status_ = signal.status;
  } else if (!is_refresh) {
    on_failed(signal.status, signal.phrase, signal.message);
  } else if (signal.status == 491 && phase_ == phase::talking) {
    refresh_after_glare();
  }
}

void call::on_provisional(const stack_event& signal) {
  if (phase_ != phase::calling) return;
  if (!has_response_ && signal.message) {
    has_response_ = true;
    deadline_.start(home_.options().answer_timeout);
  }
  if (signal.status == 100) return;
  learn_realms();
  std::string sdp = sdp_of(signal.message);
  if (!sdp.empty() && early_sdps_.size() < early_dialogs_most)
    early_sdps_[remote_tag_of(signal.message)] = remote_sdp_ = sdp;
  tell(provisional{key_, signal.status, signal.phrase, std::move(sdp)});
}

void call::on_answered(const stack_event& signal) {
  if (phase_ != phase::calling) {  // it crossed our CANCEL: the stack has sent the ACK
    tell(answered{key_, {}, {}});
    send_bye();
    return;
  }
  phase_ = phase::talking;
  learn_realms();
  deadline_.stop();
  // Without a description it was in a reliable provisional answer of the same branch (RFC 3262 §5).
  if (std::string sdp = sdp_of(signal.message); !sdp.empty())
    remote_sdp_ = std::move(sdp);
  else if (early_sdps_.size() > 1)
    remote_sdp_ = early_sdps_[remote_tag_of(signal.message)];
  early_sdps_.clear();
  plan_refresh(signal.message, false);
  if (refresh_interval_.count() > 0) refresh_timer_.start(refresh_interval_);
  const sip_contact_t* contact = signal.message ? signal.message->sip_contact : nullptr;
  tell(answered{key_, remote_sdp_, contact ? text_of(contact->m_url) : std::string()});
}

// Who goes on with the call has taken the digests.
void call::learn_realms() {
  if (request_.credentials)
    home_.pins().learn(realm_pins::purpose::call, host_of(request_.request_uri), *request_.credentials,
                       answered_realms_);
}

void call::on_failed(int status, const char* phrase, const sip_t* message) {
  if (phase_ == phase::calling) {
    if (status < 300 || status > sip_status_most) status = challenge_status_ != 0 ? challenge_status_ : 500;
    if (message && status != status_unauthorized && status != status_forbidden &&
        status != status_proxy_unauthorized)
      learn_realms();
    reason why = reason_of(message);
    const bool heard = has_response_ || challenge_status_ != 0 || is_from_far_end(message);
    tell(failed{key_, status, phrase ? phrase : "", why.q850, retry_after_of(message), std::move(why.text),
                heard});
  }
  if (!reoffer_waits_) respond_saved(SIP_200_OK, {});  // a BYE before the answer (on_early_bye)
  finish();
}

bool call::authenticate(const stack_event& signal) {
  if (!request_.credentials || challenges_answered_ >= challenges_most) return false;
  const auto& credentials = *request_.credentials;
  const auto known =
      home_.pins().answered(realm_pins::purpose::call, host_of(request_.request_uri), credentials);
  const auto answer = answer_to_challenge(signal.message, credentials, known);
  if (!answer) {
    home_.log("a challenge is not answered: its realm is neither the trunk's nor one that was learnt");
    return false;
  }
  answered_realms_.insert(answer->realm);
  ++challenges_answered_;
  if (phase_ == phase::calling && !has_response_) deadline_.start(home_.options().provisional_timeout);
  nua_authenticate(handle_, NUTAG_AUTH(answer->tag.c_str()), TAG_END());
  return true;
}

}  // namespace tollgate::pstn::sip
