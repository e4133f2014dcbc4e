// SPDX-License-Identifier: Apache-2.0
// `tollgate migrate`, beside a running gateway or without one.
#include <iostream>

#include "gateway/command.hpp"
#include "gateway/db/embedded_postgresql.hpp"
#include "gateway/db/migrator.hpp"

namespace tollgate::gateway {

int command_migrate(const configuration& settings, bool look_only) {
  std::string url = settings.database.url;
  std::optional<db::embedded_postgresql> own;
  if (url.empty()) {
    const std::filesystem::path directory = settings.state_directory / "postgresql";
    if (const auto running = db::running_postgresql_url(directory)) {
      url = *running;
    } else {
      db::embedded_postgresql_options options;
      options.directory = directory;
      options.binaries = settings.database.postgresql_binaries;
      own.emplace(options);
      url = own->url();
    }
  }
  const db::migration_report report = look_only ? db::pending(url) : db::migrate(url);
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
