// SPDX-License-Identifier: Apache-2.0
// The embedded PostgreSQL with its real programs: first start, crash, orphan, stale lock files, hidden and
// long paths.
#include "gateway/db/embedded_postgresql.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>

#include "gateway/db/database.hpp"

namespace tollgate::gateway::db {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

int ask(const std::string& url, const std::string& statement) {
  pqxx::connection connection(url);
  pqxx::nontransaction session(connection);
  const auto rows = session.exec(statement);
  return rows.empty() ? 0 : rows[0][0].as<int>();
}

class EmbeddedPostgresql : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/tollgate-embedded-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()),
              nullptr);  // 0700: nobody else comes through, like a folder below /root
    root_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  embedded_postgresql_options options(const fs::path& directory) const {
    embedded_postgresql_options chosen;
    chosen.directory = directory;
    chosen.durable = false;
    return chosen;
  }
  fs::path root_;
};

TEST_F(EmbeddedPostgresql, KeepsItsDataOverARestart) {
  {
    embedded_postgresql server(options(root_ / "postgresql"));
    EXPECT_GT(server.process_id(), 0);
    ask(server.url(), "CREATE TABLE t AS SELECT 7 AS x");
    server.stop();
    EXPECT_EQ(server.process_id(), 0);
  }
  embedded_postgresql server(options(root_ / "postgresql"));
  EXPECT_EQ(ask(server.url(), "SELECT x FROM t"), 7);
}

TEST_F(EmbeddedPostgresql, RunsInAReachableFolderAndInOneWithALongPath) {
  chmod(root_.c_str(), 0755);
  {
    embedded_postgresql server(options(root_ / "postgresql"));
    EXPECT_EQ(ask(server.url(), "SELECT 1"), 1);
    const auto url = running_postgresql_url(root_ / "postgresql");
    ASSERT_TRUE(url);
    EXPECT_EQ(ask(*url, "SELECT 2"), 2);
  }
  EXPECT_FALSE(running_postgresql_url(root_ / "postgresql"));
  const fs::path deep = root_ / std::string(60, 'd') / std::string(60, 'e') / "postgresql";
  embedded_postgresql server(options(deep));
  EXPECT_EQ(ask(server.url(), "SELECT 1"), 1);
  const auto url = running_postgresql_url(deep);
  ASSERT_TRUE(url);
  EXPECT_EQ(ask(*url, "SELECT 2"), 2);
}

