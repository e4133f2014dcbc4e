// SPDX-License-Identifier: Apache-2.0
// The inventory: stock, reservation, look-ups and settings. Rental and terms are in rental.cpp.
#include "voicemail/number_store.hpp"

#include <algorithm>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "voicemail/number_row.hpp"
#include "voicemail/sql.hpp"

namespace tollgate::voicemail {

using pstn::number::phone_number;

boost::system::result<void> add_number(pqxx::transaction_base& tx, const new_number& number) {
  const sql::nullable trunk{number.trunk_id};
  const auto rows = tx.exec_params(
      "INSERT INTO voicemail.number (number, area, trunk_id) VALUES ($1, $2, $3) ON CONFLICT (number) DO "
      "NOTHING",
      number.number.e164(), number.area, trunk.get());
  if (rows.affected_rows() == 0) return error::number_exists;
  return {};
}

boost::system::result<void> reserve_number(pqxx::transaction_base& tx, const phone_number& number,
                                           const boost::uuids::uuid& account_id,
                                           system_clock::time_point until, system_clock::time_point now) {
  const auto found = lock_number(tx, number);
  if (!found) return error::number_unknown;
  if (!may_follow(found->state, number_state::reserved) || !open_to(*found, account_id, now)) {
    return error::number_unavailable;
  }
  tx.exec_params(
      "UPDATE voicemail.number SET state = 'reserved', account_id = $2, reserved_until = "
      "voicemail.to_time($3) "
      "WHERE number = $1",
      number.e164(), sql::text(account_id), sql::micros(until));
  return {};
}

boost::system::result<void> release_number(pqxx::transaction_base& tx, const phone_number& number,
                                           const boost::uuids::uuid& account_id, system_clock::time_point now,
                                           const term_policy& policy) {
  const auto found = lock_number(tx, number);
  if (!found) return error::number_unknown;
  if (found->account_id != account_id) return error::number_not_yours;
  if (found->state == number_state::reserved) {
    return_to_stock(tx, number);
    return {};
  }
  if (!may_follow(found->state, number_state::quarantined)) return error::number_not_yours;
  quarantine(tx, number, now + policy.quarantine);
  return {};
}

boost::system::result<void> change_settings(pqxx::transaction_base& tx, const phone_number& number,
                                            const boost::uuids::uuid& account_id,
                                            const number_settings& settings) {
  const auto found = lock_number(tx, number);
  if (!found) return error::number_unknown;
  const bool rented = found->state == number_state::assigned || found->state == number_state::grace;
  if (!rented || found->account_id != account_id) return error::number_not_yours;
  using namespace std::chrono_literals;
  const sql::nullable timeout =
      settings.ring_timeout
          ? sql::nullable{std::to_string(std::clamp(*settings.ring_timeout, 5s, 120s).count())}
          : sql::nullable{};
  tx.exec_params(
      "UPDATE voicemail.number SET auto_renew = $2, voicemail_enabled = $3, ring_timeout_s = $4 WHERE number "
      "= $1",
      number.e164(), settings.auto_renew, settings.voicemail_enabled, timeout.get());
  return {};
}

std::optional<number_owner> owner_of(pqxx::transaction_base& tx, const phone_number& number,
                                     system_clock::time_point now, const term_policy& policy) {
  const auto found = find_number(tx, number);
  if (!found || !found->account_id) return std::nullopt;
  if (found->state != number_state::assigned && found->state != number_state::grace) return std::nullopt;
  return number_owner{.account_id = *found->account_id,
                      .number = found->number,
                      .ring_timeout = found->ring_timeout,
                      .term_valid = term_valid(found->state, found->dates, policy, now),
                      .voicemail_enabled = found->voicemail_enabled};
}

std::optional<number_record> find_number(pqxx::transaction_base& tx, const phone_number& number) {
  const auto rows = tx.exec_params(select_number + " WHERE number = $1", number.e164());
  if (rows.empty()) return std::nullopt;
  return read_number(rows[0]);
}

std::vector<number_record> list_numbers(pqxx::transaction_base& tx, const number_filter& filter) {
  const sql::nullable state =
      filter.state ? sql::nullable{std::string{to_text(*filter.state)}} : sql::nullable{};
  const sql::nullable account{filter.account_id};
  const auto rows =
      tx.exec_params(select_number +
                         " WHERE ($1::text IS NULL OR state = $1) AND ($2::uuid IS NULL OR account_id = $2) "
                         "AND number > $3 ORDER BY number LIMIT $4",
                     state.get(), account.get(), filter.after, std::clamp(filter.limit, 1, 1000));
  std::vector<number_record> records;
  records.reserve(rows.size());
  for (const auto& row : rows)
    records.push_back(read_number(row));
  return records;
}

}  // namespace tollgate::voicemail
