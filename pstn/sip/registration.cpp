// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/registration.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "pstn/sip/digest_client.hpp"
#include "pstn/sip/endpoint.hpp"
#include "pstn/sip/message.hpp"
#include "pstn/sip/uri.hpp"

namespace tollgate::pstn::sip {
namespace {

constexpr int challenges_most = 2;  // rounds of 401 or 407 that are answered
constexpr int status_unusable = 400;
constexpr int status_timeout = 408;
constexpr int sip_status_most = 699;
constexpr std::chrono::seconds pause_most{1800};  // RFC 5626 §4.5: max-time
constexpr std::chrono::seconds farewell_most{2};

std::chrono::seconds pause_after(int failures, std::chrono::seconds least) {
  const auto doubled = least * (1 << std::min(failures - 1, 6));
  return std::min<std::chrono::seconds>(doubled, pause_most);
}

/// How long the registrar keeps our contact: what it says of it, or of all.
std::chrono::seconds expires_of(const sip_t* message) {
  if (message && message->sip_contact && message->sip_contact->m_expires)
    return std::chrono::seconds(std::max(0, std::atoi(message->sip_contact->m_expires)));
  return std::chrono::seconds(message && message->sip_expires ? message->sip_expires->ex_delta : 0);
}

}  // namespace

registration::registration(endpoint& home, call_key key, registration_request request)
    : handle_owner(home, key),
      request_(std::move(request)),
      deadline_(home.root(), [this] { on_deadline(); }) {
  const bool usable = is_plain_uri(request_.registrar_uri) && is_plain_uri(request_.address_of_record) &&
                      (request_.route.empty() || is_plain_uri(request_.route)) &&
                      is_one_line(request_.credentials.username);
  if (usable) {
    const std::string address = name_address({}, request_.address_of_record);
    handle_ = nua_handle(home.stack(), this, SIPTAG_TO_STR(address.c_str()), SIPTAG_FROM_STR(address.c_str()),
                         TAG_END());
  }
  if (handle_)
    send();
  else
    fail(status_unusable, std::nullopt);
}

void registration::send() {
  challenges_answered_ = 0;
  answered_realms_.clear();
  given_up_ = false;
  waiting_ = true;
  deadline_.start(2 * home_.options().provisional_timeout);
  std::string route;
  if (!request_.route.empty()) route = '<' + request_.route + ";lr>";
  const std::string expires = std::to_string(request_.expires.count());
  const std::string contact = contact_by(
      home_.options(), transport_of(request_.route.empty() ? request_.registrar_uri : request_.route),
      request_.credentials.username);
  // The stack would ask by OPTIONS whether its Contact leads to itself, and rewrite it.
  nua_register(handle_, NUTAG_OUTBOUND("no-outbound no-validate no-natify no-options-keepalive"),
               NUTAG_KEEPALIVE(0), TAG_IF(!contact.empty(), SIPTAG_CONTACT_STR(contact.c_str())),
               NUTAG_REGISTRAR(URL_STRING_MAKE(request_.registrar_uri.c_str())),
               TAG_IF(!route.empty(), NUTAG_INITIAL_ROUTE_STR(route.c_str())),
               NUTAG_M_USERNAME(request_.credentials.username.c_str()), SIPTAG_EXPIRES_STR(expires.c_str()),
               TAG_END());
}

void registration::on_event(const stack_event& signal) {
  if (signal.what == nua_r_unregister && signal.status >= 200) {
    if ((signal.status == 401 || signal.status == 407) && challenges_answered_ < challenges_most) {
      ++challenges_answered_;
      if (const auto answer = answer_to_challenge(signal.message, request_.credentials, known())) {
        nua_authenticate(handle_, NUTAG_AUTH(answer->tag.c_str()), TAG_END());
        return;
      }
    }
    abandon();
    return;
  }
  if (signal.what != nua_r_register || signal.status < 200 || leaving_) return;
  if (signal.status < 300) {
    home_.pins().learn(realm_pins::purpose::registration, host_of(request_.registrar_uri),
                       request_.credentials, answered_realms_);
    challenges_answered_ = 0;
    failures_ = 0;
    waiting_ = given_up_ = false;
    deadline_.stop();
    const auto kept = expires_of(signal.message);
    if (kept.count() == 0) deadline_.start(request_.expires / 2);  // it does not say for how long
    home_.tell(registration_result{key_, signal.status, kept, {}});
    return;
  }
  if ((signal.status == 401 || signal.status == 407) && challenges_answered_ < challenges_most) {
    if (const auto answer = answer_to_challenge(signal.message, request_.credentials, known())) {
      ++challenges_answered_;
      answered_realms_.insert(answer->realm);
      nua_authenticate(handle_, NUTAG_AUTH(answer->tag.c_str()), TAG_END());
      return;
    }
  }
  if (!std::exchange(given_up_, false)) fail(signal.status, retry_after_of(signal.message));
}

realms registration::known() const {
  return home_.pins().answered(realm_pins::purpose::registration, host_of(request_.registrar_uri),
                               request_.credentials);
}

void registration::fail(int status, std::optional<std::chrono::seconds> retry_after) {
  ++failures_;
  waiting_ = false;
  auto pause = pause_after(failures_, home_.options().registration_pause);
  if (retry_after) pause = std::clamp(*retry_after, pause, pause_most);
  home_.tell(registration_result{key_, status >= 300 && status <= sip_status_most ? status : 503, {}, pause});
  if (handle_) deadline_.start(pause);
}

void registration::on_deadline() {
  if (leaving_) {
    abandon();
  } else if (waiting_) {  // the stack would wait for 32 s (RFC 3261 §17.1.2.2, timer F)
    given_up_ = true;
    fail(status_timeout, std::nullopt);
  } else {
    send();
  }
}

void registration::begin_stop() {
  if (leaving_) return;
  leaving_ = true;
  if (!handle_ || failures_ > 0) {
    abandon();
    return;
  }
  challenges_answered_ = 0;
  nua_unregister(handle_, TAG_END());
  deadline_.start(farewell_most);
}

void registration::abandon() {
  deadline_.stop();
  home_.retire(key_);
}

}  // namespace tollgate::pstn::sip
