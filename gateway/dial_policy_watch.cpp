// SPDX-License-Identifier: Apache-2.0
#include "gateway/dial_policy_watch.hpp"

#include <spdlog/spdlog.h>

#include "gateway/logging/line.hpp"
#include "gateway/subscriber/calling_policy.hpp"

namespace tollgate::gateway {

namespace asio = boost::asio;

asio::awaitable<bool> dial_policy_watch::read() {
  const auto work = [](pqxx::work& tx) { return subscriber::find_general_policy(tx); };
  const auto turn = ++asked_;
  const auto found = co_await database_.run(work, {.idempotent = true});
  if (!found) {
    stale_ = true;
    spdlog::error("event=dial_policy_not_read error={}", logging::text(found.error().message()));
    co_return false;
  }
  if (turn < answered_) co_return true;  // a later question has had its answer
  answered_ = turn;
  if (turn == asked_) stale_ = false;
  in_force_ = *found ? **found : configured_();
  co_return true;
}

asio::awaitable<void> dial_policy_watch::refresh() {
  co_await read();
}

}  // namespace tollgate::gateway
