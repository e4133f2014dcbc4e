// SPDX-License-Identifier: Apache-2.0
// Threads, queue and connections of the pool. What an exception of libpqxx means is decided in one place,
// classify().
#include "gateway/db/pool.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include <spdlog/spdlog.h>
#include <boost/uuid/uuid_io.hpp>
#include <pqxx/except>
#include <pqxx/nontransaction>

#include "gateway/db/connection_string.hpp"
#include "gateway/logging/line.hpp"

namespace tollgate::gateway::db {
namespace {

using namespace std::chrono_literals;

constexpr unsigned conflict_attempts = 8;  // of one unit of work in all, on 40001 and 40P01
constexpr auto conflict_pause = 4ms;       // doubled at each further conflict, and scattered
constexpr auto reconnect_pause = 100ms;    // between attempts to connect
constexpr unsigned connections_lost_limit =
    3;  // of one unit of work; a statement that ends its server must not loop
constexpr auto watch_interval = 50ms;

class debug_log final : public pqxx::errorhandler {
 public:
  using pqxx::errorhandler::errorhandler;
  bool operator()(const char message[]) noexcept override {
    std::string_view text(message);
    while (text.ends_with('\n'))
      text.remove_suffix(1);
    spdlog::debug("event=database_notice text={}", logging::text(text));
    return false;
  }
};

// The first line: PostgreSQL's messages go on with details, which may hold values out of rows.
std::string_view headline(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

// " call_id=…", " request_id=…" or nothing, at the end of a line.
std::string named(const work_subject& subject) {
  switch (subject.is) {
    case work_subject::kind::none: return {};
    case work_subject::kind::call: return " call_id=" + boost::uuids::to_string(subject.id);
    case work_subject::kind::request: return " request_id=" + boost::uuids::to_string(subject.id);
  }
  return {};
}

std::string checked_connection_string(const database_options& options) {
  const auto text = connection_string(options.url, {.connect_timeout = options.connect_timeout,
                                                    .statement_timeout = options.statement_timeout});
  if (!text) throw std::invalid_argument("the database's connection string cannot be read");
  return *text;
}

}  // namespace

database::pool::pool(database_options options)
    : options_(std::move(options)), connection_string_(checked_connection_string(options_)) {
  const std::size_t size = std::max<std::size_t>(options_.pool_size, 1);
  for (std::size_t i = 0; i < size; ++i)
    workers_.push_back(std::make_unique<worker>());
  for (const auto& each : workers_)
    each->thread = std::thread([this, self = each.get()] { serve(*self); });
  watch_ = std::thread([this] { watch(); });
}

void database::pool::submit(work_function work, run_options options, std::unique_ptr<completion> waiting) {
  boost::system::error_code refusal;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_)
      refusal = errc::stopped;
    else if (queue_.size() >= options_.queue_limit)
      refusal = errc::overloaded;
    else
      queue_.push_back({std::move(work), options, clock::now(), std::move(waiting)});
  }
  if (refusal)
    waiting->finish(refusal);
  else
    work_arrived_.notify_one();
}

void database::pool::stop() {
  std::deque<job> abandoned;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
    abandoned.swap(queue_);
  }
  work_arrived_.notify_all();
  stopping_.notify_all();
  for (const job& each : abandoned)
    each.waiting->finish(errc::stopped);
  for (const auto& each : workers_)
    each->thread.join();
  watch_.join();
}

database::statistics database::pool::read_statistics() const {
  statistics now;
  {
    const std::lock_guard lock(mutex_);
    now.waiting = queue_.size();
  }
  now.connected = connected_;
  now.busy = busy_;
  now.completed = completed_;
  now.failed = failed_;
  now.retried = retried_;
  now.reconnected = reconnected_;
  return now;
}

