// SPDX-License-Identifier: Apache-2.0
#include "gateway/local_database.hpp"

namespace tollgate::gateway {

local_database::local_database(const configuration& settings) : url_(settings.database.url) {
  if (!url_.empty()) return;
  const std::filesystem::path directory = settings.state_directory / "postgresql";
  if (const auto running = db::running_postgresql_url(directory)) {
    url_ = *running;
    return;
  }
  db::embedded_postgresql_options options;
  options.directory = directory;
  options.binaries = settings.database.postgresql_binaries;
  own_.emplace(options);
  url_ = own_->url();
}

}  // namespace tollgate::gateway
