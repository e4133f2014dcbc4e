// SPDX-License-Identifier: Apache-2.0
#include "voicemail/mailbox_list.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

#include "voicemail/sql.hpp"

namespace tollgate::voicemail {

std::vector<mailbox_summary> summarise_mailboxes(pqxx::transaction_base& tx,
                                                 const std::vector<boost::uuids::uuid>& accounts) {
  std::string ids = "{";
  for (const auto& each : accounts)
    ids += (ids.size() > 1 ? "," : "") + sql::text(each);
  std::vector<mailbox_summary> out;
  for (const auto& row : tx.exec_params(
           "SELECT a.account_id, m.unread, m.saved, m.duration_ms, m.size_bytes, b.pin_hash IS NOT NULL, voicemail.to_micros(b.pin_locked_until) "
           "FROM unnest($1::uuid[]) WITH ORDINALITY a(account_id, place) LEFT JOIN voicemail.mailbox b ON b.account_id = a.account_id "
           "LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE state = 'new') AS unread, count(*) FILTER (WHERE state = 'saved') AS saved, "
           "coalesce(sum(duration_ms), 0)::bigint AS duration_ms, coalesce(sum(size_bytes), 0)::bigint AS size_bytes FROM voicemail.message "
           "WHERE account_id = a.account_id AND deleted_at IS NULL) m ON true ORDER BY a.place",
           ids + "}"))
    out.push_back({.account_id = sql::uuid(row[0]),
                   .counts = {.unread = row[1].as<int>(),
                              .saved = row[2].as<int>(),
                              .duration = std::chrono::milliseconds{row[3].as<std::int64_t>()},
                              .bytes = row[4].as<std::int64_t>()},
                   .has_pin = row[5].as<bool>(),
                   .locked_until = sql::optional_time(row[6])});
  return out;
}

}  // namespace tollgate::voicemail
