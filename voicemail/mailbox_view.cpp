// SPDX-License-Identifier: Apache-2.0
#include "voicemail/mailbox_view.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

#include "voicemail/mailbox_store.hpp"
#include "voicemail/sql.hpp"

namespace tollgate::voicemail {

namespace {

// PostgreSQL knows the time zones and their summers.
std::vector<mailbox_item> read_folder(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                      std::chrono::system_clock::time_point now, bool unread,
                                      std::optional<boost::uuids::uuid> after, bool after_urgent) {
  const auto rows = tx.exec_params(
      "WITH zone AS (SELECT voicemail.zone_of($1) AS name), "
      "told AS (SELECT message_id, caller, caller_verdict = 'verified_a' AS verified, urgent, "
      "  received_at AT TIME ZONE zone.name AS at, (voicemail.to_time($2) AT TIME ZONE zone.name)::date AS today "
      "  FROM voicemail.message, zone WHERE account_id = $1 AND deleted_at IS NULL AND state = $3 AND "
      "  ($5::uuid IS NULL OR (NOT urgent, message_id) > (NOT $6, $5)) ORDER BY NOT urgent, message_id LIMIT $4) "
      "SELECT message_id, caller, verified, urgent, extract(month FROM at)::int, extract(day FROM at)::int, "
      "extract(dow FROM at)::int, extract(hour FROM at)::int, extract(minute FROM at)::int, today - at::date "
      "FROM told ORDER BY NOT urgent, message_id",
      sql::text(account_id), sql::micros(now), std::string{to_text(unread ? message_state::unread : message_state::saved)},
      view_page_messages, sql::nullable{after}.get(), after_urgent);
  std::vector<mailbox_item> items;
  for (const auto& row : rows)
    items.push_back({.message_id = sql::uuid(row[0]),
                     .caller = row[1].c_str(),
                     .received = {.month = row[4].as<int>(),
                                  .day = row[5].as<int>(),
                                  .weekday = row[6].as<int>(),
                                  .hour = row[7].as<int>(),
                                  .minute = row[8].as<int>(),
                                  .days_ago = row[9].as<int>()},
                     .urgent = row[3].as<bool>(),
                     .verified = row[2].as<bool>()});
  return items;
}

}  // namespace

mailbox_view view_mailbox(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                          std::chrono::system_clock::time_point now) {
  const auto counts = count_messages(tx, account_id);
  mailbox_view view{.unread = read_folder(tx, account_id, now, true, std::nullopt, false),
                    .saved = read_folder(tx, account_id, now, false, std::nullopt, false),
                    .unread_count = counts.unread,
                    .saved_count = counts.saved};
  view.temporary_greeting =
      !tx.exec_params("SELECT 1 FROM voicemail.greeting WHERE account_id = $1 AND situation = 'temporary'",
                      sql::text(account_id))
           .empty();
  return view;
}

std::vector<mailbox_item> view_more(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                    std::chrono::system_clock::time_point now, bool unread, const boost::uuids::uuid& after,
                                    bool after_urgent) {
  return read_folder(tx, account_id, now, unread, after, after_urgent);
}

}  // namespace tollgate::voicemail
