// SPDX-License-Identifier: Apache-2.0
#include "gateway/call_traces.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "gateway/logging/line.hpp"
#include "gateway/trace/trace_store.hpp"

namespace tollgate::gateway {
namespace {

constexpr std::size_t calls_a_statement = 50;
constexpr int purged_at_once = 1'000;
constexpr std::chrono::minutes purge_interval{10};

trace::book_options with_trust(trace::book_options options,
                               std::function<bool(const pstn::sip::source_address&)> trusts) {
  options.trusts = std::move(trusts);
  return options;
}

}  // namespace

call_traces::call_traces(db::database& database, trace::book_options options, std::chrono::hours keep_for,
                         std::function<bool(const pstn::sip::source_address&)> trusts)
    : database_(database), keep_for_(keep_for), book_(with_trust(std::move(options), std::move(trusts))) {}

pstn::sip::user_agent_options call_traces::seen_by(
    pstn::sip::user_agent_options options, std::function<std::chrono::system_clock::time_point()> now) {
  if (keep_for_.count() > 0)
    options.trace = [this, now = std::move(now)](const pstn::sip::seen_message& message) {
      book_.note(message, now());
    };
  return options;
}

boost::asio::awaitable<void> call_traces::keep(std::chrono::system_clock::time_point now, bool all) {
  if (keep_for_.count() == 0) co_return;
  for (bool more = true; more;) {
    const auto calls = book_.ended(now, calls_a_statement, all);
    if (calls.empty()) break;
    const auto work = [&calls](pqxx::transaction_base& tx) { trace::save_traces(tx, calls); };
    const auto saved = co_await database_.step(work);
    if (!saved) {
      spdlog::warn("event=traces_not_saved calls={} error={}", calls.size(), logging::text(saved.error().message()));
      co_return;
    }
    book_.forget(calls);
    more = calls.size() == calls_a_statement;
  }
  if (purged_ && *purged_ + purge_interval > now) co_return;
  purged_ = now;
  const auto before = now - keep_for_;
  for (bool more = true; more;) {
    const auto work = [before](pqxx::transaction_base& tx) {
      return trace::purge_traces(tx, before, purged_at_once);
    };
    const auto purged = co_await database_.step(work);
    more = purged && *purged == purged_at_once;
  }
}

boost::asio::awaitable<boost::system::result<std::optional<trace::call_trace>>> call_traces::find(
    boost::uuids::uuid call_id) {
  if (auto live = book_.find(call_id)) co_return live;
  const auto work = [call_id](pqxx::transaction_base& tx) { return trace::find_trace(tx, call_id); };
  co_return co_await database_.step(work);
}

}  // namespace tollgate::gateway
