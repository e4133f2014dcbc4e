// SPDX-License-Identifier: Apache-2.0
#include "gateway/device/number_body.hpp"

#include <boost/json/array.hpp>

#include "gateway/device/request_fields.hpp"
#include "pstn/number/dial_policy.hpp"
#include "voicemail/forward_text.hpp"
#include "voicemail/quiet_text.hpp"

namespace tollgate::gateway::device {

boost::json::object number_body(const voicemail::number_record& number,
                                const voicemail::inbound_rules& rules) {
  boost::json::array forward, quiet;
  for (const auto& target : rules.forward)
    forward.emplace_back(voicemail::to_text(target));
  for (const auto& period : rules.quiet)
    quiet.emplace_back(voicemail::to_text(period));
  boost::json::object body{{"number", number.number.e164()},
                           {"area", number.area},
                           {"state", voicemail::to_text(number.state)},
                           {"term_months", number.term_months},
                           {"auto_renew", number.auto_renew},
                           {"voicemail", number.voicemail_enabled},
                           {"do_not_disturb", rules.do_not_disturb},
                           {"refuse_anonymous", rules.refuse_anonymous},
                           {"forward", std::move(forward)},
                           {"quiet", std::move(quiet)},
                           {"time_zone", rules.time_zone},
                           {"blocked_count", rules.blocked.size()}};
  if (number.ring_timeout) body["ring_timeout_s"] = number.ring_timeout->count();
  const auto& dates = number.dates;
  if (dates.paid_until) body["paid_until"] = time_text(*dates.paid_until);
  // Until then it can be had (reserved, quarantined) or renewed (grace).
  for (const auto& until : {dates.reserved_until, dates.grace_until, dates.quarantined_until})
    if (until) body["until"] = time_text(*until);
  return body;
}

overlay::refusal number_refusal(const boost::system::error_code& why) {
  if (why.category() == voicemail::error_category())
    return {voicemail::code_text(static_cast<voicemail::error>(why.value())), why.message() + "."};
  if (why.category() == pstn::number::dial_category()) {
    const auto dial = static_cast<pstn::number::dial_error>(why.value());
    return {std::string(code(dial)), std::string(sentence(dial))};
  }
  return unavailable;
}

}  // namespace tollgate::gateway::device
