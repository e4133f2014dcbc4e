// SPDX-License-Identifier: Apache-2.0
// Applies numbered migrations under an advisory lock, each in one transaction with its row in
// gateway.migration.
#include "gateway/db/migrator.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <stdexcept>
#include <thread>

#include <pqxx/connection>
#include <pqxx/except>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/transaction>

#include "gateway/db/connection_string.hpp"

namespace tollgate::gateway::db {
namespace {

// Names our advisory lock among all of the database: "tollgate" in ASCII.
constexpr const char* lock_statement = "SELECT pg_advisory_lock(8390045713079497829)";

constexpr const char* own_table =
    "CREATE SCHEMA IF NOT EXISTS gateway;"
    "CREATE TABLE IF NOT EXISTS gateway.migration ("
    "  number int PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
    "  applied_at timestamptz NOT NULL DEFAULT now())";

// Whatever asks for a table queues behind a statement that waits to change it: others' calls wait no longer than this. In between
// they get on.
constexpr const char* lock_limit = "SET LOCAL lock_timeout = '2s'";
constexpr auto lock_pause = std::chrono::seconds(1);
constexpr int most_attempts = 60;
constexpr const char* lock_not_available = "55P03";  // PostgreSQL, Appendix A

struct recorded {
  std::string name, checksum;
};

std::map<int, recorded> read_recorded(pqxx::connection& connection) {
  pqxx::work transaction(connection);
  std::map<int, recorded> rows;
  if (transaction.exec("SELECT to_regclass('gateway.migration')")[0][0].is_null()) return rows;
  for (const auto& row : transaction.exec("SELECT number, name, checksum FROM gateway.migration"))
    rows[row[0].as<int>()] = {row[1].as<std::string>(), row[2].as<std::string>()};
  return rows;
}

// What stands recorded must be a part of what the program knows, unchanged.
std::string find_contradiction(const std::map<int, recorded>& present, std::span<const migration> known) {
  for (const auto& [number, row] : present) {
    const auto same =
        std::find_if(known.begin(), known.end(), [n = number](const migration& m) { return m.number == n; });
    if (same == known.end())
      return "the database has migration " + row.name +
             ", which this program does not know: it is newer than the program";
    if (same->checksum != row.checksum)
      return "migration " + row.name + " was changed after it had been applied";
  }
  return {};
}

void apply(pqxx::connection& connection, const migration& next) {
  pqxx::work transaction(connection);
  transaction.exec(lock_limit);
  transaction.exec(std::string(next.sql));
  transaction.exec_params("INSERT INTO gateway.migration (number, name, checksum) VALUES ($1, $2, $3)",
                          next.number, std::string(next.name), std::string(next.checksum));
  transaction.commit();
}

void apply_patiently(pqxx::connection& connection, const migration& next) {
  for (int attempt = 1;; ++attempt) {
    try {
      apply(connection, next);
      return;
    } catch (const pqxx::sql_error& failure) {
      if (failure.sqlstate() != lock_not_available || attempt == most_attempts) throw;
    }
    std::this_thread::sleep_for(lock_pause);
  }
}

migration_report work_through(const std::string& url, std::span<const migration> migrations, bool change) {
  migration_report report;
  std::string current;
  try {
    const auto text = connection_string(url, {.statement_timeout = std::chrono::milliseconds(0)});
    if (!text) {
      report.problem = "the database's connection string cannot be read";
      return report;
    }
    pqxx::connection connection(*text);
    if (change) {
      pqxx::nontransaction session(connection);
      session.exec(lock_statement);  // until the connection is closed
      session.exec(own_table);
    }
    const auto present = read_recorded(connection);
    report.problem = find_contradiction(present, migrations);
    for (const migration& each : migrations) {
      if (!report.ok()) break;
      current = each.name;
      if (present.contains(each.number)) {
        report.present.push_back(current);
        continue;
      }
      if (change) apply_patiently(connection, each);
      report.applied.push_back(current);
    }
  } catch (const std::exception& failure) {
    report.problem = current.empty() ? failure.what() : current + ": " + failure.what();
  }
  return report;
}

}  // namespace

migration_report migrate(const std::string& url, std::span<const migration> migrations) {
  return work_through(url, migrations, true);
}

migration_report pending(const std::string& url, std::span<const migration> migrations) {
  return work_through(url, migrations, false);
}

}  // namespace tollgate::gateway::db
