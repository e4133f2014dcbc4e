// SPDX-License-Identifier: Apache-2.0
#include "voicemail/notification.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "voicemail/sql.hpp"

namespace tollgate::voicemail {

using boost::uuids::uuid;

namespace {

std::optional<notification_channel> parse_channel(std::string_view text) {
  for (const auto channel : {notification_channel::email, notification_channel::webhook, notification_channel::mwi})
    if (text == to_text(channel)) return channel;
  return std::nullopt;
}

bool is_plain(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 1000 && std::none_of(text.begin(), text.end(), [](char one) {
    const auto byte = static_cast<unsigned char>(one);
    return byte <= 0x20 || byte >= 0x7F || one == '<' || one == '>' || one == '"' || one == '\\';
  });
}

void drop(pqxx::transaction_base& tx, const uuid& account_id, notification_channel channel, const uuid& message_id) {
  tx.exec_params("DELETE FROM voicemail.notification WHERE account_id = $1 AND channel = $2 AND message_id = $3",
                 sql::text(account_id), std::string{to_text(channel)}, sql::text(message_id));
}

}  // namespace

std::string_view to_text(notification_channel channel) noexcept {
  switch (channel) {
    case notification_channel::email:
      return "email";
    case notification_channel::webhook:
      return "webhook";
    case notification_channel::mwi:
      return "mwi";
  }
  return "unknown";
}

bool is_mail_address(std::string_view text) noexcept {
  const auto at = text.find('@');
  constexpr std::size_t longest = 254, longest_local = 64;
  if (!is_plain(text) || text.size() > longest || at == 0 || at == std::string_view::npos || at > longest_local) return false;
  const auto domain = text.substr(at + 1);
  if (domain.empty() || domain.front() == '.' || domain.back() == '.') return false;
  return text.find_first_of(",;:()[]", 0) == std::string_view::npos && domain.find('@') == std::string_view::npos &&
         text.front() != '-';
}

bool is_web_address(std::string_view text) noexcept {
  return is_plain(text) && ((text.starts_with("https://") && text.size() > 8) || (text.starts_with("http://") && text.size() > 7));
}

std::string host_of_agent(std::string_view uri) {
  if (!uri.starts_with("sip:") || uri.size() > 255) return {};
  uri.remove_prefix(4);
  if (const auto at = uri.find('@'); at != std::string_view::npos) {
    const auto is_user = [](char one) {
      return (one >= '0' && one <= '9') || (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') ||
             std::string_view("-_.+").find(one) != std::string_view::npos;
    };
    if (at == 0 || !std::all_of(uri.begin(), uri.begin() + static_cast<std::ptrdiff_t>(at), is_user)) return {};
    uri.remove_prefix(at + 1);
  }
  for (const std::string_view transport : {";transport=udp", ";transport=tcp"})
    if (uri.ends_with(transport)) {
      uri.remove_suffix(transport.size());
      break;
    }
  const bool is_six = uri.starts_with('[');
  const auto end = is_six ? uri.find(']') : std::min(uri.find(':'), uri.size());
  if (end == std::string_view::npos) return {};
  const std::string host{uri.substr(is_six ? 1 : 0, end - (is_six ? 1 : 0))};
  uri.remove_prefix(is_six ? end + 1 : end);
  if (!uri.empty()) {
    unsigned port = 0;
    const auto [rest, failure] = std::from_chars(uri.data() + 1, uri.data() + uri.size(), port);
    if (uri.front() != ':' || failure != std::errc{} || rest != uri.data() + uri.size() || port == 0 || port > 65'535) return {};
  }
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(is_six ? AF_INET6 : AF_INET, host.c_str(), address.data()) == 1 ? host : std::string();
}

std::vector<notification_target> find_targets(pqxx::transaction_base& tx, const uuid& account_id) {
  std::vector<notification_target> targets;
  for (const auto& row : tx.exec_params("SELECT channel, address, with_audio, secret FROM voicemail.notification_target "
                                        "WHERE account_id = $1 ORDER BY channel",
                                        sql::text(account_id)))
    if (const auto channel = parse_channel(row[0].c_str()))
      targets.push_back({*channel, row[1].c_str(), row[2].as<bool>(), row[3].c_str()});
  return targets;
}

void set_targets(pqxx::transaction_base& tx, const uuid& account_id, const std::vector<notification_target>& targets) {
  tx.exec_params("DELETE FROM voicemail.notification_target WHERE account_id = $1", sql::text(account_id));
  for (const auto& one : targets)
    tx.exec_params(
        "INSERT INTO voicemail.notification_target (account_id, channel, address, with_audio, secret) VALUES ($1, $2, $3, $4, $5)",
        sql::text(account_id), std::string{to_text(one.channel)}, one.address, one.with_audio, one.secret);
  tx.exec_params(
      "DELETE FROM voicemail.notification n WHERE account_id = $1 AND NOT EXISTS (SELECT FROM voicemail.notification_target t "
      "WHERE t.account_id = n.account_id AND t.channel = n.channel)",
      sql::text(account_id));
  tx.exec_params("SELECT voicemail.note_counts($1)", sql::text(account_id));
}

std::vector<notification> take_notifications(pqxx::transaction_base& tx, int limit, std::chrono::seconds lease) {
  const auto rows = tx.exec_params(
      "UPDATE voicemail.notification n SET due_at = now() + $2 * interval '1 second', attempts = n.attempts + 1 "
      "FROM (SELECT account_id, channel, message_id FROM voicemail.notification WHERE failed_at IS NULL AND due_at <= now() "
      "ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED) d WHERE n.account_id = d.account_id AND n.channel = d.channel AND "
      "n.message_id = d.message_id RETURNING n.account_id, n.channel, n.message_id, n.revision, n.attempts",
      std::clamp(limit, 1, 1000), lease.count());
  std::vector<notification> taken;
  for (const auto& row : rows) {
    const auto account_id = sql::uuid(row[0]);
    const auto message_id = sql::uuid(row[2]);
    const auto channel = parse_channel(row[1].c_str());
    if (!channel) continue;
    const auto targets = find_targets(tx, account_id);
    const auto target =
        std::find_if(targets.begin(), targets.end(), [&](const auto& each) { return each.channel == *channel; });
    std::optional<message> about;
    if (!message_id.is_nil())
      if (auto found = find_message(tx, account_id, message_id)) about = std::move(*found);
    if (target == targets.end() || (!message_id.is_nil() && !about)) {
      drop(tx, account_id, *channel, message_id);
      continue;
    }
    taken.push_back({.account_id = account_id,
                     .target = *target,
                     .revision = row[3].as<int>(),
                     .attempts = row[4].as<int>(),
                     .about = std::move(about),
                     .message_id = message_id,
                     .counts = count_messages(tx, account_id)});
  }
  return taken;
}

void notification_told(pqxx::transaction_base& tx, const notification& one) {
  const auto account = sql::text(one.account_id), message = sql::text(one.message_id);
  tx.exec_params(
      "DELETE FROM voicemail.notification WHERE account_id = $1 AND channel = $2 AND message_id = $3 AND revision = $4", account,
      std::string{to_text(one.target.channel)}, message, one.revision);
}

void notification_failed(pqxx::transaction_base& tx, const notification& one, std::string_view why,
                         std::optional<std::chrono::seconds> pause) {
  constexpr std::size_t longest = 300;
  tx.exec_params(
      "UPDATE voicemail.notification SET error = $5, due_at = now() + $6 * interval '1 second', failed_at = CASE WHEN $7 THEN "
      "now() END WHERE account_id = $1 AND channel = $2 AND message_id = $3 AND revision = $4",
      sql::text(one.account_id), std::string{to_text(one.target.channel)}, sql::text(one.message_id), one.revision,
      std::string{why.substr(0, longest)}, pause.value_or(std::chrono::seconds{0}).count(), !pause.has_value());
}

void forget_failures(pqxx::transaction_base& tx) {
  tx.exec_params("DELETE FROM voicemail.notification WHERE failed_at < now() - $1 * interval '1 day'", give_up_kept.count());
}

std::optional<std::chrono::seconds> next_retry(int attempts, const retry_policy& policy) noexcept {
  if (attempts >= policy.attempts) return std::nullopt;
  constexpr int doublings_most = 20;
  const int doublings = std::clamp(attempts - 1, 0, doublings_most);
  return std::min(policy.longest, policy.first * (1 << doublings));
}

notification_backlog count_notifications(pqxx::transaction_base& tx, const uuid& account_id) {
  const auto row = tx.exec_params(
      "SELECT count(*) FILTER (WHERE failed_at IS NULL), count(*) FILTER (WHERE failed_at IS NOT NULL), "
      "coalesce((array_agg(error ORDER BY greatest(due_at, failed_at) DESC) FILTER (WHERE error <> ''))[1], '') "
      "FROM voicemail.notification WHERE account_id = $1",
      sql::text(account_id))[0];
  return {row[0].as<int>(), row[1].as<int>(), row[2].c_str()};
}

}  // namespace tollgate::voicemail