void database::pool::serve(worker& self) {
  for (;;) {
    std::unique_lock lock(mutex_);
    work_arrived_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
    if (stopped_) break;
    const job task = std::move(queue_.front());
    queue_.pop_front();
    ++busy_;
    lock.unlock();
    const boost::system::error_code error = execute(self, task);
    --busy_;
    ++(error ? failed_ : completed_);
    tell_of(task, error);
    task.waiting->finish(error);
  }
  disconnect(self);
}

// What a statement was refused for has a line already (classify); this one is about the time, and about what never ran.
void database::pool::tell_of(const job& task, const boost::system::error_code& error) const {
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - task.begun);
  const bool is_away = error == errc::unavailable || error == errc::in_doubt || error == errc::timeout || error == errc::conflict;
  if (is_away && task.options.subject.is != work_subject::kind::none)
    spdlog::warn("event=database_failed duration_ms={} error={}{}", took.count(), logging::text(error.message()), named(task.options.subject));
  else if (options_.slow.count() > 0 && took > options_.slow)
    spdlog::warn("event=database_slow duration_ms={}{}", took.count(), named(task.options.subject));
}

boost::system::error_code database::pool::execute(worker& self, const job& task) {
  unsigned conflicts = 0, losses = 0;
  for (;;) {
    if (!self.connection && !connect(self)) {
      // Measured from the beginning, so that work which has already waited in the queue does not wait as long
      // again.
      if (clock::now() - task.begun + reconnect_pause > task.options.patience || !pause(reconnect_pause))
        return errc::unavailable;
      continue;
    }
    const attempt made = attempt_once(self, task);
    switch (made.then) {
      case attempt::next::final:
        return made.error;
      case attempt::next::conflict: {
        if (++conflicts >= conflict_attempts) return made.error;
        thread_local std::minstd_rand scatter{std::random_device{}()};
        const auto longest = conflict_pause * (1 << conflicts);
        if (!pause(std::chrono::milliseconds(
                std::uniform_int_distribution<std::int64_t>(1, longest.count())(scatter))))
          return made.error;
        break;
      }
      case attempt::next::reconnect:
        if (++losses >= connections_lost_limit) return made.error;
        break;
    }
    ++retried_;
  }
}

database::pool::attempt database::pool::attempt_once(worker& self, const job& task) {
  {
    const std::lock_guard lock(self.mutex);
    self.deadline = clock::now() + (task.options.work_timeout.count() > 0 ? task.options.work_timeout
                                                                          : options_.work_timeout);
    self.cut = false;
  }
  bool committing = false;
  attempt made;
  try {
    if (task.options.autocommit) {
      committing = true;  // the statement is sent with its commit
      pqxx::nontransaction transaction(*self.connection);
      made.error = task.work(transaction);
    } else {
      pqxx::work transaction(*self.connection);
      made.error = task.work(transaction);
      if (made.error) {
        transaction.abort();
      } else {
        committing = true;
        transaction.commit();
      }
    }
  } catch (...) {
    if (!made.error) made = classify(self, task, committing);
  }
  {
    const std::lock_guard lock(self.mutex);
    self.deadline.reset();
  }
  if (self.connection && !self.connection->is_open()) disconnect(self);
  return made;
}

