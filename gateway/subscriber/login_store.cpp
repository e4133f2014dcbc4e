// SPDX-License-Identifier: Apache-2.0
// The table gateway.login_failure: counting of wrong pass-phrases.
#include <array>
#include <string>

#include <pqxx/result>
#include <pqxx/row>
#include <pqxx/transaction_base>

#include "gateway/subscriber/client_address.hpp"
#include "gateway/subscriber/subscriber_row.hpp"
#include "gateway/subscriber/subscriber_store.hpp"

namespace tollgate::gateway::subscriber {
namespace {

// Many subscribers may stand behind one address, and a stranger must not lock a subscriber out by a handful
// of guesses.
constexpr int in_all_factor = 10;
constexpr std::size_t longest_address = 64;

struct subjects {
  std::string pair, name, address;
};

subjects subjects_of(const std::string& name, const std::string& address) {
  const std::string where = client_of_address(address.substr(0, longest_address));
  if (name.empty()) return {"address:" + where, "address:" + where, "address:" + where};  // nobody's
  return {"pair:" + name + " " + where, "name:" + name, "address:" + where};
}

}  // namespace

login_attempt begin_login(pqxx::transaction_base& tx, const std::string& name, const std::string& address,
                          const login_limits& limits) {
  const subjects who = subjects_of(name, address);
  const int window_s = static_cast<int>(limits.window.count());
  // Attempts on one name, or from one address, count one after the other: in the same order everywhere,
  // against deadlocks.
  tx.exec_params(
      "SELECT pg_advisory_xact_lock(hashtextextended(subject, 7)) "
      "FROM unnest(ARRAY[$1::text, $2::text]) AS subject ORDER BY subject",
      who.address, who.name);
  const auto counts = tx.exec_params(
      "SELECT count(*) FILTER (WHERE subject = $1), count(*) FILTER (WHERE subject = $2), "
      "       count(*) FILTER (WHERE subject = $3) "
      "FROM gateway.login_failure WHERE subject IN ($1, $2, $3) AND failed_at > now() - make_interval(secs "
      "=> $4::int)",
      who.pair, who.name, who.address, window_s)[0];
  login_attempt attempt;
  const int in_all = limits.failures * in_all_factor;
  // What cannot be a name is nobody's to be locked: it counts against the address alone.
  const bool of_name = !name.empty() && (counts[0].as<int>() >= limits.failures || counts[1].as<int>() >= in_all);
  if (of_name || counts[2].as<int>() >= in_all) {
    attempt.locked_out = true;
    return attempt;
  }
  tx.exec_params(
      "WITH old AS (DELETE FROM gateway.login_failure WHERE ctid IN (SELECT ctid FROM gateway.login_failure "
      "  WHERE failed_at < now() - make_interval(secs => $4::int) ORDER BY failed_at LIMIT 20 FOR UPDATE "
      "SKIP LOCKED)) "
      "INSERT INTO gateway.login_failure (subject, failed_at) SELECT DISTINCT unnest(ARRAY[$1::text, $2::text, $3::text]), now()",
      who.pair, who.name, who.address, window_s);
  const auto rows = tx.exec_params(
      std::string("SELECT passphrase_hash, ") + record_columns + " FROM gateway.subscriber WHERE name = $1",
      name);
  if (!rows.empty()) {
    attempt.passphrase_hash = rows[0]["passphrase_hash"].as<std::string>();
    attempt.found = record_of(rows[0]);
  }
  return attempt;
}

void forgive_login(pqxx::transaction_base& tx, const std::string& name, const std::string& address) {
  const subjects who = subjects_of(name, address);
  // What was counted for the pair leaves the sums for name and address as well: as many of the newest rows.
  tx.exec_params(
      "WITH forgiven AS (DELETE FROM gateway.login_failure WHERE subject = $1 RETURNING 1), "
      "     wide AS (SELECT ctid, row_number() OVER (PARTITION BY subject ORDER BY failed_at DESC) AS n "
      "              FROM gateway.login_failure WHERE subject IN ($2, $3)) "
      "DELETE FROM gateway.login_failure f USING wide WHERE f.ctid = wide.ctid AND wide.n <= (SELECT "
      "count(*) FROM forgiven)",
      who.pair, who.name, who.address);
}

}  // namespace tollgate::gateway::subscriber
