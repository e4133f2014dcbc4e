// SPDX-License-Identifier: Apache-2.0
// Where owners want to be told of their messages, and what is still to be told, in PostgreSQL (schema voicemail). A notification
// is written in the transaction of its message, and removed once it has been told: at least once, and in the usual case exactly
// once. Every function works within the caller's transaction, on the database's clock.
#pragma once

#include <boost/system/result.hpp>
#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "voicemail/mailbox_store.hpp"

namespace tollgate::voicemail {

enum class notification_channel { email, webhook, mwi };
std::string_view to_text(notification_channel channel) noexcept;  // "email", "webhook", "mwi"

struct notification_target {
  notification_channel channel;
  std::string address;      // an e-mail address, an http or https URL, a SIP URI
  bool with_audio = false;  // email: the recording is attached
  std::string secret{};     // webhook: key of the signature
};

bool is_mail_address(std::string_view text) noexcept;  // one that needs no quoting (RFC 5321 §4.1.2, dot-string), at most 254 bytes
bool is_web_address(std::string_view text) noexcept;   // "http://…" or "https://…", no blanks or control characters
// The IP address within "sip:alice@192.0.2.1:5060;transport=tcp"; empty unless it is as plain as that: an address and no name, no
// parameter but the transport (udp, tcp), so that nothing in it leads elsewhere.
std::string host_of_agent(std::string_view uri);

std::vector<notification_target> find_targets(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id);
// In place of those before; what waits for one that is gone is dropped, and user agents (mwi) are told the counts as they are.
void set_targets(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const std::vector<notification_target>& targets);

struct notification {
  boost::uuids::uuid account_id;
  notification_target target;
  int revision;
  int attempts;                     // with this one
  std::optional<message> about{};   // none: of the counts alone (mwi)
  boost::uuids::uuid message_id{};  // nil: likewise
  message_counts counts{};
};

// Takes at most `limit` that are due, for `lease`: whoever does not tell how it went by then has failed. Any node may ask at any
// time; each notification goes to one of them. Those whose message or target is gone are dropped.
std::vector<notification> take_notifications(pqxx::transaction_base& tx, int limit, std::chrono::seconds lease);

// It was told. What has changed meanwhile is told as well.
void notification_told(pqxx::transaction_base& tx, const notification& one);
// It was not: again after `pause`; none: never again, and kept for give_up_kept as a failure.
void notification_failed(pqxx::transaction_base& tx, const notification& one, std::string_view why,
                         std::optional<std::chrono::seconds> pause);

inline constexpr std::chrono::days give_up_kept{30};
// Failures that are older go.
void forget_failures(pqxx::transaction_base& tx);

struct retry_policy {
  std::chrono::seconds first{30};          // then twice as long each time
  std::chrono::seconds longest{4 * 3600};
  int attempts = 14;                       // in all
};
// How long to wait after so many attempts; none: give up.
std::optional<std::chrono::seconds> next_retry(int attempts, const retry_policy& policy) noexcept;

struct notification_backlog {
  int waiting = 0;
  int failed = 0;
  std::string last_error{};  // of the latest that failed or waits
};
notification_backlog count_notifications(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id);

}  // namespace tollgate::voicemail
