// SPDX-License-Identifier: Apache-2.0
// `tollgate migrate`, beside a running gateway or without one.
#include <iostream>

#include "gateway/command.hpp"
#include "gateway/db/migrator.hpp"
#include "gateway/local_database.hpp"

namespace tollgate::gateway {

int command_migrate(const configuration& settings, bool look_only) {
  const local_database database(settings);
  const db::migration_report report = look_only ? db::pending(database.url()) : db::migrate(database.url());
  for (const std::string& name : report.applied)
    std::cout << (look_only ? "to apply  " : "applied   ") << name << "\n";
  if (!report.ok()) {
    std::cerr << "tollgate migrate: " << report.problem << "\n";
    return exit_failed;
  }
  if (report.applied.empty()) std::cout << "up to date, " << report.present.size() << " migrations\n";
  return exit_done;
}

}  // namespace tollgate::gateway
