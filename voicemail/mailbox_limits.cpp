// SPDX-License-Identifier: Apache-2.0
#include "voicemail/mailbox_limits.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

#include "voicemail/sql.hpp"

namespace tollgate::voicemail {
namespace {

sql::nullable number_of(const std::optional<std::int64_t>& value) {
  return value ? sql::nullable{std::to_string(*value)} : sql::nullable{};
}

}  // namespace

mailbox_limits find_limits(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id) {
  const auto rows = tx.exec_params(
      "SELECT limit_messages, limit_s, limit_bytes, keep_days FROM voicemail.mailbox WHERE account_id = $1", sql::text(account_id));
  mailbox_limits limits;
  if (rows.empty()) return limits;
  const auto row = rows[0];
  if (!row[0].is_null()) limits.messages = row[0].as<int>();
  if (!row[1].is_null()) limits.duration = std::chrono::seconds(row[1].as<int>());
  if (!row[2].is_null()) limits.bytes = row[2].as<std::int64_t>();
  if (!row[3].is_null()) limits.keep = std::chrono::days(row[3].as<int>());
  return limits;
}

void set_limits(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const mailbox_limits& limits) {
  const auto messages = number_of(limits.messages);
  const auto duration = limits.duration ? number_of(limits.duration->count()) : sql::nullable{};
  const auto bytes = number_of(limits.bytes);
  const auto keep = limits.keep ? number_of(limits.keep->count()) : sql::nullable{};
  tx.exec_params(
      "INSERT INTO voicemail.mailbox (account_id, limit_messages, limit_s, limit_bytes, keep_days) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (account_id) DO UPDATE SET limit_messages = excluded.limit_messages, limit_s = excluded.limit_s, "
      "limit_bytes = excluded.limit_bytes, keep_days = excluded.keep_days",
      sql::text(account_id), messages.get(), duration.get(), bytes.get(), keep.get());
}

mailbox_quota quota_of(const mailbox_limits& own, const mailbox_quota& carrier) noexcept {
  return {.messages = own.messages.value_or(carrier.messages),
          .duration = own.duration.value_or(carrier.duration),
          .bytes = own.bytes.value_or(carrier.bytes)};
}

mailbox_quota find_quota(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const mailbox_quota& carrier) {
  return quota_of(find_limits(tx, account_id), carrier);
}

}  // namespace tollgate::voicemail
