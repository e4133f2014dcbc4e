// SPDX-License-Identifier: Apache-2.0
// The inventory: stock, reservation, look-ups and settings. Rental and terms are in rental.cpp.
#include "voicemail/number_store.hpp"

#include <algorithm>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "pstn/number/numbering_plan.hpp"
#include "voicemail/listing.hpp"
#include "voicemail/number_row.hpp"
#include "voicemail/sql.hpp"

namespace tollgate::voicemail {

using pstn::number::phone_number;

namespace {

// "1650*00" as SQL has it: "+1650%00". Only digits and the two signs pass.
std::string like_of(const std::string& pattern) {
  if (pattern.empty()) return {};
  std::string like = "+";
  for (const char one : pattern) {
    if (one == '?') like += '_';
    if (one == '*') like += '%';
    if (one >= '0' && one <= '9') like += one;
  }
  return like;
}

}  // namespace

void name_actor(pqxx::transaction_base& tx, const std::string& actor) {
  tx.exec_params("SELECT set_config('voicemail.actor', $1, true)", actor);
}

std::vector<number_event> list_number_events(pqxx::transaction_base& tx, const phone_number& number, int limit,
                                             std::optional<std::int64_t> before) {
  const auto rows = tx.exec_params(
      "SELECT sequence, voicemail.to_micros(at), from_state, to_state, account_id, order_id, "
      "voicemail.to_micros(paid_until), actor FROM voicemail.number_event WHERE number = $1 AND sequence < $2 ORDER BY "
      "sequence DESC LIMIT $3",
      number.e164(), before.value_or(INT64_MAX), std::clamp(limit, 1, 1000));
  std::vector<number_event> events;
  for (const auto& row : rows)
    events.push_back({.sequence = row[0].as<std::int64_t>(),
                      .at = sql::time(row[1]),
                      .before = row[2].is_null() ? std::nullopt : parse_number_state(row[2].c_str()),
                      .after = parse_number_state(row[3].c_str()).value_or(number_state::available),
                      .account_id = sql::optional_uuid(row[4]),
                      .order_id = sql::optional_uuid(row[5]),
                      .paid_until = sql::optional_time(row[6]),
                      .actor = row[7].c_str()});
  return events;
}

boost::system::result<void> add_number(pqxx::transaction_base& tx, const new_number& number) {
  const sql::nullable trunk{number.trunk_id};
  const std::string country{pstn::number::classify(number.number).region};
  const auto rows = tx.exec_params(
      "INSERT INTO voicemail.number (number, area, trunk_id, country) VALUES ($1, $2, $3, $4) ON CONFLICT (number) DO "
      "NOTHING",
      number.number.e164(), number.area, trunk.get(), country);
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
      "UPDATE voicemail.number SET state = 'reserved', account_id = $2, reserved_until = greatest(voicemail.to_time($3), "
      "CASE WHEN state = 'reserved' AND account_id = $2 THEN reserved_until END) WHERE number = $1",
      number.e164(), sql::text(account_id), sql::micros(until));
  return {};
}

int count_reservations(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const phone_number& aside,
                       system_clock::time_point now) {
  return tx
      .exec_params1(
          "SELECT count(*) FROM voicemail.number WHERE account_id = $1 AND number <> $2 AND state = 'reserved' AND "
          "reserved_until > voicemail.to_time($3)",
          sql::text(account_id), aside.e164(), sql::micros(now))[0]
      .as<int>();
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
  return list_numbers_in(tx, filter, false);
}

std::vector<number_record> list_numbers_in(pqxx::transaction_base& tx, const number_filter& filter, bool descending) {
  const sql::nullable state =
      filter.state ? sql::nullable{std::string{to_text(*filter.state)}} : sql::nullable{};
  const sql::nullable account{filter.account_id};
  const auto price = filter.price.value_or(price_range{});
  const auto rows =
      tx.exec_params(select_number +
                         " WHERE ($1::text IS NULL OR state = $1) AND ($2::uuid IS NULL OR account_id = $2) AND " + (descending ? "($3 = '' OR number < $3)" : "number > $3") +
                         " AND ($5 = '' OR country = $5) AND ($6 = '' OR strpos(lower(area), lower($6)) > 0) "
                         "AND ($7 = '' OR number LIKE $7) "
                         "AND ($8 = '' OR voicemail.price_of(number, $8, $9::int) BETWEEN $10 AND $11) AND (NOT $12 OR paid_until > now()) ORDER BY number" + (descending ? " DESC" : "") + " LIMIT $4",
                     state.get(), account.get(), filter.after, std::clamp(filter.limit, 1, 1000), filter.country, filter.area,
                     like_of(filter.pattern), price.currency, price.months, price.least.micros, price.most.micros, filter.paid);
  std::vector<number_record> records;
  records.reserve(rows.size());
  for (const auto& row : rows)
    records.push_back(read_number(row));
  return records;
}

}  // namespace tollgate::voicemail
