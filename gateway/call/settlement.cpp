// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/settlement.hpp"

#include <spdlog/spdlog.h>

#include <boost/uuid/uuid_io.hpp>

#include "gateway/logging/line.hpp"

namespace tollgate::gateway::call {
namespace {

bool is_charged_kind(const billing::stop_record& record) {
  return record.direction == billing::call_direction::out ||
         record.direction == billing::call_direction::forward;
}

// Whether the ledger itself refused the record: trying again would change nothing.
bool refused_for_good(const boost::system::error_code& error) {
  return error.category() != db::error_category() || error == db::errc::constraint ||
         error == db::errc::refused;
}

}  // namespace

// One step for a charged call. One that never had a hold is unknown to settle(), which has written nothing
// then, and is recorded instead.
boost::asio::awaitable<boost::system::result<billing::settlement>> settlement_desk::write(
    const billing::stop_record& record) {
  if (is_charged_kind(record)) {
    const auto charge = [&record](pqxx::transaction_base& tx) { return billing::settle(tx, record); };
    const auto settled = co_await database_.step(charge, db::of_call(record.call_id));
    if (!settled || settled->status != billing::settle_status::unknown_call) co_return settled;
  }
  const auto keep = [&record](pqxx::transaction_base& tx) { return billing::record_call(tx, record); };
  const auto recorded = co_await database_.step(keep, db::of_call(record.call_id));
  if (!recorded) co_return recorded.error();
  co_return billing::settlement{};
}

boost::asio::awaitable<std::optional<billing::settlement>> settlement_desk::settle(
    billing::stop_record record) {
  const auto written = co_await write(record);
  if (written) co_return *written;
  const auto id = boost::uuids::to_string(record.call_id);
  spdlog::error("event=settlement_spooled call_id={} error={}", id, logging::text(written.error().message()));
  const auto kept = spool_.put(id, billing::to_json(record));
  if (!kept) spdlog::critical("event=settlement_lost call_id={} error={}", id, logging::text(kept.error().message()));
  backlog_ = true;
  co_return std::nullopt;
}

boost::asio::awaitable<std::size_t> settlement_desk::replay() {
  const auto waiting = spool_.list();
  for (const auto& [name, content] : waiting) {
    const auto record = billing::parse_stop_record(content);
    if (!record) {
      spdlog::critical("event=spooled_record_unreadable call_id={}", logging::text(name));
      spool_.set_aside(name);
      continue;
    }
    const auto written = co_await write(*record);
    if (!written && !refused_for_good(written.error())) break;
    if (!written) {
      spdlog::critical("event=spooled_record_refused call_id={} error={}", logging::text(name), logging::text(written.error().message()));
      spool_.set_aside(name);
      continue;
    }
    spool_.remove(name);
    spdlog::info("event=spooled_record_settled call_id={}", logging::text(name));
  }
  const auto left = spool_.list().size();  // more may have come meanwhile
  backlog_ = left > 0;
  co_return left;
}

}  // namespace tollgate::gateway::call
