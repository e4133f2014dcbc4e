// SPDX-License-Identifier: Apache-2.0
// Migrations applied to real, empty databases.
#include "gateway/db/migrator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <future>
#include <optional>
#include <thread>

#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/transaction>

#include "tests/support/postgres/fixture.hpp"

namespace tollgate::gateway::db {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Migrator : public tests::postgres_test {
 protected:
  void SetUp() override { url_ = server().empty_database(); }
  std::string url_;
};

const migration first{1, "0001_a.sql", "CREATE TABLE a (x int); INSERT INTO a VALUES (1);", "aa"};
const migration second{2, "0002_b.sql", "CREATE TABLE b (x int);", "bb"};
const migration broken{3, "0003_c.sql", "CREATE TABLE c (x int); SELECT nonsense;", "cc"};

TEST_F(Migrator, BuiltinMigrationsApplyOnceInOrder) {
  const auto looked = pending(url_);
  EXPECT_TRUE(looked.ok()) << looked.problem;
  EXPECT_EQ(looked.applied.size(), builtin_migrations().size());
  const auto applied = migrate(url_);
  EXPECT_TRUE(applied.ok()) << applied.problem;
  EXPECT_EQ(applied.applied, looked.applied);
  const auto again = migrate(url_);
  EXPECT_TRUE(again.ok()) << again.problem;
  EXPECT_THAT(again.applied, IsEmpty());
  EXPECT_EQ(again.present, looked.applied);
  EXPECT_THAT(pending(url_).applied, IsEmpty());
}

TEST_F(Migrator, FailedMigrationLeavesNothingOfItselfAndKeepsTheEarlierOnes) {
  const std::array all{first, second, broken};
  const auto report = migrate(url_, all);
  EXPECT_THAT(report.problem, HasSubstr("0003_c.sql"));
  EXPECT_THAT(report.applied, ElementsAre("0001_a.sql", "0002_b.sql"));
  pqxx::connection connection(url_);
  pqxx::nontransaction session(connection);
  EXPECT_TRUE(session.exec("SELECT to_regclass('c')")[0][0].is_null());
}

TEST_F(Migrator, ChangedOrUnknownMigrationStopsBeforeAnyChange) {
  const std::array both{first, second};
  ASSERT_TRUE(migrate(url_, both).ok());
  std::array changed{first, second, migration{4, "0004_d.sql", "CREATE TABLE d (x int)", "dd"}};
  changed[0].checksum = "changed";
  EXPECT_THAT(migrate(url_, changed).problem, HasSubstr("was changed"));
  EXPECT_THAT(pending(url_, changed).problem, HasSubstr("was changed"));
  const std::array older{first};
  EXPECT_THAT(migrate(url_, older).problem, HasSubstr("does not know"));
}

TEST_F(Migrator, SeveralGatewaysMayStartAtOnce) {
  std::vector<std::future<migration_report>> starts;
  for (int i = 0; i < 4; ++i)
    starts.push_back(std::async(std::launch::async, [this] { return migrate(url_); }));
  std::size_t applied = 0;
  for (auto& start : starts) {
    const auto report = start.get();
    EXPECT_TRUE(report.ok()) << report.problem;
    applied += report.applied.size();
  }
  EXPECT_EQ(applied, builtin_migrations().size());
}

TEST_F(Migrator, LocksThatAreHeldAreWaitedForInPieces) {
  ASSERT_TRUE(migrate(url_, std::array{first}).ok());
  pqxx::connection reader(url_);
  std::optional<pqxx::work> reading(std::in_place, reader);
  reading->exec("SELECT * FROM a");
  const migration altering{2, "0002_b.sql", "ALTER TABLE a ADD COLUMN y int", "bb"};
  auto start = std::async(std::launch::async, [&] { return migrate(url_, std::array{first, altering}); });
  const auto becomes = [&](bool waiting) {
    constexpr const char* look = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))";
    for (int i = 0; i < 1'000; ++i) {
      if (reading->exec(look)[0][0].as<bool>() == waiting) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  };
  EXPECT_TRUE(becomes(true));
  EXPECT_TRUE(becomes(false)) << "whoever came behind it must get on";
  reading.reset();
  const auto report = start.get();
  EXPECT_TRUE(report.ok()) << report.problem;
  EXPECT_THAT(report.applied, ElementsAre("0002_b.sql"));
}

TEST_F(Migrator, UnreachableServerIsToldNotThrown) {
  EXPECT_FALSE(migrate("host=/nonexistent").ok());
}

}  // namespace
}  // namespace tollgate::gateway::db
