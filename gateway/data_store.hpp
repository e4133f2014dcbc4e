// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "gateway/configuration.hpp"
#include "gateway/db/database.hpp"
#include "gateway/db/embedded_postgresql.hpp"

namespace tollgate::gateway {

/// Where the money is kept: the operator's PostgreSQL or our own, with the schema up to date.
class data_store {
 public:
  /// std::runtime_error: there is none, or its schema cannot be brought up to date.
  explicit data_store(const configuration& settings);
  ~data_store();
  data_store(const data_store&) = delete;
  data_store& operator=(const data_store&) = delete;

  db::database& database() { return *database_; }
  const std::string& url() const { return url_; }

 private:
  std::string url_;
  std::optional<db::embedded_postgresql> embedded_;
  std::optional<db::database> database_;
};

}  // namespace tollgate::gateway
