// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/abandonment.hpp"

#include <spdlog/spdlog.h>

#include <pqxx/connection_base>

#include "gateway/logging/line.hpp"

namespace tollgate::gateway::api {

bool abandonment::cancel() {
  const std::lock_guard lock(mutex_);
  if (under_way_ == nullptr) return false;
  try {
    under_way_->cancel_query();
    return true;
  } catch (const std::exception& failure) {
    spdlog::debug("event=api_cancel_failed text={}", logging::text(failure.what()));
    return false;
  }
}

abandonment::reading::reading(abandonment& of, pqxx::connection_base& over) : of_(of) {
  const std::lock_guard lock(of_.mutex_);
  of_.under_way_ = &over;
}

abandonment::reading::~reading() {
  const std::lock_guard lock(of_.mutex_);
  of_.under_way_ = nullptr;
}

}  // namespace tollgate::gateway::api
