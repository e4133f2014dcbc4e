// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/event_desk.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "gateway/events/event_store.hpp"
#include "gateway/logging/line.hpp"

namespace tollgate::gateway::notify {

namespace asio = boost::asio;

namespace {

constexpr std::size_t stored_at_once = 500;
constexpr int moved_at_once = 2'000;
constexpr int deliveries_at_once = 64;  // of one webhook, one after the other
// No further delivery is begun after so long; the lease lasts longer than that and the longest delivery.
constexpr std::chrono::seconds longest_work{60};
constexpr std::chrono::seconds lease{180};
constexpr int failures_most = 2;  // in a row: then the receiver is let be for a while
constexpr std::chrono::minutes forgetting_interval{1};
constexpr int forgotten_at_once = 5'000;

}  // namespace

event_desk::event_desk(collaborators with, courier by, event_options options)
    : with_(std::move(with)),
      courier_(std::move(by)),
      options_(options),
      pool_(with_.executor, with_.time, options.at_once),
      pause_(with_.executor) {}

asio::awaitable<void> event_desk::run() {
  while (!stopping_) {
    const bool more = co_await look();
    if (with_.time.steady() >= next_forgetting_) co_await forget_old();
    if (stopping_) co_return;
    if (more) continue;
    pause_.expires_after(options_.interval);
    boost::system::error_code ignored;
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

void event_desk::stop() {
  stopping_ = true;
  pause_.cancel();
  courier_.abort();
}

asio::awaitable<void> event_desk::flush() {
  auto batch = queue_.take(queue_.size());
  const auto store = [&](pqxx::work& tx) { events::add_events(tx, batch); };
  const auto stored = co_await with_.database.run(store, {.patience = std::chrono::milliseconds(0)});
  if (stored.has_error() && !batch.empty()) spdlog::warn("event=events_lost count={}", batch.size());
}

// True: there is more to be done at once.
asio::awaitable<bool> event_desk::look() {
  struct found {
    std::int64_t newest = 0;
    std::vector<events::webhook_work> works;
  };
  auto batch = queue_.take(stored_at_once);
  const std::size_t taken = batch.size();
  if (taken > 0) {  // by itself: whatever may be wrong below, these are safe
    const auto store = [&](pqxx::work& tx) { events::add_events(tx, batch); };
    const auto stored = co_await with_.database.run(store, {.patience = std::chrono::milliseconds(0)});
    if (stored.has_error()) {
      queue_.put_back(std::move(batch));
      co_return false;
    }
  }
  const int room = stopping_ ? 0 : options_.at_once - under_way_;
  const int of_accounts = options_.at_once > 1 ? room - 1 : room;  // one place is the operator's
  const auto work = [&](pqxx::work& tx) {
    found out;
    out.newest = events::sequence_events(tx, moved_at_once);
    if (room > 0) out.works = events::take_webhooks(tx, room, of_accounts, deliveries_at_once, lease);
    return out;
  };
  // While the database is away events wait here, and nothing else waits for them.
  boost::system::result<found> done = co_await with_.database.run(work, {.patience = std::chrono::milliseconds(0)});
  if (!done) co_return false;
  newest_ = std::max(newest_, done->newest);
  for (auto& one : done->works) {
    ++under_way_;
    with_.spawn(deliver(std::move(one)));
  }
  co_return taken == stored_at_once;
}

asio::awaitable<void> event_desk::forget_old() {
  next_forgetting_ = with_.time.steady() + forgetting_interval;
  const auto purge = [](pqxx::work& tx) { return events::purge_removed(tx, forgotten_at_once); };
  const auto purged = co_await with_.database.run(purge, {.idempotent = true});
  if (purged && *purged == forgotten_at_once) next_forgetting_ = {};
  const auto work = [keep = options_.keep](pqxx::work& tx) { return events::forget_events(tx, keep, forgotten_at_once); };
  const auto gone = co_await with_.database.run(work, {.idempotent = true});
  if (!gone || *gone == 0) co_return;
  spdlog::info("event=events_forgotten count={}", *gone);
  if (*gone == forgotten_at_once) next_forgetting_ = {};
}

asio::awaitable<void> event_desk::deliver(events::webhook_work work) {
  const auto until = with_.time.steady() + longest_work;
  std::vector<events::delivery_outcome> outcomes;
  int in_row = 0;
  std::chrono::seconds rest{0};
  for (const auto& one : work.what) {
    if (stopping_ || in_row >= failures_most || with_.time.steady() >= until) break;
    delivery came;
    try {
      came = co_await attempt(work.to, one);
    } catch (const std::exception& e) {
      came.why = e.what();
    }
    if (stopping_ && !came.done) break;  // broken off: not the receiver's fault
    ++(came.done ? delivered_ : failed_);
    in_row = came.done ? 0 : in_row + 1;
    const auto pause = came.done || came.final ? std::nullopt : voicemail::next_retry(one.attempts + 1, options_.retries);
    if (in_row >= failures_most) rest = pause.value_or(std::chrono::seconds(options_.retries.first));
    outcomes.push_back({one.what.position, came.done, came.why, pause});
    if (!came.done)
      spdlog::warn("event=webhook_failed webhook={} position={} attempts={} again={} error={}",
                   boost::uuids::to_string(work.to.webhook_id), one.what.position, one.attempts + 1, pause.has_value(), logging::text(came.why));
  }
  const auto note = [&](pqxx::work& tx) { events::end_work(tx, work.to.webhook_id, outcomes, rest); };
  const auto noted = co_await with_.database.run(note, {.idempotent = true});
  --under_way_;
  if (noted.has_error())  // they are made once more when the lease is over
    spdlog::warn("event=webhook_not_noted webhook={}", boost::uuids::to_string(work.to.webhook_id));
  else if (in_row == 0 && !outcomes.empty())
    pause_.cancel();  // the next ones of the same resources may be due
}

asio::awaitable<delivery> event_desk::attempt(const events::webhook& to, const events::webhook_delivery& whole) {
  events::webhook_delivery one = whole;
  if (to.account_id) one.what = events::for_others(std::move(one.what));
  std::function<delivery()> work;
  if (to.url.starts_with("mailto:")) {
    delivery failed;
    failed.why = "no mail server is configured";
    if (!courier_.has_mail()) co_return failed;
    const auto made = std::make_shared<letter>(letter_of(to, one, courier_.sender(), with_.time.wall()));
    work = [this, made] { return courier_.send(*made); };
  } else {
    const auto post = std::make_shared<web_post>(post_of(to, one, with_.sign, with_.time.wall()));
    const auto who = to.account_id ? courier::sender_kind::subscriber : courier::sender_kind::carrier;
    work = [this, post, who] { return courier_.post(*post, who); };
  }
  co_return co_await pool_.run(std::move(work));
}

}  // namespace tollgate::gateway::notify
