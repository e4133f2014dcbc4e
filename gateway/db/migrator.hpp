// SPDX-License-Identifier: Apache-2.0
// Brings a database's schema up to date from the numbered files of migrations/, which are compiled into the
// program.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

namespace tollgate::gateway::db {

/// One file of migrations/, in ascending order of `number`.
struct migration {
  int number = 0;             ///< leading digits of the file name
  std::string_view name;      ///< file name, such as "0001_billing.sql"
  std::string_view sql;       ///< its text
  std::string_view checksum;  ///< SHA-256 of the text, lower-case hex
};

/// The migrations that this program was built with.
std::span<const migration> builtin_migrations();

/// What applying or looking showed.
struct migration_report {
  std::vector<std::string> applied;  ///< names applied now (or, for a look only, that would be)
  std::vector<std::string> present;  ///< names that had been applied before
  std::string problem;  ///< empty, or why it stopped: a changed file, a newer database, an SQL error; for an
                        ///< admin to read
  bool ok() const { return problem.empty(); }
};

/// Applies what is missing, each migration in a transaction of its own, recorded in `gateway.migration`, all
/// under one advisory lock so that two gateways may start at once. Blocks; opens its own connection to `url`.
/// A file whose text differs from what was applied, or a number that the program does not know, stops it
/// before anything is changed. One that cannot get its locks within 2 s lets the others go first and is tried
/// again, 60 times. Never throws.
migration_report migrate(const std::string& url,
                         std::span<const migration> migrations = builtin_migrations());

/// Tells what migrate() would do, and changes nothing.
migration_report pending(const std::string& url,
                         std::span<const migration> migrations = builtin_migrations());

}  // namespace tollgate::gateway::db
