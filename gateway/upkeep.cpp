// SPDX-License-Identifier: Apache-2.0
#include "gateway/upkeep.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "billing/cdr_export.hpp"
#include "gateway/api/audit_months.hpp"
#include "gateway/logging/line.hpp"
#include "gateway/settings.hpp"
#include "voicemail/mailbox_settings.hpp"
#include "voicemail/mailbox_store.hpp"
#include "voicemail/number_store.hpp"
#include "voicemail/recording_keys.hpp"

namespace tollgate::gateway {

namespace asio = boost::asio;

upkeep::upkeep(asio::any_io_executor executor, db::database& database, const configuration& settings,
               voicemail::audio_keys keys, call::clocks clocks)
    : database_(database),
      settings_(settings),
      keys_(std::move(keys)),
      clocks_(std::move(clocks)),
      terms_(executor),
      credit_(executor),
      mailboxes_(executor),
      records_(executor) {}

void upkeep::start(call::task_group& tasks) {
  tasks.spawn("keep_terms", keep_terms());
  tasks.spawn("keep_credit", keep_credit());
  tasks.spawn("keep_mailboxes", keep_mailboxes());
  tasks.spawn("keep_records", keep_records());
}

void upkeep::stop() {
  stopping_ = true;
  for (auto* timer : {&terms_, &credit_, &mailboxes_, &records_}) timer->cancel();
}

asio::awaitable<void> upkeep::pause(asio::steady_timer& timer, std::chrono::seconds interval) {
  if (stopping_) co_return;
  timer.expires_after(interval);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

// Renews, lapses and frees rented numbers when their dates ask for it: a renewal is charged once.
asio::awaitable<void> upkeep::keep_terms() {
  while (!stopping_) {
    co_await give_notices();
    co_await advance_terms();
    co_await pause(terms_, std::chrono::minutes(10));
  }
}

constexpr int terms_at_once = 20;  // in one transaction, which keeps the locks of so many accounts

asio::awaitable<void> upkeep::give_notices() {
  for (bool more = true; more && !stopping_;) {
    const auto now = clocks_.wall();
    const auto work = [now](pqxx::work& tx) { return voicemail::give_notices(tx, now, terms_at_once); };
    const auto given = co_await database_.run(work, {.idempotent = true});
    if (given && *given > 0) spdlog::info("event=number_notices count={}", *given);
    more = given && *given == terms_at_once;
  }
}

asio::awaitable<void> upkeep::advance_terms() {
  for (bool more = true; more && !stopping_;) {
    const auto now = clocks_.wall();
    const auto work = [now](pqxx::work& tx) { return voicemail::advance_terms(tx, now, terms_at_once); };
    const auto report = co_await database_.run(work, {.idempotent = true});
    if (!report) co_return;
    const int steps = report->renewed + report->entered_grace + report->quarantined + report->returned_to_stock;
    if (steps > 0)
      spdlog::info("event=number_terms renewed={} grace={} quarantined={} free={}", report->renewed,
                   report->entered_grace, report->quarantined, report->returned_to_stock);
    more = steps >= terms_at_once;
  }
}

// Gives notice of credit that is about to lapse, and lets it lapse.
asio::awaitable<void> upkeep::keep_credit() {
  constexpr int batch = 200;
  const auto policy = lapse_policy_of(settings_);
  while (!stopping_) {
    for (bool more = true; more && !stopping_;) {
      const auto now = clocks_.wall();
      const auto work = [&](pqxx::work& tx) { return billing::advance_credit(tx, now, policy, batch); };
      const auto steps = co_await database_.run(work, {.idempotent = true});
      more = steps && steps->size() == static_cast<std::size_t>(batch);
      if (!steps) continue;
      for (const auto& one : *steps)
        spdlog::info("event=credit_life account={} step={} amount_micros={}",
                     boost::uuids::to_string(one.account_id), logging::text(one.step), one.amount.micros);
    }
    co_await pause(credit_, std::chrono::seconds(settings_.billing.credit_interval_s));
  }
}

// Ends messages for good that were deleted or are too old, tells of locks that nobody has told, and encrypts what is not by the
// current key.
asio::awaitable<void> upkeep::keep_mailboxes() {
  while (!stopping_) {
    co_await purge_messages();
    const auto now = clocks_.wall();
    const auto tell = [now](pqxx::work& tx) { return voicemail::report_unreported_locks(tx, now, 100); };
    co_await database_.run(tell, {.idempotent = true});
    co_await encrypt_anew();
    co_await pause(mailboxes_, std::chrono::seconds(settings_.voicemail.upkeep_interval_s));
  }
}

asio::awaitable<void> upkeep::purge_messages() {
  constexpr int batch = 100;
  const auto keep = std::chrono::days(settings_.voicemail.keep_days);  // of mailboxes that have no time of their own
  struct progress {
    int purged;
    voicemail::purge_position position;
  };
  voicemail::purge_position position;
  for (bool more = true; more && !stopping_;) {
    const auto now = clocks_.wall();
    const auto work = [now, keep, position](pqxx::work& tx) {
      const int deleted = voicemail::purge_deleted(tx, now, batch);
      const auto before = keep.count() > 0 ? std::optional(now - keep) : std::nullopt;
      progress next{0, position};
      next.purged = std::max(deleted, voicemail::purge_received(tx, now, before, batch, next.position));
      return next;
    };
    const auto done = co_await database_.run(work, {.idempotent = true});
    if (!done) co_return;
    position = done->position;
    if (done->purged > 0) spdlog::info("event=messages_purged count={}", done->purged);
    more = done->purged == batch;
  }
}

asio::awaitable<void> upkeep::encrypt_anew() {
  constexpr int batch = 20;  // each is read and written whole
  voicemail::key_change progress;
  for (int changed = 0, damaged = 0; !progress.is_over && !stopping_;) {
    const auto work = [this, progress](pqxx::work& tx) {
      auto next = progress;
      voicemail::encrypt_anew(tx, keys_, batch, next);
      return next;
    };
    const auto done = co_await database_.run(work, {.idempotent = true});
    if (!done) co_return;
    progress = *done;
    changed += progress.changed;
    damaged += progress.damaged;
    if (progress.is_over && changed > 0)
      spdlog::info("event=recordings_encrypted count={} key={}", changed, keys_.current());
    if (progress.is_over && damaged > 0) spdlog::critical("event=recordings_damaged count={}", damaged);
  }
}

// Makes room for the records of calls and the audit's lines of the months to come, and takes out months that need not be kept.
asio::awaitable<void> upkeep::keep_records() {
  while (!stopping_) {
    co_await keep_call_months();
    co_await keep_audit_months();
    co_await pause(records_, std::chrono::hours(1));
  }
}

asio::awaitable<void> upkeep::keep_call_months() {
  const billing::retention_policy policy{.months = settings_.billing.cdr_keep_months,
                                         .detach = settings_.billing.cdr_detach,
                                         .months_ahead = settings_.billing.cdr_months_ahead};
  for (bool more = true; more && !stopping_;) {
    const auto now = clocks_.wall();
    const auto work = [&](pqxx::work& tx) {
      tx.exec("SET LOCAL statement_timeout = '10min'");
      return billing::keep_cdr_months(tx, now, policy);
    };
    const db::run_options patient{.idempotent = true, .work_timeout = std::chrono::minutes(10)};
    const auto steps = co_await database_.run(work, patient);
    if (!steps) co_return;
    more = billing::goes_on(*steps);
    for (const auto& one : *steps)
      spdlog::info("event=cdr_month month={:04d}-{:02d} step={}", static_cast<int>(one.month.year()),
                   static_cast<unsigned>(one.month.month()), one.step);
  }
}

asio::awaitable<void> upkeep::keep_audit_months() {
  constexpr int months_ahead = 3;
  const auto work = [&](pqxx::work& tx) {
    return api::keep_audit_months(tx, {months_ahead, settings_.api.audit_keep_months, settings_.api.audit_detach}, clocks_.wall());
  };
  for (bool more = true; more && !stopping_;) {
    const auto steps = co_await database_.run(work, {.idempotent = true});
    if (!steps) co_return;
    more = false;
    for (const api::audit_month& one : *steps) {
      spdlog::info("event=audit_month month={} step={}", one.month, one.step);
      more = more || one.step == "retired";
    }
  }
}

}  // namespace tollgate::gateway
