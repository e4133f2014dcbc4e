// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/event_letters.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "voicemail/notification.hpp"

namespace tollgate::gateway::notify {

std::string mail_address_of(std::string_view url) {
  constexpr std::string_view scheme = "mailto:";
  if (!url.starts_with(scheme)) return {};
  const auto address = url.substr(scheme.size());
  const bool plain = voicemail::is_mail_address(address) && address.find_first_of("?%") == std::string_view::npos;
  return plain ? std::string(address) : std::string();
}

web_post post_of(const events::webhook& to, const events::webhook_delivery& one, const signer& sign, wall_time now) {
  web_post out;
  out.url = to.url;
  out.body = boost::json::serialize(events::to_json(one.what));
  std::string signature = sign(out.body, to.secret, now);
  if (!to.old_secret.empty()) {
    const std::string other = sign(out.body, to.old_secret, now);
    signature += other.substr(other.find(",v1="));
  }
  out.headers = {"Tollgate-Signature: " + signature, "Tollgate-Event: " + one.what.type,
                 "Tollgate-Attempt: " + std::to_string(one.attempts + 1)};
  return out;
}

letter letter_of(const events::webhook& to, const events::webhook_delivery& one, const std::string& sender, wall_time now) {
  letter out;
  out.to = mail_address_of(to.url);
  out.headers = {"Date: " + mail_date(now),
                 "Message-ID: <event." + boost::uuids::to_string(one.what.event_id) + "@" + sender.substr(sender.find('@') + 1) + ">",
                 "Subject: Tollgate: " + one.what.type,
                 "Auto-Submitted: auto-generated"};  // RFC 3834 §5
  out.text = one.what.type + " at " + one.what.at + "\r\n" + one.what.resource + "\r\n\r\n";
  const auto data = boost::json::parse(one.what.data);
  for (const auto& [name, value] : data.as_object()) {
    if (value.is_null()) continue;
    const std::string text = value.is_string() ? std::string(value.as_string()) : boost::json::serialize(value);
    out.text += std::string(name) + ": " + text + "\r\n";
  }
  return out;
}

}  // namespace tollgate::gateway::notify
