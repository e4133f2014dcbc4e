// SPDX-License-Identifier: Apache-2.0
// The thread that starts the server, watches over it and ends it.
#include "gateway/db/embedded_postgresql.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <future>
#include <stdexcept>
#include <thread>

#include <spdlog/spdlog.h>
#include <boost/system/errc.hpp>

#include "gateway/db/postgresql_cluster.hpp"
#include "gateway/logging/line.hpp"

namespace tollgate::gateway::db {
namespace {

using namespace std::chrono_literals;

constexpr auto poll_interval = 20ms;
constexpr std::chrono::milliseconds first_pause = 200ms,
                                    longest_pause = 10s;  // before the server is started anew
constexpr auto sound_life = 60s;  // a server that lived so long is started anew after the first pause

using connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

void make_database(const std::string& url) {
  const connection session(PQconnectdb(url.c_str()), &PQfinish);
  const answer found(PQexec(session.get(), "SELECT 1 FROM pg_database WHERE datname = 'tollgate'"), &PQclear);
  if (PQresultStatus(found.get()) == PGRES_TUPLES_OK && PQntuples(found.get()) == 1) return;
  const answer made(PQexec(session.get(), "CREATE DATABASE tollgate"), &PQclear);
  if (PQresultStatus(made.get()) != PGRES_COMMAND_OK)
    throw std::runtime_error(std::string("cannot make the database: ") + PQerrorMessage(session.get()));
}

}  // namespace

class embedded_postgresql::supervisor {
 public:
  explicit supervisor(embedded_postgresql_options options)
      : options_(std::move(options)),
        cluster_(options_.directory, options_.binaries),
        url_(cluster_.url("tollgate")) {
    wake_ = file_descriptor(eventfd(0, EFD_CLOEXEC));
    std::promise<void> started;
    std::future<void> outcome = started.get_future();
    // The server is tied to the thread that started it (PR_SET_PDEATHSIG), so all is done on one thread.
    thread_ = std::thread([this, promise = std::move(started)]() mutable { run(std::move(promise)); });
    try {
      outcome.get();
    } catch (...) {
      thread_.join();
      throw;
    }
  }
  ~supervisor() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
    const std::uint64_t one = 1;
    while (write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
  }

  const std::string& url() const { return url_; }
  int process_id() const { return process_; }
  unsigned restarts() const { return restarts_; }

 private:
  void run(std::promise<void> started) {
    try {
      cluster_.initialise();
      if (const auto orphan = running_postmaster(cluster_.data())) {
        spdlog::warn("event=postgresql_orphan_stopped pid={}", *orphan);
        end_postgresql(*orphan, options_.stop_timeout);
      }
      start_after_orphans();
      make_database(cluster_.url("postgres"));
    } catch (...) {
      end();
      started.set_exception(std::current_exception());
      return;
    }
    started.set_value();
    watch();
    end();
  }

  void watch() {
    auto pause = first_pause;
    auto begun = std::chrono::steady_clock::now();
    while (wait_for_end_of_server()) {
      spdlog::error("event=postgresql_ended pid={}", process_.load());
      if (child_) wait_child(process_);
      process_ = 0;
      if (std::chrono::steady_clock::now() - begun > sound_life) pause = first_pause;
      for (bool running = false; !running;) {
        if (stop_asked_within(pause)) return;
        pause = std::min(pause * 2, longest_pause);
        begun = std::chrono::steady_clock::now();
        try {
          start();
          running = true;
          ++restarts_;
          spdlog::warn("event=postgresql_restarted pid={}", process_.load());
        } catch (const std::exception& failure) {
          end();
          spdlog::error("event=postgresql_start_failed text={}", logging::text(failure.what()));
        }
      }
    }
  }

