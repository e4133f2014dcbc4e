// SPDX-License-Identifier: Apache-2.0
// Mailboxes: one statement for each function.
#include "voicemail/mailbox_store.hpp"

#include <algorithm>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "voicemail/listing.hpp"
#include "voicemail/mailbox_limits.hpp"
#include "voicemail/number_store.hpp"
#include "voicemail/recording_row.hpp"
#include "voicemail/sql.hpp"

namespace tollgate::voicemail {
namespace {

constexpr std::int64_t chunk_most_bytes = 1 << 20;

message read_message(const pqxx::row& row) {
  return {.message_id = sql::uuid(row[0]),
          .call_id = sql::uuid(row[1]),
          .state = parse_message_state(row[2].c_str()).value_or(message_state::unread),
          .caller = row[3].c_str(),
          .called = row[4].c_str(),
          .received_at = sql::time(row[5]),
          .duration = std::chrono::milliseconds{row[6].as<std::int64_t>()},
          .level_dbov = row[7].as<double>(),
          .size_bytes = row[8].as<std::int64_t>(),
          .sha256 = row[9].c_str(),
          .urgent = row[10].as<bool>(),
          .deleted_at = sql::optional_time(row[11]),
          .caller_name = row[12].c_str(),
          .caller_verdict = row[13].c_str()};
}

const std::string message_columns =
    "message_id, call_id, CASE WHEN deleted_at IS NULL THEN state ELSE 'deleted' END, caller, called, "
    "voicemail.to_micros(received_at), duration_ms, level_dbov, size_bytes, encode(sha256, 'hex'), urgent, "
    "voicemail.to_micros(deleted_at), caller_name, caller_verdict";

// So long after it was read at the latest a message may be heard: at the telephone with pauses and repeats.
constexpr std::chrono::minutes heard_for{10};

// Where it cannot be noted, with the disk full or read-only, the message is heard all the same.
void mark_as_played(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const boost::uuids::uuid& message_id) {
  tx.exec_params("SELECT voicemail.mark_as_played($1, $2, $3)", sql::text(account_id), sql::text(message_id),
                 std::chrono::seconds{heard_for}.count());
}

boost::system::result<void> one_row(const pqxx::result& rows) {
  if (rows.affected_rows() == 0) return error::message_unknown;
  return {};
}

}  // namespace

std::string_view to_text(message_state state) noexcept {
  switch (state) {
    case message_state::unread:
      return "new";
    case message_state::saved:
      return "saved";
    case message_state::deleted:
      return "deleted";
  }
  return "unknown";
}

std::optional<message_state> parse_message_state(std::string_view text) noexcept {
  if (text == "new") return message_state::unread;
  if (text == "saved") return message_state::saved;
  if (text == "deleted") return message_state::deleted;
  return std::nullopt;
}

boost::system::result<deposit_status> deposit_message(pqxx::transaction_base& tx, const new_message& message,
                                                      const audio_keys& keys, const mailbox_quota& quota) {
  const auto sealed = keys.seal(message.audio, message_row(message.account_id, message.message_id));
  const auto key_id = key_of(sealed.key_id);
  const auto rows = tx.exec_params(
      "SELECT voicemail.deposit($1, $2, $3, $4, $5, voicemail.to_time($6), $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
      sql::text(message.account_id), sql::text(message.message_id), sql::text(message.call_id), message.caller, message.called,
      sql::micros(message.received_at), message.duration.count(), message.level_dbov, message.urgent, bytea_of(sealed.bytes),
      key_id.get(), bytea_of(sha256_of(message.audio)), static_cast<std::int64_t>(message.audio.size()), quota.messages,
      std::chrono::milliseconds{quota.duration}.count(), quota.bytes, message.caller_name, message.caller_verdict);
  switch (rows[0][0].as<int>()) {
    case 0:
      return deposit_status::stored;
    case 1:
      return deposit_status::repeated;
    case 2:
      return error::mailbox_full;
    default:
      return error::message_conflict;
  }
}

bool has_room(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
              std::chrono::milliseconds expected, const mailbox_quota& carrier) {
  const auto counts = count_messages(tx, account_id);
  const auto quota = find_quota(tx, account_id, carrier);
  return counts.unread + counts.saved < quota.messages && counts.duration + expected <= quota.duration &&
         counts.bytes < quota.bytes;
}

std::vector<message> list_messages(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                   const message_filter& filter) {
  return list_messages_in(tx, account_id, filter, false);
}

std::vector<message> list_messages_in(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id, const message_filter& filter,
                                      bool oldest_first) {
  // Three plain conditions instead of one that covers all: each finds its rows by the key alone, or by that and a filter.
  const std::string wanted = !filter.state                              ? "deleted_at IS NULL"
                             : *filter.state == message_state::deleted ? "deleted_at IS NOT NULL"
                             : *filter.state == message_state::unread  ? "deleted_at IS NULL AND state = 'new'"
                                                                       : "deleted_at IS NULL AND state = 'saved'";
  const auto limit = std::clamp(filter.limit, 1, 1000);
  const std::string statement = "SELECT " + message_columns + " FROM voicemail.message WHERE account_id = $1 AND " + wanted;
  const std::string order = oldest_first ? " ORDER BY message_id" : " ORDER BY message_id DESC";
  const auto rows = filter.before
                        ? tx.exec_params(statement + " AND message_id " + (oldest_first ? ">" : "<") + " $2" + order + " LIMIT $3",
                                         sql::text(account_id), sql::text(*filter.before), limit)
                        : tx.exec_params(statement + order + " LIMIT $2", sql::text(account_id), limit);
  std::vector<message> messages;
  messages.reserve(rows.size());
  for (const auto& row : rows)
    messages.push_back(read_message(row));
  return messages;
}

boost::system::result<message> find_message(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                            const boost::uuids::uuid& message_id) {
  const auto rows = tx.exec_params(
      "SELECT " + message_columns + " FROM voicemail.message WHERE account_id = $1 AND message_id = $2",
      sql::text(account_id), sql::text(message_id));
  if (rows.empty()) return error::message_unknown;
  return read_message(rows[0]);
}

boost::system::result<std::vector<std::byte>> fetch_audio(pqxx::transaction_base& tx,
                                                          const boost::uuids::uuid& account_id,
                                                          const boost::uuids::uuid& message_id,
                                                          std::int64_t offset_bytes,
                                                          std::int64_t limit_bytes, const audio_keys& keys) {
  // substring() takes int: no message comes near its end.
  const auto offset = std::clamp<std::int64_t>(offset_bytes, 0, 1 << 30);
  const auto limit = std::clamp<std::int64_t>(limit_bytes, 0, chunk_most_bytes);
  const auto rows = tx.exec_params(
      "SELECT substring(audio FROM $3::int + 1 FOR $4::int) FROM voicemail.message "
      "WHERE account_id = $1 AND message_id = $2 AND key_id IS NULL",
      sql::text(account_id), sql::text(message_id), offset, limit);
  if (rows.empty()) {  // it is encrypted, and its tag covers the whole, or it is not there
    auto whole = fetch_whole_audio(tx, account_id, message_id, keys);
    if (!whole) return whole.error();
    const auto from = std::min<std::size_t>(static_cast<std::size_t>(offset), whole->size());
    const auto count = std::min<std::size_t>(static_cast<std::size_t>(limit), whole->size() - from);
    const auto part = std::span(*whole).subspan(from, count);
    return std::vector<std::byte>(part.begin(), part.end());
  }
  mark_as_played(tx, account_id, message_id);
  return bytes_of(rows[0][0]);
}

boost::system::result<std::vector<std::byte>> fetch_whole_audio(pqxx::transaction_base& tx,
                                                                const boost::uuids::uuid& account_id,
                                                                const boost::uuids::uuid& message_id,
                                                                const audio_keys& keys) {
  const auto rows = tx.exec_params(
      "SELECT audio, coalesce(key_id, '') FROM voicemail.message WHERE account_id = $1 AND message_id = $2",
      sql::text(account_id), sql::text(message_id));
  if (rows.empty()) return error::message_unknown;
  mark_as_played(tx, account_id, message_id);
  return keys.open(rows[0][1].c_str(), bytes_of(rows[0][0]), message_row(account_id, message_id));
}

boost::system::result<void> mark_message(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                         const boost::uuids::uuid& message_id, message_state state) {
  return one_row(tx.exec_params(
      "UPDATE voicemail.message SET state = $3 WHERE account_id = $1 AND message_id = $2 AND deleted_at IS NULL",
      sql::text(account_id), sql::text(message_id), std::string{to_text(state)}));
}

boost::system::result<void> delete_message(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                           const boost::uuids::uuid& message_id, system_clock::time_point now) {
  return one_row(
      tx.exec_params("UPDATE voicemail.message SET deleted_at = voicemail.to_time($3) WHERE account_id = $1 AND "
                     "message_id = $2 AND deleted_at IS NULL",
                     sql::text(account_id), sql::text(message_id), sql::micros(now)));
}

boost::system::result<void> restore_message(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                            const boost::uuids::uuid& message_id, system_clock::time_point now) {
  return one_row(
      tx.exec_params("UPDATE voicemail.message SET deleted_at = NULL WHERE account_id = $1 AND message_id = $2 AND "
                     "(deleted_at IS NULL OR deleted_at > voicemail.to_time($3))",
                     sql::text(account_id), sql::text(message_id), sql::micros(now - undelete_period)));
}

boost::system::result<boost::uuids::uuid> forward_message(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                                          const boost::uuids::uuid& message_id,
                                                          const pstn::number::phone_number& to,
                                                          const boost::uuids::uuid& copy_id, system_clock::time_point now,
                                                          const audio_keys& keys, const mailbox_quota& carrier) {
  const auto owner = owner_of(tx, to, now);
  if (!owner || !owner->term_valid || !owner->voicemail_enabled) return error::number_unknown;
  const auto original = find_message(tx, account_id, message_id);
  if (!original) return original.error();
  if (original->deleted_at) return error::message_unknown;
  const auto audio = fetch_whole_audio(tx, account_id, message_id, keys);
  if (!audio) return audio.error();
  const auto copied = deposit_message(tx,
                                      {.message_id = copy_id,
                                       .account_id = owner->account_id,
                                       .call_id = original->call_id,
                                       .caller = original->caller,
                                       .called = to.e164(),
                                       .received_at = now,
                                       .duration = original->duration,
                                       .level_dbov = original->level_dbov,
                                       .urgent = original->urgent,
                                       .caller_name = original->caller_name,
                                       .caller_verdict = original->caller_verdict,
                                       .audio = *audio},
                                      keys, find_quota(tx, owner->account_id, carrier));
  if (!copied) return copied.error();
  return owner->account_id;
}

int purge_deleted(pqxx::transaction_base& tx, system_clock::time_point now, int limit) {
  const auto rows = tx.exec_params(
      "DELETE FROM voicemail.message WHERE (account_id, message_id) IN (SELECT account_id, message_id FROM "
      "voicemail.message WHERE deleted_at <= voicemail.to_time($1) AND (played_until IS NULL OR played_until < "
      "voicemail.to_time($3)) ORDER BY deleted_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
      sql::micros(now - undelete_period), std::clamp(limit, 1, 1000), sql::micros(now));
  return static_cast<int>(rows.affected_rows());
}

int purge_received(pqxx::transaction_base& tx, system_clock::time_point now, std::optional<system_clock::time_point> before, int limit,
                   purge_position& from) {
  const int most = std::clamp(limit, 1, 1000);
  int purged = 0;
  if (before) {
    const auto rows = tx.exec_params(
        "DELETE FROM voicemail.message WHERE (account_id, message_id) IN (SELECT account_id, message_id FROM "
        "voicemail.message m WHERE received_at < voicemail.to_time($1) AND received_at >= voicemail.to_time($4) AND "
        "(played_until IS NULL OR played_until < voicemail.to_time($3)) AND NOT EXISTS (SELECT FROM voicemail.mailbox b WHERE "
        "b.account_id = m.account_id AND b.keep_days IS NOT NULL) ORDER BY received_at LIMIT $2 FOR UPDATE OF m SKIP LOCKED) "
        "RETURNING voicemail.to_micros(received_at)",
        sql::micros(*before), most, sql::micros(now), sql::micros(from.received.value_or(system_clock::time_point{})));
    purged = static_cast<int>(rows.affected_rows());
    for (const auto& row : rows)
      from.received = std::max(from.received.value_or(system_clock::time_point{}), sql::time(row[0]));
  }
  if (purged == most) return purged;
  const auto rows = tx.exec_params(
      "DELETE FROM voicemail.message WHERE (account_id, message_id) IN (SELECT m.account_id, m.message_id FROM "
      "voicemail.mailbox b JOIN voicemail.message m ON m.account_id = b.account_id WHERE b.keep_days > 0 AND b.account_id >= $4 AND "
      "m.received_at < voicemail.to_time($1) - b.keep_days * interval '24 hours' AND (m.played_until IS NULL OR "
      "m.played_until < voicemail.to_time($3)) ORDER BY b.account_id LIMIT $2 FOR UPDATE OF m SKIP LOCKED) RETURNING account_id",
      sql::micros(now), most - purged, sql::micros(now), sql::text(from.mailbox.value_or(boost::uuids::uuid{})));
  for (const auto& row : rows)
    from.mailbox = std::max(from.mailbox.value_or(boost::uuids::uuid{}), sql::uuid(row[0]));
  return purged + static_cast<int>(rows.affected_rows());
}

void probe_store(pqxx::transaction_base& tx, std::int64_t bytes) {
  const auto row = tx.exec_params1(
      "INSERT INTO voicemail.store_probe (audio) VALUES (decode(repeat('00', $1), 'hex')) RETURNING probe_id", bytes);
  tx.exec_params0("DELETE FROM voicemail.store_probe WHERE probe_id = $1", row[0].c_str());
}

message_counts count_messages(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id) {
  const auto row = tx.exec_params(
      "SELECT count(*) FILTER (WHERE state = 'new'), count(*) FILTER (WHERE state = 'saved'), "
      "coalesce(sum(duration_ms), 0)::bigint, coalesce(sum(size_bytes), 0)::bigint "
      "FROM voicemail.message WHERE account_id = $1 AND deleted_at IS NULL",
      sql::text(account_id))[0];
  return {.unread = row[0].as<int>(),
          .saved = row[1].as<int>(),
          .duration = std::chrono::milliseconds{row[2].as<std::int64_t>()},
          .bytes = row[3].as<std::int64_t>()};
}

}  // namespace tollgate::voicemail
