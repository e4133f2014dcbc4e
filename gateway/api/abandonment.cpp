// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/abandonment.hpp"

#include <spdlog/spdlog.h>

#include <pqxx/connection_base>

#include "gateway/logging/line.hpp"

namespace tollgate::gateway::api {

bool abandonment::cancel() {
  pqxx::connection_base* over = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (under_way_ == nullptr || telling_) return false;
    over = under_way_;
    telling_ = true;
  }
  bool is_told = false;
  try {
    // It reads the connection at its beginning alone (PQgetCancel), and then goes by its copy: the reader may close it after a while.
    over->cancel_query();
    is_told = true;
  } catch (const std::exception& failure) {
    spdlog::debug("event=api_cancel_failed text={}", logging::text(failure.what()));
  }
  {
    const std::lock_guard lock(mutex_);
    telling_ = false;
  }
  told_.notify_all();
  return is_told;
}

abandonment::reading::reading(abandonment& of, pqxx::connection_base& over) : of_(of), over_(over) {
  const std::lock_guard lock(of_.mutex_);
  of_.under_way_ = &over;
}

abandonment::reading::~reading() {
  std::unique_lock lock(of_.mutex_);
  const bool is_told = of_.told_.wait_for(lock, telling_most, [this] { return !of_.telling_; });
  of_.under_way_ = nullptr;
  lock.unlock();
  if (is_told) return;
  spdlog::warn("event=api_cancel_late");
  over_.disconnect();  // the pool sees it, and makes another
}

}  // namespace tollgate::gateway::api
