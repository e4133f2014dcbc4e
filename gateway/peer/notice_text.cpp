// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/notice_text.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>

#include "gateway/peer/text.hpp"

namespace tollgate::gateway::peer {
namespace {

// The day of the moment in UTC; "later" where the gateway named none.
std::string day_text(const boost::json::object& body, std::string_view key) {
  if (const auto text = text_member(body, key)) return text->substr(0, 10);
  const auto at = integer_member(body, key);
  constexpr std::int64_t year_9999 = 253'402'300'799;
  if (!at || *at < 0 || *at > year_9999) return "later";
  const std::chrono::sys_seconds moment{std::chrono::seconds(*at)};
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(moment)};
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text;
}

std::string amount(const boost::json::object& body) {
  return amount_text(integer_member(body, "amount_micros").value_or(0), text_member(body, "currency").value_or(""));
}

bool is_true(const boost::json::object& body, std::string_view key) {
  const auto* const value = body.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace

std::string notice_text(std::string_view kind, const boost::json::object& body) {
  const std::string number = text_member(body, "number").value_or("a number");
  if (kind == "credit_lapse_notice")
    return "Your credit of " + amount(body) + " becomes inactive on " + day_text(body, "lapses_at") +
           " unless you call or top up before.";
  if (kind == "credit_lapsed")
    return "Your credit of " + amount(body) + " has become inactive: `tollgate-peer reactivate` frees it.";
  if (kind == "credit_reactivated") return "Your credit of " + amount(body) + " is free again.";
  if (kind == "credit_locked")
    return "Your account is locked for calls: a payment was taken back that you had spent. Ask your operator.";
  if (kind == "voicemail_locked")
    return "Five wrong PINs: no telephone hears your messages until " + day_text(body, "until") +
           ", or until you set a new PIN.";
  if (kind == "voicemail_pin_changed")
    return "The PIN by which telephones hear your messages was changed on " + day_text(body, "at") + " (" +
           text_member(body, "by").value_or("elsewhere") + "). Was it not you: set a new one, and change your pass-phrase.";
  if (kind == "number_term_notice")
    return "The term of " + number + " ends on " + day_text(body, "until") +
           (is_true(body, "auto_renew") ? ": it is renewed from your credit." : ": it is not renewed.");
  if (kind == "number_withdrawn") {
    const auto other = text_member(body, "replacement");
    return "The supplier has taken " + number + " back; the days not used are refunded." +
           (other ? " You may have " + *other + " in its place." : "");
  }
  if (kind == "number_ported")
    return number + " has left for another operator" +
           (integer_member(body, "amount_micros").value_or(0) > 0 ? "; for the days not used you get " + amount(body) + " back." : ".");
  if (kind == "number_in_grace")
    return "The term of " + number + " could not be renewed: it rings until " + day_text(body, "until") +
           ", and can be renewed until then.";
  if (kind == "number_given_up")
    return number + " rings no more; it is kept for you until " + day_text(body, "until") + ".";
  const auto left = integer_member(body, "seconds_left");
  if (kind == "low_credit" && left)
    return "Your credit for the call forwarded to " + text_member(body, "forwarded_to").value_or("a telephone") +
           " lasts for " + std::to_string(*left) + " more seconds.";
  if (kind == "credit_extended" && left)
    return "With the new credit the forwarded call may last for " + std::to_string(*left) + " more seconds.";
  if (const auto text = text_member(body, "text")) return *text;
  return "The gateway tells: " + std::string(kind) + ".";
}

boost::json::object notice_fields(std::string_view kind, const boost::json::object& body) {
  boost::json::object fields(body);
  fields["kind"] = kind;
  if (const auto* const key = body.if_contains("event")) {
    fields["key"] = *key;
    fields.erase("event");
  }
  return fields;
}

}  // namespace tollgate::gateway::peer
