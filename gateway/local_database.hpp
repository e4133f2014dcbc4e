// SPDX-License-Identifier: Apache-2.0
// The gateway's database for a command that does without a running gateway.
#pragma once

#include <optional>
#include <string>

#include "gateway/configuration.hpp"
#include "gateway/db/embedded_postgresql.hpp"

namespace tollgate::gateway {

/// database.url or, without it, the gateway's own PostgreSQL: the one that runs, or one that runs as long as this lives.
class local_database {
 public:
  explicit local_database(const configuration& settings);
  const std::string& url() const { return url_; }

 private:
  std::optional<db::embedded_postgresql> own_;
  std::string url_;
};

}  // namespace tollgate::gateway
