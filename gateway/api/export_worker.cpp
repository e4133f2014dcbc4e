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

}  // namespace

boost::asio::awaitable<void> export_worker::run() {
  while (!stopping_) {
    const uuid claim = boost::uuids::random_generator()();
    const auto take = [&](pqxx::work& tx) {
      expire_exports(tx);
      return claim_export(tx, claim);
    };
    const db::run_options at_once{.idempotent = true, .patience = std::chrono::milliseconds(0)};
    const result<std::optional<cdr_export>> taken = co_await database_.run(take, at_once);
    if (taken && *taken) {
      co_await make_one(**taken, claim);
      continue;
    }
    if (stopping_) co_return;
    timer_.expires_after(look_interval);
    boost::system::error_code ignored;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
}

boost::asio::awaitable<void> export_worker::make_one(const cdr_export& which, const uuid& claim) {
  for (bool more = true; more && !stopping_;) {
    const auto advance = [&](pqxx::work& tx) { return advance_export(tx, which.id, claim, bounds_); };
    const result<bool> done = co_await database_.run(advance, db::run_options{.idempotent = true});
    if (done.has_error()) {
      spdlog::warn("event=cdr_export_waits export_id={} text={}", uuid_text(which.id), logging::text(done.error().message()));
      co_return;  // whoever finds it when the lease is over goes on
    }
    more = *done;
  }
  if (!stopping_) co_return;
  const auto release = [&](pqxx::work& tx) { release_export(tx, claim); };
  const result<void> left = co_await database_.without_share().run(release, db::run_options{.idempotent = true, .patience = std::chrono::milliseconds(0)});
  if (left.has_error()) spdlog::info("event=cdr_export_left export_id={}", uuid_text(which.id));
}

}  // namespace tollgate::gateway::api
