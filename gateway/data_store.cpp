// SPDX-License-Identifier: Apache-2.0
#include "gateway/data_store.hpp"

#include <spdlog/spdlog.h>

#include <stdexcept>

#include "gateway/db/migrator.hpp"
#include "gateway/logging/line.hpp"
#include "gateway/settings.hpp"

namespace tollgate::gateway {

data_store::data_store(const configuration& settings) {
  auto url = settings.database.url;
  if (url.empty()) {
    db::embedded_postgresql_options options;
    options.directory = settings.state_directory / "postgresql";
    options.binaries = settings.database.postgresql_binaries;
    embedded_.emplace(options);
    url = embedded_->url();
  }
  url_ = url;
  const auto report = db::migrate(url);
  if (!report.ok())
    throw std::runtime_error("the database schema cannot be brought up to date: " + report.problem);
  for (const auto& name : report.applied)
    spdlog::info("event=migration_applied name={}", logging::text(name));
  database_.emplace(database_options_of(settings, url));
}

data_store::~data_store() {
  database_.reset();
  embedded_.reset();
}

}  // namespace tollgate::gateway
