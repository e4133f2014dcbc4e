// SPDX-License-Identifier: Apache-2.0
#include "pstn/sip/probe.hpp"

#include "pstn/sip/endpoint.hpp"
#include "pstn/sip/message.hpp"

namespace tollgate::pstn::sip {
namespace {

constexpr int status_timeout = 408;   // RFC 3261 §21.4.9
constexpr int status_unusable = 400;  // a URI that cannot be asked
constexpr int status_internal = 500;
constexpr int sip_status_most = 699;

}  // namespace

probe::probe(endpoint& home, call_key key, const std::string& uri, const std::optional<notice>& what)
    : handle_owner(home, key),
      is_notice_(what.has_value()),
      deadline_(home.root(), [this] { finish(status_timeout); }) {
  if (is_plain_uri(uri)) {
    handle_ = nua_handle(home.stack(), this, NUTAG_URL(URL_STRING_MAKE(uri.c_str())),
                         SIPTAG_TO_STR(name_address({}, uri).c_str()), TAG_END());
  }
  if (!handle_) {
    finish(status_unusable);
    return;
  }
  deadline_.start(home.options().provisional_timeout);
  if (what)
    nua_notify(handle_, NUTAG_NEWSUB(1), SIPTAG_EVENT_STR(what->event.c_str()),
               SIPTAG_SUBSCRIPTION_STATE_STR("terminated;reason=noresource"),
               SIPTAG_CONTENT_TYPE_STR(what->content_type.c_str()), SIPTAG_PAYLOAD_STR(what->body.c_str()),
               TAG_END());
  else
    nua_options(handle_, TAG_END());
}

void probe::on_event(const stack_event& signal) {
  if (signal.what == (is_notice_ ? nua_r_notify : nua_r_options) && signal.status >= 200) {
    finish(signal.status > sip_status_most ? status_internal : signal.status);
  }
}

void probe::begin_stop() {
  abandon();
}

void probe::abandon() {
  finish(status_timeout);
}

void probe::finish(int status) {
  if (is_done_) return;
  is_done_ = true;
  if (is_notice_)
    home_.tell(notify_result{key_, status});
  else
    home_.tell(options_result{key_, status});
  home_.retire(key_);
}

}  // namespace tollgate::pstn::sip
