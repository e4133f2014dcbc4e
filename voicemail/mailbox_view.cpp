// SPDX-License-Identifier: Apache-2.0
#include "voicemail/mailbox_view.hpp"

#include <pqxx/result>
#include <pqxx/transaction_base>

#include "voicemail/sql.hpp"

namespace tollgate::voicemail {

mailbox_view view_mailbox(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                          std::chrono::system_clock::time_point now) {
  // PostgreSQL knows the time zones and their summers.
  const auto rows = tx.exec_params(
      "WITH zone AS (SELECT coalesce((SELECT time_zone FROM voicemail.mailbox WHERE account_id = $1), 'UTC') AS name), "
      "told AS (SELECT message_id, state, caller, urgent, received_at AT TIME ZONE zone.name AS at, "
      "  (voicemail.to_time($2) AT TIME ZONE zone.name)::date AS today, "
      "  row_number() OVER (PARTITION BY state ORDER BY urgent DESC, message_id) AS place "
      "  FROM voicemail.message, zone WHERE account_id = $1 AND deleted_at IS NULL) "
      "SELECT message_id, state, caller, urgent, extract(month FROM at)::int, extract(day FROM at)::int, "
      "extract(dow FROM at)::int, extract(hour FROM at)::int, extract(minute FROM at)::int, today - at::date "
      "FROM told WHERE place <= $3 ORDER BY place",
      sql::text(account_id), sql::micros(now), view_most_messages);
  mailbox_view view;
  for (const auto& row : rows) {
    auto& folder = std::string_view(row[1].c_str()) == "new" ? view.unread : view.saved;
    folder.push_back({.message_id = sql::uuid(row[0]),
                      .caller = row[2].c_str(),
                      .received = {.month = row[4].as<int>(),
                                   .day = row[5].as<int>(),
                                   .weekday = row[6].as<int>(),
                                   .hour = row[7].as<int>(),
                                   .minute = row[8].as<int>(),
                                   .days_ago = row[9].as<int>()},
                      .urgent = row[3].as<bool>()});
  }
  view.temporary_greeting =
      !tx.exec_params("SELECT 1 FROM voicemail.greeting WHERE account_id = $1 AND situation = 'temporary'",
                      sql::text(account_id))
           .empty();
  return view;
}

}  // namespace tollgate::voicemail