TEST_F(EmbeddedPostgresql, IsStartedAnewWhenItDies) {
  embedded_postgresql server(options(root_ / "postgresql"));
  db::database pool({.url = server.url(), .pool_size = 2});
  const auto asked = [&] {
    const auto value = pool.run_blocking([](pqxx::work& tx) { return tx.exec("SELECT 7")[0][0].as<int>(); },
                                         {.patience = 60s});
    return value ? *value : -1;
  };
  EXPECT_EQ(asked(), 7);
  for (const int number : {SIGKILL, SIGINT}) {
    const int before = server.process_id();
    const unsigned restarts = server.restarts();
    ASSERT_EQ(kill(before, number), 0);
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (server.restarts() == restarts && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    EXPECT_EQ(asked(), 7);
    EXPECT_NE(server.process_id(), before);
  }
}

// The gateway's kill -9: a child process runs the server and is killed. Returns the postmaster's process id.
int run_in_a_process_that_is_killed(const embedded_postgresql_options& options,
                                    const std::string& statement) {
  int channel[2];
  if (pipe(channel) != 0) throw std::runtime_error("pipe");
  const pid_t gateway = fork();
  if (gateway == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    embedded_postgresql server(options);
    ask(server.url(), statement);
    const int process = server.process_id();
    (void)!write(channel[1], &process, sizeof process);
    for (;;)
      pause();
  }
  int process = 0;
  (void)!read(channel[0], &process, sizeof process);
  close(channel[0]);
  close(channel[1]);
  kill(gateway, SIGKILL);
  waitpid(gateway, nullptr, 0);
  return process;
}

TEST_F(EmbeddedPostgresql, StartsAfterTheGatewayWasKilled) {
  const int orphan =
      run_in_a_process_that_is_killed(options(root_ / "postgresql"), "CREATE TABLE t AS SELECT 7 AS x");
  ASSERT_GT(orphan, 0);
  embedded_postgresql server(options(root_ / "postgresql"));
  EXPECT_EQ(ask(server.url(), "SELECT x FROM t"), 7);
  EXPECT_NE(server.process_id(), orphan);
}

TEST_F(EmbeddedPostgresql, StopsAnOrphanThatOutlivedItsGateway) {
  const auto chosen = options(root_ / "postgresql");
  const int orphan = run_in_a_process_that_is_killed(chosen, "CREATE TABLE t AS SELECT 7 AS x");
  // Frozen, it cannot follow the signal of its parent's death before the next gateway starts and finds it.
  kill(orphan, SIGSTOP);
  std::thread thaw([orphan, data = chosen.directory / "data"] {
    std::this_thread::yield();
    kill(orphan, SIGCONT);
  });
  embedded_postgresql server(chosen);
  thaw.join();
  EXPECT_EQ(ask(server.url(), "SELECT x FROM t"), 7);
  EXPECT_NE(server.process_id(), orphan);
}

TEST_F(EmbeddedPostgresql, LockFilesOfAnotherProcessWithTheSameIdAreTakenAway) {
  const auto chosen = options(root_ / "postgresql");
  { embedded_postgresql server(chosen); }
  std::ofstream(chosen.directory / "data" / "postmaster.pid") << getppid() << "\n"
                                                              << "/elsewhere\n0\n5432\n";
  std::ofstream(chosen.directory / "socket" / ".s.PGSQL.5432.lock") << getppid() << "\n";
  embedded_postgresql server(chosen);
  EXPECT_EQ(ask(server.url(), "SELECT 1"), 1);
}

TEST_F(EmbeddedPostgresql, SecondGatewayOnTheSameFolderIsRefused) {
  const auto chosen = options(root_ / "postgresql");
  embedded_postgresql first(chosen);
  EXPECT_THROW(embedded_postgresql{chosen}, std::runtime_error);
  EXPECT_EQ(ask(first.url(), "SELECT 1"), 1);
}

TEST_F(EmbeddedPostgresql, UnfinishedClusterOfAKilledStartIsMadeAnew) {
  const auto chosen = options(root_ / "postgresql");
  fs::create_directories(chosen.directory / "data.new" / "global");
  std::ofstream(chosen.directory / "data.new" / "PG_VERSION") << "15\n";
  embedded_postgresql server(chosen);
  EXPECT_EQ(ask(server.url(), "SELECT 1"), 1);
}

TEST_F(EmbeddedPostgresql, TellsWhyItCannotStart) {
  auto chosen = options(root_ / "postgresql");
  { embedded_postgresql server(chosen); }
  std::ofstream(chosen.directory / "data" / "postgresql.conf", std::ios::app) << "nonsense_setting = 1\n";
  try {
    embedded_postgresql server(chosen);
    FAIL() << "started";
  } catch (const std::runtime_error& failure) {
    EXPECT_THAT(failure.what(), testing::HasSubstr("nonsense_setting"));
  }
  chosen.binaries = "/nonexistent";
  EXPECT_THROW(embedded_postgresql{chosen}, std::runtime_error);
}

TEST_F(EmbeddedPostgresql, OrdinaryUserRunsItAsHimself) {
  if (geteuid() != 0) GTEST_SKIP() << "the other tests did that already";
  const passwd* user = getpwnam("nobody");
  ASSERT_NE(user, nullptr);
  ASSERT_EQ(chown(root_.c_str(), user->pw_uid, user->pw_gid), 0);
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) _exit(2);
    try {
      embedded_postgresql server(options(root_ / "postgresql"));
      const int answer = ask(server.url(), "SELECT 1");
      server.stop();
      _exit(answer == 1 ? 0 : 3);
    } catch (const std::exception& failure) {
      std::fputs(failure.what(), stderr);
      _exit(4);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  // A later start by root goes on as the cluster's owner.
  embedded_postgresql server(options(root_ / "postgresql"));
  EXPECT_EQ(ask(server.url(), "SELECT 1"), 1);
}

}  // namespace
}  // namespace tollgate::gateway::db
