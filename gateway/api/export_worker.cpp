// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/export_worker.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/uuid/random_generator.hpp>

#include "gateway/logging/line.hpp"

namespace tollgate::gateway::api {
namespace {

using boost::system::result;

// How soon one that was ordered, or left by another node, is begun.
constexpr auto look_interval = std::chrono::seconds(1);
// Of one whose part could not be made.
constexpr auto rest = std::chrono::seconds(20);
const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::seconds(90)};

}  // namespace

boost::asio::awaitable<void> export_worker::run() {
  const db::run_options at_once{.idempotent = true, .patience = std::chrono::milliseconds(0)};
  while (!stopping_) {
    // Each with its parts is a transaction of its own, which holds up none that is to be made.
    const result<bool> expired = co_await database_.run([](pqxx::work& tx) { return expire_export(tx); }, patient);
    if (expired.has_error()) spdlog::warn("event=cdr_export_stays text={}", logging::text(expired.error().message()));
    const uuid claim = boost::uuids::random_generator()();
    const auto take = [&](pqxx::work& tx) { return claim_export(tx, claim); };
    const result<std::optional<cdr_export>> taken = co_await database_.run(take, at_once);
    if (taken.has_error()) spdlog::warn("event=cdr_export_waits text={}", logging::text(taken.error().message()));
    const bool goes_on = taken && *taken && co_await make_one(**taken, claim);
    if (goes_on || (expired && *expired)) continue;
    if (stopping_) co_return;
    timer_.expires_after(look_interval);
    boost::system::error_code ignored;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
}

boost::asio::awaitable<bool> export_worker::make_one(const cdr_export& which, const uuid& claim) {
  bool has_failed = false;
  for (bool more = true; more && !stopping_;) {
    const auto advance = [&](pqxx::work& tx) {
      tx.exec("SET LOCAL statement_timeout = '60s'");
      return advance_export(tx, which.id, claim, bounds_);
    };
    const result<bool> done = co_await database_.run(advance, patient);
    has_failed = done.has_error();
    if (has_failed) spdlog::warn("event=cdr_export_waits export_id={} text={}", uuid_text(which.id), logging::text(done.error().message()));
    more = !has_failed && *done;
  }
  if (!stopping_ && !has_failed) co_return true;
  const auto release = [&](pqxx::work& tx) { release_export(tx, claim, stopping_ ? std::chrono::seconds(0) : rest); };
  const result<void> left = co_await database_.in_any_case().run(release, db::run_options{.idempotent = true, .patience = std::chrono::milliseconds(0)});
  if (left.has_error()) spdlog::info("event=cdr_export_left export_id={}", uuid_text(which.id));  // until its lease is over
  co_return false;
}

}  // namespace tollgate::gateway::api
