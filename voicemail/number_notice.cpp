// SPDX-License-Identifier: Apache-2.0
// Notices before a term ends.
#include <algorithm>
#include <array>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/credit_life.hpp"
#include "voicemail/number_row.hpp"
#include "voicemail/number_store.hpp"
#include "voicemail/sql.hpp"

namespace tollgate::voicemail {
namespace {

struct notice_kind {
  const char* text;
  std::chrono::hours before;
};
// In the order in which they are given; a number of `notices` n has had the first n.
constexpr std::array notice_kinds{notice_kind{"30d", std::chrono::hours(30 * 24)},
                                  notice_kind{"7d", std::chrono::hours(7 * 24)},
                                  notice_kind{"1d", std::chrono::hours(24)}};

// How many are due so long before the end; at least one.
std::size_t due_before(system_clock::duration left) {
  const auto due = std::count_if(notice_kinds.begin(), notice_kinds.end(),
                                 [&](const notice_kind& one) { return left <= one.before; });
  return static_cast<std::size_t>(std::max<std::ptrdiff_t>(due, 1));
}

}  // namespace

int give_notices(pqxx::transaction_base& tx, system_clock::time_point now, int limit) {
  const auto rows = tx.exec_params(
      select_number +
          " WHERE state = 'assigned' AND due_at > voicemail.to_time($1) AND due_at <= voicemail.to_time($2) AND notices < "
          "CASE WHEN due_at <= voicemail.to_time($4) THEN 3 WHEN due_at <= voicemail.to_time($3) THEN 2 ELSE 1 END "
          "ORDER BY due_at LIMIT $5 FOR UPDATE SKIP LOCKED",
      sql::micros(now), sql::micros(now + notice_kinds[0].before), sql::micros(now + notice_kinds[1].before),
      sql::micros(now + notice_kinds[2].before), std::clamp(limit, 1, 1000));
  for (const auto& row : rows) {
    const auto number = read_number(row);
    const auto until = *number.dates.paid_until;
    const auto due = due_before(until - now);
    const std::string text = notice_kinds[due - 1].text;  // who was not told before is told the latest only
    const auto seconds = std::chrono::floor<std::chrono::seconds>(until.time_since_epoch()).count();
    billing::add_event(tx, *number.account_id,
                       "number_term_notice/" + text + "/" + sql::text(*number.order_id) + "/" +
                           std::to_string(number.paid_periods),
                       "number_term_notice",
                       "{\"number\":\"" + number.number.e164() + "\",\"notice\":\"" + text +
                           "\",\"until\":" + std::to_string(seconds) +
                           ",\"auto_renew\":" + (number.auto_renew ? "true" : "false") + "}",
                       now);
    tx.exec_params("UPDATE voicemail.number SET notices = $2 WHERE number = $1", number.number.e164(),
                   static_cast<int>(due));
  }
  return static_cast<int>(rows.size());
}

}  // namespace tollgate::voicemail
