// SPDX-License-Identifier: Apache-2.0
#include "voicemail/mailbox_settings.hpp"

#include <algorithm>
#include <pqxx/binarystring>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "billing/credit_life.hpp"
#include "voicemail/recording_row.hpp"
#include "voicemail/sql.hpp"

namespace tollgate::voicemail {

using boost::uuids::uuid;

namespace {

void make_row(pqxx::transaction_base& tx, const uuid& account_id) {
  tx.exec_params("INSERT INTO voicemail.mailbox (account_id) VALUES ($1) ON CONFLICT DO NOTHING", sql::text(account_id));
}

}  // namespace

mailbox_settings find_settings(pqxx::transaction_base& tx, const uuid& account_id) {
  const auto rows = tx.exec_params(
      "SELECT language, voicemail.zone_of($1), pin_hash IS NOT NULL, voicemail.to_micros(pin_locked_until) FROM (SELECT) one LEFT "
      "JOIN voicemail.mailbox ON account_id = $1",
      sql::text(account_id));
  mailbox_settings settings;
  if (!rows[0][0].is_null()) settings.spoken = parse_language(rows[0][0].c_str());
  settings.time_zone = rows[0][1].c_str();
  settings.has_pin = rows[0][2].as<bool>();
  settings.locked_until = sql::optional_time(rows[0][3]);
  return settings;
}

boost::system::result<void> change_mailbox(pqxx::transaction_base& tx, const uuid& account_id,
                                           const mailbox_change& change) {
  if (change.time_zone && !change.time_zone->empty() &&
      tx.exec_params("SELECT 1 FROM pg_timezone_names WHERE name = $1", *change.time_zone).empty())
    return error::time_zone_unknown;
  make_row(tx, account_id);
  if (change.time_zone)
    tx.exec_params("UPDATE voicemail.mailbox SET time_zone = nullif($2, '') WHERE account_id = $1", sql::text(account_id),
                   *change.time_zone);
  if (change.spoken) {
    const sql::nullable spoken =
        *change.spoken ? sql::nullable{std::string{to_text(**change.spoken)}} : sql::nullable{};
    tx.exec_params("UPDATE voicemail.mailbox SET language = $2 WHERE account_id = $1", sql::text(account_id),
                   spoken.get());
  }
  return {};
}

std::vector<std::string> numbers_of(pqxx::transaction_base& tx, const uuid& account_id) {
  const auto rows =
      tx.exec_params("SELECT substr(number, 2) FROM voicemail.number WHERE account_id = $1", sql::text(account_id));
  std::vector<std::string> numbers;
  for (const auto& row : rows)
    numbers.emplace_back(row[0].c_str());
  return numbers;
}

std::string_view to_text(pin_setter by) noexcept {
  switch (by) {
    case pin_setter::device:
      return "device";
    case pin_setter::telephone:
      return "telephone";
    case pin_setter::api:
      return "api";
  }
  return "unknown";
}

void set_pin(pqxx::transaction_base& tx, const uuid& account_id, const std::string& hash, pin_setter by,
             system_clock::time_point now) {
  make_row(tx, account_id);
  const auto at = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  // The event is known by its moment: done twice because nobody knew whether it was done, it is told once.
  billing::add_event(tx, account_id, "voicemail_pin_changed/" + std::to_string(sql::micros(now)), "voicemail_pin_changed",
                     "{\"at\":" + std::to_string(at) + ",\"by\":\"" + std::string(to_text(by)) + "\"}", now);
  tx.exec_params(
      "UPDATE voicemail.mailbox SET pin_hash = $2, pin_failures = 0, pin_locks = 0, pin_locked_until = NULL, "
      "pin_event_due = NULL WHERE account_id = $1",
      sql::text(account_id), hash);
}

bool set_first_pin(pqxx::transaction_base& tx, const uuid& account_id, const std::string& hash) {
  tx.exec_params(
      "INSERT INTO voicemail.mailbox AS m (account_id, pin_hash) VALUES ($1, $2) ON CONFLICT (account_id) DO UPDATE SET "
      "pin_hash = excluded.pin_hash WHERE m.pin_hash IS NULL",
      sql::text(account_id), hash);
  return tx.exec_params1("SELECT pin_hash = $2 FROM voicemail.mailbox WHERE account_id = $1", sql::text(account_id), hash)[0]
      .as<bool>();
}

pin_attempt begin_pin(pqxx::transaction_base& tx, const uuid& account_id, system_clock::time_point now,
                      const pin_policy& policy) {
  const auto rows = tx.exec_params(
      "SELECT coalesce(pin_hash, ''), coalesce(pin_locked_until > voicemail.to_time($2), false), pin_failures, pin_locks "
      "FROM voicemail.mailbox WHERE account_id = $1 FOR UPDATE",
      sql::text(account_id), sql::micros(now));
  if (rows.empty()) return {};
  if (rows[0][1].as<bool>()) return {.locked = true, .hash = {}};
  const int failures = rows[0][2].as<int>() + 1;
  const int locks = rows[0][3].as<int>();
  if (failures < policy.failures) {
    tx.exec_params("UPDATE voicemail.mailbox SET pin_failures = $2 WHERE account_id = $1", sql::text(account_id), failures);
  } else {
    constexpr int doublings_most = 20;
    const auto lasts = std::min<std::chrono::minutes>(
        policy.first_lock * (std::int64_t{1} << std::min(locks, doublings_most)), policy.longest_lock);
    tx.exec_params(
        "UPDATE voicemail.mailbox SET pin_failures = 0, pin_locks = pin_locks + 1, pin_locked_until = voicemail.to_time($2), "
        "pin_event_due = voicemail.to_time($3) WHERE account_id = $1",
        sql::text(account_id), sql::micros(now + lasts), sql::micros(now + policy.check_longest));
  }
  return {.locked = false, .hash = rows[0][0].c_str()};
}

void forgive_pin(pqxx::transaction_base& tx, const uuid& account_id) {
  tx.exec_params(
      "UPDATE voicemail.mailbox SET pin_failures = 0, pin_locks = 0, pin_locked_until = NULL, pin_event_due = NULL WHERE "
      "account_id = $1",
      sql::text(account_id));
}

namespace {

// The event of a lock is known by its end: told twice, it is told once.
void tell_of_lock(pqxx::transaction_base& tx, const uuid& account_id, const pqxx::field& locked_until,
                  system_clock::time_point now) {
  const auto until = std::chrono::floor<std::chrono::seconds>(sql::time(locked_until).time_since_epoch()).count();
  billing::add_event(tx, account_id, "voicemail_locked/" + std::string(locked_until.c_str()), "voicemail_locked",
                     "{\"until\":" + std::to_string(until) + "}", now);
  tx.exec_params("UPDATE voicemail.mailbox SET pin_event_due = NULL WHERE account_id = $1", sql::text(account_id));
}

}  // namespace

bool report_wrong_pin(pqxx::transaction_base& tx, const uuid& account_id, system_clock::time_point now) {
  const auto rows = tx.exec_params(
      "SELECT voicemail.to_micros(pin_locked_until) FROM voicemail.mailbox WHERE account_id = $1 AND "
      "pin_locked_until > voicemail.to_time($2) FOR UPDATE",
      sql::text(account_id), sql::micros(now));
  if (rows.empty()) return false;
  tell_of_lock(tx, account_id, rows[0][0], now);
  return true;
}

int report_unreported_locks(pqxx::transaction_base& tx, system_clock::time_point now, int limit) {
  const auto rows = tx.exec_params(
      "SELECT account_id, voicemail.to_micros(pin_locked_until) FROM voicemail.mailbox WHERE pin_event_due <= "
      "voicemail.to_time($1) ORDER BY pin_event_due LIMIT $2 FOR UPDATE SKIP LOCKED",
      sql::micros(now), std::clamp(limit, 1, 1000));
  for (const auto& row : rows)
    tell_of_lock(tx, sql::uuid(row[0]), row[1], now);
  return static_cast<int>(rows.size());
}

std::string_view to_text(greeting_kind kind) noexcept {
  switch (kind) {
    case greeting_kind::no_answer:
      return "no_answer";
    case greeting_kind::busy:
      return "busy";
    case greeting_kind::temporary:
      return "temporary";
    case greeting_kind::name:
      return "name";
  }
  return "unknown";
}

std::optional<greeting_kind> parse_greeting_kind(std::string_view text) noexcept {
  for (const auto kind :
       {greeting_kind::no_answer, greeting_kind::busy, greeting_kind::temporary, greeting_kind::name})
    if (text == to_text(kind)) return kind;
  return std::nullopt;
}

void keep_greeting(pqxx::transaction_base& tx, const uuid& account_id, greeting_kind kind, std::span<const std::byte> audio,
                   std::chrono::milliseconds duration, system_clock::time_point now, const audio_keys& keys) {
  const auto sealed = keys.seal(audio, greeting_row(account_id, to_text(kind)));
  const auto key_id = key_of(sealed.key_id);
  tx.exec_params(
      "INSERT INTO voicemail.greeting (account_id, situation, recorded_at, duration_ms, size_bytes, sha256, audio, key_id) "
      "VALUES ($1, $2, voicemail.to_time($3), $4, $5, $6, $7, $8) "
      "ON CONFLICT (account_id, situation) DO UPDATE SET recorded_at = excluded.recorded_at, duration_ms = "
      "excluded.duration_ms, size_bytes = excluded.size_bytes, sha256 = excluded.sha256, audio = excluded.audio, "
      "key_id = excluded.key_id",
      sql::text(account_id), std::string{to_text(kind)}, sql::micros(now), duration.count(),
      static_cast<std::int64_t>(audio.size()), bytea_of(sha256_of(audio)), bytea_of(sealed.bytes), key_id.get());
}

boost::system::result<void> remove_greeting(pqxx::transaction_base& tx, const uuid& account_id, greeting_kind kind) {
  const auto rows = tx.exec_params("DELETE FROM voicemail.greeting WHERE account_id = $1 AND situation = $2",
                                   sql::text(account_id), std::string{to_text(kind)});
  if (rows.affected_rows() == 0) return error::greeting_unknown;
  return {};
}

std::vector<greeting> list_greetings(pqxx::transaction_base& tx, const uuid& account_id) {
  const auto rows = tx.exec_params(
      "SELECT situation, voicemail.to_micros(recorded_at), duration_ms, size_bytes, encode(sha256, 'hex') FROM "
      "voicemail.greeting WHERE account_id = $1 ORDER BY situation",
      sql::text(account_id));
  std::vector<greeting> greetings;
  for (const auto& row : rows)
    greetings.push_back({.kind = parse_greeting_kind(row[0].c_str()).value_or(greeting_kind::no_answer),
                         .recorded_at = sql::time(row[1]),
                         .duration = std::chrono::milliseconds{row[2].as<std::int64_t>()},
                         .size_bytes = row[3].as<std::int64_t>(),
                         .sha256 = row[4].c_str()});
  return greetings;
}

boost::system::result<std::vector<std::byte>> fetch_greeting(pqxx::transaction_base& tx, const uuid& account_id,
                                                             greeting_kind kind, const audio_keys& keys) {
  const auto rows =
      tx.exec_params("SELECT audio, coalesce(key_id, '') FROM voicemail.greeting WHERE account_id = $1 AND situation = $2",
                     sql::text(account_id), std::string{to_text(kind)});
  if (rows.empty()) return error::greeting_unknown;
  const pqxx::binarystring bytes{rows[0][0]};
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
  return keys.open(rows[0][1].c_str(), {begin, bytes.size()}, greeting_row(account_id, to_text(kind)));
}

}  // namespace tollgate::voicemail