  // Backends of a server that was killed live on for a moment, and PostgreSQL does not start beside them.
  void start_after_orphans() {
    const auto give_up = std::chrono::steady_clock::now() + options_.stop_timeout;
    for (;;) {
      try {
        return start();
      } catch (const std::exception& failure) {
        const bool beside =
            std::string_view(failure.what()).find("shared memory block") != std::string_view::npos;
        if (!beside || std::chrono::steady_clock::now() > give_up || stop_asked_within(first_pause)) throw;
        spdlog::warn("event=postgresql_waits_for_orphans");
        end();
      }
    }
  }

  // A server which somebody else started on our folder in the meantime (pg_ctl restart) is taken over.
  void start() {
    if (const auto other = running_postmaster(cluster_.data())) {
      child_ = false;
      process_ = *other;
    } else {
      cluster_.remove_stale_locks();
      start_process();
    }
    watched_ = open_process(process_);
    wait_until_ready();
    spdlog::info("event=postgresql_ready pid={}", process_.load());
  }

  void start_process() {
    const file_descriptor output = cluster_.open_log();
    std::error_code ignored;
    log_begin_ = std::filesystem::file_size(cluster_.log(), ignored);
    child_command command = cluster_.server_command(
        {"listen_addresses=", "unix_socket_permissions=0700",
         "max_connections=" + std::to_string(options_.max_connections), "log_line_prefix=%m [%p] ",
         "logging_collector=off", std::string("fsync=") + (options_.durable ? "on" : "off"),
         std::string("full_page_writes=") + (options_.durable ? "on" : "off"), "timezone=UTC"});
    command.output = output.get();
    command.signal_at_our_end = SIGINT;
    child_ = true;
    process_ = start_child(command);
  }

  void wait_until_ready() {
    const auto deadline = std::chrono::steady_clock::now() + options_.start_timeout;
    const std::string database = cluster_.url("postgres");
    while (PQping(database.c_str()) != PQPING_OK) {
      if (!watched_ || ended_within(watched_, poll_interval))
        throw std::runtime_error("PostgreSQL ended at its start:" + tail(cluster_.log(), log_begin_, 20));
      if (std::chrono::steady_clock::now() > deadline)
        throw std::runtime_error("PostgreSQL does not answer:" + tail(cluster_.log(), log_begin_, 20));
    }
  }

  // False if we are asked to stop.
  bool wait_for_end_of_server() {
    pollfd entries[] = {{watched_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    while (poll(entries, 2, -1) < 0 && errno == EINTR) {
    }
    return (entries[1].revents & POLLIN) == 0;
  }

  bool stop_asked_within(std::chrono::milliseconds time) { return ended_within(wake_, time); }

  void end() {
    if (process_ == 0) return;
    end_postgresql(process_, options_.stop_timeout);
    if (child_) wait_child(process_);
    watched_ = {};
    process_ = 0;
  }

  const embedded_postgresql_options options_;
  postgresql_cluster cluster_;
  const std::string url_;
  file_descriptor wake_, watched_;
  std::uintmax_t log_begin_ = 0;
  bool child_ = true;
  std::atomic<pid_t> process_{0};
  std::atomic<unsigned> restarts_{0};
  std::thread thread_;
};

embedded_postgresql::embedded_postgresql(embedded_postgresql_options options)
    : supervisor_(std::make_unique<supervisor>(std::move(options))) {}
embedded_postgresql::~embedded_postgresql() = default;

const std::string& embedded_postgresql::url() const {
  return supervisor_->url();
}

int embedded_postgresql::process_id() const {
  return supervisor_->process_id();
}

unsigned embedded_postgresql::restarts() const {
  return supervisor_->restarts();
}

void embedded_postgresql::stop() {
  supervisor_->stop();
}

boost::system::result<std::string> running_postgresql_url(const std::filesystem::path& directory) {
  if (!running_postmaster(directory / "data")) return make_error_code(boost::system::errc::no_such_process);
  return postgresql_url(std::filesystem::absolute(directory), "tollgate");
}

}  // namespace tollgate::gateway::db
