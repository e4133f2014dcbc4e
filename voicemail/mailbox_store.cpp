// SPDX-License-Identifier: Apache-2.0
// Mailboxes: one statement for each function.
#include "voicemail/mailbox_store.hpp"

#include <algorithm>
#include <pqxx/binarystring>
#include <pqxx/result>
#include <pqxx/transaction_base>

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
          .sha256 = row[9].c_str()};
}

const std::string message_columns =
    "message_id, call_id, state, caller, called, voicemail.to_micros(received_at), duration_ms, level_dbov, "
    "size_bytes, "
    "encode(sha256, 'hex')";

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
  }
  return "unknown";
}

std::optional<message_state> parse_message_state(std::string_view text) noexcept {
  if (text == "new") return message_state::unread;
  if (text == "saved") return message_state::saved;
  return std::nullopt;
}

boost::system::result<deposit_status> deposit_message(pqxx::transaction_base& tx, const new_message& message,
                                                      const mailbox_quota& quota) {
  const pqxx::binarystring audio{message.audio.data(), message.audio.size()};
  const auto rows = tx.exec_params(
      "SELECT voicemail.deposit($1, $2, $3, $4, $5, voicemail.to_time($6), $7, $8, $9, $10, $11, $12)",
      sql::text(message.account_id), sql::text(message.message_id), sql::text(message.call_id),
      message.caller, message.called, sql::micros(message.received_at), message.duration.count(),
      message.level_dbov, audio, quota.messages, std::chrono::milliseconds{quota.duration}.count(),
      quota.bytes);
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
              std::chrono::milliseconds expected, const mailbox_quota& quota) {
  const auto counts = count_messages(tx, account_id);
  return counts.unread + counts.saved < quota.messages && counts.duration + expected <= quota.duration &&
         counts.bytes < quota.bytes;
}

std::vector<message> list_messages(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                   const message_filter& filter) {
  const sql::nullable state =
      filter.state ? sql::nullable{std::string{to_text(*filter.state)}} : sql::nullable{};
  const sql::nullable before{filter.before};
  const auto rows =
      tx.exec_params("SELECT " + message_columns +
                         " FROM voicemail.message WHERE account_id = $1 "
                         "AND ($2::text IS NULL OR state = $2) AND ($3::uuid IS NULL OR message_id < $3) "
                         "ORDER BY message_id DESC LIMIT $4",
                     sql::text(account_id), state.get(), before.get(), std::clamp(filter.limit, 1, 1000));
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
                                                          std::int64_t limit_bytes) {
  // substring() takes int: no message comes near its end.
  const auto offset = std::clamp<std::int64_t>(offset_bytes, 0, 1 << 30);
  const auto limit = std::clamp<std::int64_t>(limit_bytes, 0, chunk_most_bytes);
  const auto rows = tx.exec_params(
      "SELECT substring(audio FROM $3::int + 1 FOR $4::int) FROM voicemail.message "
      "WHERE account_id = $1 AND message_id = $2",
      sql::text(account_id), sql::text(message_id), offset, limit);
  if (rows.empty()) return error::message_unknown;
  const pqxx::binarystring bytes{rows[0][0]};
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
  return std::vector<std::byte>{begin, begin + bytes.size()};
}

boost::system::result<void> mark_message(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                         const boost::uuids::uuid& message_id, message_state state) {
  return one_row(
      tx.exec_params("UPDATE voicemail.message SET state = $3 WHERE account_id = $1 AND message_id = $2",
                     sql::text(account_id), sql::text(message_id), std::string{to_text(state)}));
}

boost::system::result<void> delete_message(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id,
                                           const boost::uuids::uuid& message_id) {
  return one_row(tx.exec_params("DELETE FROM voicemail.message WHERE account_id = $1 AND message_id = $2",
                                sql::text(account_id), sql::text(message_id)));
}

message_counts count_messages(pqxx::transaction_base& tx, const boost::uuids::uuid& account_id) {
  const auto row = tx.exec_params(
      "SELECT count(*) FILTER (WHERE state = 'new'), count(*) FILTER (WHERE state = 'saved'), "
      "coalesce(sum(duration_ms), 0)::bigint, coalesce(sum(size_bytes), 0)::bigint "
      "FROM voicemail.message WHERE account_id = $1",
      sql::text(account_id))[0];
  return {.unread = row[0].as<int>(),
          .saved = row[1].as<int>(),
          .duration = std::chrono::milliseconds{row[2].as<std::int64_t>()},
          .bytes = row[3].as<std::int64_t>()};
}

}  // namespace tollgate::voicemail
