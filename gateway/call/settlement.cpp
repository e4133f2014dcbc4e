// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/settlement.hpp"

#include <spdlog/spdlog.h>

#include <boost/uuid/uuid_io.hpp>

namespace tollgate::gateway::call {
namespace {

// One transaction for both kinds: a call without a hold is unknown to settle() and is recorded instead.
boost::system::result<billing::settlement> write_record(pqxx::work& tx, const billing::stop_record& record) {
  const bool charged_kind = record.direction == billing::call_direction::out ||
                            record.direction == billing::call_direction::forward;
  if (charged_kind) {
    const auto settled = billing::settle(tx, record);
    if (settled.status != billing::settle_status::unknown_call) return settled;
  }
  const auto recorded = billing::record_call(tx, record);
  if (!recorded) return recorded.error();
  return billing::settlement{};
}

// Whether the ledger itself refused the record: trying again would change nothing.
bool refused_for_good(const boost::system::error_code& error) {
  return error.category() != db::error_category() || error == db::errc::constraint ||
         error == db::errc::refused;
}

}  // namespace

boost::asio::awaitable<boost::system::result<billing::settlement>> settlement_desk::write(
    const billing::stop_record& record) {
  const auto work = [&record](pqxx::work& tx) { return write_record(tx, record); };
  co_return co_await database_.run(work, {.idempotent = true});
}

boost::asio::awaitable<std::optional<billing::settlement>> settlement_desk::settle(
    billing::stop_record record) {
  const auto written = co_await write(record);
  if (written) co_return *written;
  const auto id = boost::uuids::to_string(record.call_id);
  spdlog::error("event=settlement_spooled call={} error=\"{}\"", id, written.error().message());
  const auto kept = spool_.put(id, billing::to_json(record));
  if (!kept) spdlog::critical("event=settlement_lost call={} error=\"{}\"", id, kept.error().message());
  backlog_ = true;
  co_return std::nullopt;
}

boost::asio::awaitable<std::size_t> settlement_desk::replay() {
  const auto waiting = spool_.list();
  for (const auto& [name, content] : waiting) {
    const auto record = billing::parse_stop_record(content);
    if (!record) {
      spdlog::critical("event=spooled_record_unreadable call={}", name);
      spool_.set_aside(name);
      continue;
    }
    const auto written = co_await write(*record);
    if (!written && !refused_for_good(written.error())) break;
    if (!written) {
      spdlog::critical("event=spooled_record_refused call={} error=\"{}\"", name, written.error().message());
      spool_.set_aside(name);
      continue;
    }
    spool_.remove(name);
    spdlog::info("event=spooled_record_settled call={}", name);
  }
  const auto left = spool_.list().size();  // more may have come meanwhile
  backlog_ = left > 0;
  co_return left;
}

}  // namespace tollgate::gateway::call