// Called inside a catch block.
database::pool::attempt database::pool::classify(worker& self, const job& task, bool committing) {
  using next = attempt::next;
  try {
    throw;
  } catch (const pqxx::broken_connection& failure) {
    return lost(self, task, committing, failure.what());
  } catch (const pqxx::in_doubt_error& failure) {
    return lost(self, task, true, failure.what());
  } catch (const pqxx::statement_completion_unknown& failure) {
    return lost(self, task, true, failure.what());
  } catch (const pqxx::transaction_rollback&) {
    return {errc::conflict, next::conflict};
  } catch (const pqxx::sql_error& failure) {
    const std::string& state = failure.sqlstate();
    if (state == "57P01" || state == "57P02" || state == "57P03" || !self.connection->is_open())
      return lost(self, task, committing, failure.what());
    if (state == "40001" || state == "40P01") return {errc::conflict, next::conflict};
    if (state == "57014" || state == "55P03" || state == "25P03") return {errc::timeout, next::final};
    // The server's trouble, not the statement's: connection, resources, system, internal, a standby after a
    // failover.
    for (const auto* trouble : {"08", "53", "58", "XX", "25006"})
      if (state.starts_with(trouble)) return {errc::unavailable, next::final};
    spdlog::error("event=database_refused sqlstate={} text={}{}", logging::text(state), logging::text(headline(failure.what())),
                  named(task.options.subject));
    return {state.starts_with("23") ? errc::constraint : errc::refused, next::final};
  } catch (const std::exception& failure) {
    if (!self.connection->is_open()) return lost(self, task, committing, failure.what());
    spdlog::error("event=database_work_failed text={}{}", logging::text(headline(failure.what())), named(task.options.subject));
    return {errc::refused, next::final};
  } catch (...) {
    return {errc::refused, next::final};
  }
}

database::pool::attempt database::pool::lost(worker& self, const job& task, bool committing,
                                             const char* why) {
  bool cut = false;
  {
    const std::lock_guard lock(self.mutex);
    cut = self.cut;
  }
  spdlog::warn("event=database_connection_lost committing={} cut={} text={}{}", committing, cut,
               logging::text(headline(why)), named(task.options.subject));
  disconnect(self);
  ++reconnected_;
  const bool repeat = !cut && (!committing || task.options.idempotent);
  const errc error = committing ? errc::in_doubt : cut ? errc::timeout : errc::unavailable;
  return {error, repeat ? attempt::next::reconnect : attempt::next::final};
}

bool database::pool::connect(worker& self) {
  try {
    auto connection = std::make_unique<pqxx::connection>(connection_string_);
    auto errors = std::make_unique<debug_log>(*connection);
    // A silent reconnection inside libpqxx could repeat a statement whose fate is unknown: we decide that
    // here.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
    const std::lock_guard lock(self.mutex);
    self.socket = ::dup(connection->sock());
    self.connection = std::move(connection);
    self.errors = std::move(errors);
    ++connected_;
    if (!reachable_.exchange(true)) spdlog::info("event=database_reachable");
    return true;
  } catch (const std::exception& failure) {
    if (reachable_.exchange(false))
      spdlog::error("event=database_unreachable text={}", logging::text(headline(failure.what())));
    return false;
  }
}

void database::pool::disconnect(worker& self) {
  if (!self.connection) return;
  self.errors.reset();
  self.connection.reset();
  --connected_;
  const std::lock_guard lock(self.mutex);
  ::close(self.socket);
  self.socket = -1;
  self.deadline.reset();
}

bool database::pool::pause(clock::duration time) {
  std::unique_lock lock(mutex_);
  return !stopping_.wait_for(lock, time, [this] { return stopped_; });
}

// libpq waits for an answer without end if the server is frozen or the network silent; shutting its socket
// down wakes it.
void database::pool::watch() {
  for (bool stopping = false; !stopping;) {
    std::deque<job> late;
    const auto begun = clock::now();
    {
      std::unique_lock lock(mutex_);
      stopping_.wait_for(lock, watch_interval, [this] { return stopped_; });
      const auto oldest = clock::now() - options_.queue_timeout;
      while (!queue_.empty() && queue_.front().begun < oldest) {
        late.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
      stopping = stopped_ && busy_ == 0;
    }
    if (!stopping && clock::now() - begun < watch_interval / 2)  // being stopped, while work goes on
      std::this_thread::sleep_for(watch_interval);
    for (const job& each : late)
      each.waiting->finish(errc::timeout);
    failed_ += late.size();
    for (const auto& each : workers_) {
      const std::lock_guard lock(each->mutex);
      if (each->socket < 0 || !each->deadline || clock::now() < *each->deadline || each->cut) continue;
      each->cut = true;
      ::shutdown(each->socket, SHUT_RDWR);
    }
  }
}

}  // namespace tollgate::gateway::db
