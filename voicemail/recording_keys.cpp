// SPDX-License-Identifier: Apache-2.0
#include "voicemail/recording_keys.hpp"

#include <algorithm>
#include <array>
#include <pqxx/result>
#include <pqxx/transaction_base>

#include "voicemail/recording_row.hpp"

namespace tollgate::voicemail {
namespace {

struct recordings {
  const char* table;
  const char* item;       // the second part of the key
  const char* item_type;  // in SQL
};
constexpr std::array<recordings, 2> both{
    {{"voicemail.message", "message_id", "uuid"}, {"voicemail.greeting", "situation", "text"}}};

std::string row_name(const recordings& of, const pqxx::field& account, const pqxx::field& item) {
  return &of == &both[0] ? message_row(sql::uuid(account), sql::uuid(item))
                         : greeting_row(sql::uuid(account), item.c_str());
}

// From one key to the next by the index, not by way of every message.
std::vector<std::string> keys_in_use(pqxx::transaction_base& tx) {
  std::vector<std::string> names;
  for (const auto& row : tx.exec("WITH RECURSIVE k AS (SELECT min(key_id) AS key_id FROM voicemail.message "
                                 "UNION ALL SELECT (SELECT min(m.key_id) "
                                 "FROM voicemail.message m WHERE m.key_id > k.key_id) FROM k WHERE k.key_id "
                                 "IS NOT NULL) SELECT key_id FROM k WHERE "
                                 "key_id IS NOT NULL UNION SELECT DISTINCT key_id FROM voicemail.greeting "
                                 "WHERE key_id IS NOT NULL ORDER BY 1"))
    names.emplace_back(row[0].c_str());
  return names;
}

}  // namespace

std::vector<std::string> take_up_keys(pqxx::transaction_base& tx, const audio_keys& keys) {
  std::vector<std::string> complaints;
  for (const auto& name : keys.names()) {
    const auto row = "key/" + name;
    tx.exec_params("INSERT INTO voicemail.audio_key (key_id, proof) VALUES ($1, $2) ON CONFLICT DO NOTHING", name,
                   bytea_of(keys.seal_by(name, {}, row)));
    const auto proof = tx.exec_params("SELECT proof FROM voicemail.audio_key WHERE key_id = $1", name);
    if (proof.empty() || !keys.open(name, bytes_of(proof[0][0]), row))
      complaints.push_back("the key \"" + name + "\" is not the one that had this name before");
  }
  for (const auto& name : keys_in_use(tx))
    if (!keys.has(name) && !keys.is_lost(name))
      complaints.push_back("recordings are encrypted by the key \"" + name + "\", which is not there");
  return complaints;
}

void encrypt_anew(pqxx::transaction_base& tx, const audio_keys& keys, int limit, key_change& progress) {
  progress.changed = progress.damaged = 0;
  const auto others = keys.others();
  const auto stages = keys.current().empty() ? 0 : both.size() * (1 + others.size());
  progress.is_over = progress.stage >= stages;
  if (progress.is_over) return;
  const auto& of = both.at(progress.stage / (1 + others.size()));
  const auto which = progress.stage % (1 + others.size());
  const std::string item = of.item;
  const auto place = "(account_id, " + item + ")";
  std::string query = "SELECT account_id, " + item + ", coalesce(key_id, ''), audio FROM " + of.table +
                      " WHERE " +
                      (which == 0 ? "key_id IS NULL" : "key_id = " + tx.quote(others.at(which - 1)));
  if (!progress.after_account.empty())
    query += " AND " + place + " > (" + tx.quote(progress.after_account) + "::uuid, " +
             tx.quote(progress.after_item) + "::" + of.item_type + ")";
  query += " ORDER BY account_id, " + item + " LIMIT " + std::to_string(limit) + " FOR UPDATE SKIP LOCKED";
  const auto rows = tx.exec(query);
  for (const auto& row : rows) {
    const auto name = row_name(of, row[0], row[1]);
    const auto plain = keys.open(row[2].c_str(), bytes_of(row[3]), name);
    progress.damaged += plain ? 0 : 1;
    if (!plain) continue;
    const auto sealed = keys.seal(*plain, name);
    tx.exec_params("UPDATE " + std::string(of.table) +
                       " SET audio = $3, key_id = $4 WHERE account_id = $1 AND " + item + " = $2",
                   row[0].c_str(), row[1].c_str(), bytea_of(sealed.bytes), sealed.key_id);
    ++progress.changed;
  }
  if (rows.size() == static_cast<std::size_t>(limit)) {
    progress.after_account = rows.back()[0].c_str();
    progress.after_item = rows.back()[1].c_str();
  } else {
    progress.after_account = progress.after_item = "";
    progress.is_over = ++progress.stage >= stages;
  }
}

}  // namespace tollgate::voicemail
