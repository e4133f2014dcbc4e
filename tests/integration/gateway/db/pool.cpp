// SPDX-License-Identifier: Apache-2.0
// The pool against a real PostgreSQL: values, errors, repetition, and a server that goes away.
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <barrier>
#include <future>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <pqxx/result>

#include "gateway/db/database.hpp"
#include "gateway/logging/line.hpp"
#include "tests/support/postgres/fixture.hpp"

namespace tollgate::gateway::db {
namespace {

using namespace std::chrono_literals;
using boost::system::result;

class Pool : public tests::postgres_test {
 protected:
  void SetUp() override {
    postgres_test::SetUp();
    open(database_options());
    must([](pqxx::work& tx) { tx.exec("CREATE TABLE item (id int PRIMARY KEY, count int NOT NULL)"); });
  }
  void open(database_options options) {
    options.url = postgres_test::database();
    options.pool_size = options.pool_size == 8 ? 3 : options.pool_size;
    pool_ = std::make_unique<db::database>(options);
  }
  template <class F>
  void must(F work) {
    const auto done = pool_->run_blocking(work);
    ASSERT_FALSE(done.has_error()) << done.error().message();
  }
  int count_of(int id) {
    return *pool_->run_blocking([id](pqxx::work& tx) {
      return tx.exec_params("SELECT coalesce(sum(count), 0) FROM item WHERE id = $1", id)[0][0].as<int>();
    });
  }
  std::unique_ptr<db::database> pool_;
};

boost::asio::awaitable<int> add_up(db::database& pool) {
  int sum = 0;
  for (int i = 1; i <= 10; ++i) {
    const auto value = co_await pool.run(
        [i](pqxx::work& tx) { return tx.exec_params("SELECT $1::int * 2", i)[0][0].as<int>(); });
    sum += *value;
  }
  co_return sum;
}

TEST_F(Pool, ResumesCoroutinesWithTheirValues) {
  boost::asio::io_context context;
  std::vector<std::future<int>> sums;
  for (int i = 0; i < 20; ++i)
    sums.push_back(boost::asio::co_spawn(context, add_up(*pool_), boost::asio::use_future));
  context.run();
  for (auto& sum : sums)
    EXPECT_EQ(sum.get(), 110);
}

TEST_F(Pool, ErrorResultRollsBackAndIsHandedOn) {
  const auto made = pool_->run_blocking([](pqxx::work& tx) -> result<int> {
    tx.exec("INSERT INTO item VALUES (1, 1)");
    return make_error_code(boost::system::errc::no_link);
  });
  EXPECT_EQ(made.error(), boost::system::errc::no_link);
  EXPECT_EQ(count_of(1), 0);
}

TEST_F(Pool, LinesAboutFailedAndSlowWorkTellForWhomItWas) {
  std::ostringstream text;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text)));
  const boost::uuids::uuid call{{1}}, request{{2}};
  database_options options;
  options.slow = 10ms;
  open(options);
  const auto doubtful = [](pqxx::work& tx) { tx.exec("SELECT 'x\" event=forged y=\"'::int"); };
  const auto failed = pool_->run_blocking(doubtful, {.subject = of_call(call)});
  const auto sleep = [](pqxx::work& tx) { tx.exec("SELECT pg_sleep(0.05)"); };
  const auto slept = pool_->run_blocking(sleep, {.subject = of_request(request)});
  pool_->stop();
  spdlog::set_default_logger(before);
  EXPECT_EQ(failed.error(), errc::refused);
  EXPECT_FALSE(slept.has_error());
  int refused = 0, slow = 0;
  std::istringstream lines(text.str());
  for (std::string line; std::getline(lines, line);) {
    const auto pairs = logging::parse(std::string_view(line).substr(line.find("event=")));
    ASSERT_TRUE(pairs) << line;
    const std::string event = pairs->front().value;
    EXPECT_NE(event, "forged");
    for (const auto& one : *pairs) {
      refused += event == "database_refused" && one.key == "call_id" && one.value == boost::uuids::to_string(call) ? 1 : 0;
      slow += event == "database_slow" && one.key == "request_id" && one.value == boost::uuids::to_string(request) ? 1 : 0;
      EXPECT_NE(one.value, "forged");
    }
  }
  EXPECT_EQ(refused, 1) << text.str();
  EXPECT_EQ(slow, 1) << text.str();
}

TEST_F(Pool, ExceptionsAndSqlErrorsBecomeErrorsAndRollBack) {
  const auto thrown = pool_->run_blocking([](pqxx::work& tx) {
    tx.exec("INSERT INTO item VALUES (1, 1)");
    throw std::logic_error("mistake");
  });
  EXPECT_EQ(thrown.error(), errc::refused);
  const auto twice = pool_->run_blocking([](pqxx::work& tx) {
    tx.exec("INSERT INTO item VALUES (1, 1)");
    tx.exec("INSERT INTO item VALUES (1, 1)");
  });
  EXPECT_EQ(twice.error(), errc::constraint);
  const auto nonsense = pool_->run_blocking([](pqxx::work& tx) { tx.exec("SELECT nonsense"); });
  EXPECT_EQ(nonsense.error(), errc::refused);
  EXPECT_EQ(count_of(1), 0);
}

TEST_F(Pool, RepeatsDeadlocksUntilBothAreDone) {
  must([](pqxx::work& tx) { tx.exec("INSERT INTO item VALUES (1, 0), (2, 0)"); });
  std::barrier<> both(2);
  const auto crosswise = [&](int first, int second) {
    std::atomic<int> attempts = 0;
    const auto done = pool_->run_blocking([&, first, second](pqxx::work& tx) {
      tx.exec_params("UPDATE item SET count = count + 1 WHERE id = $1", first);
      if (attempts++ == 0) both.arrive_and_wait();
      tx.exec_params("UPDATE item SET count = count + 1 WHERE id = $1", second);
    });
    EXPECT_FALSE(done.has_error()) << done.error().message();
    return attempts.load();
  };
  auto other = std::async(std::launch::async, crosswise, 2, 1);
  const int attempts = crosswise(1, 2);
  EXPECT_GE(attempts + other.get(), 3);
  EXPECT_EQ(count_of(1), 2);
  EXPECT_EQ(count_of(2), 2);
}

TEST_F(Pool, StatementTimeoutIsATimeout) {
  open({.url = {}, .statement_timeout = 50ms});
  EXPECT_EQ(pool_->run_blocking([](pqxx::work& tx) { tx.exec("SELECT pg_sleep(20)"); }).error(),
            errc::timeout);
  EXPECT_FALSE(pool_->run_blocking([](pqxx::work& tx) { tx.exec("SELECT 1"); }).has_error());
}

TEST_F(Pool, SocketIsCutWhenTheServerGivesNoAnswer) {
  open({.url = {}, .pool_size = 1, .statement_timeout = 0ms, .work_timeout = 200ms});
  EXPECT_EQ(pool_->run_blocking([](pqxx::work& tx) { tx.exec("SELECT pg_sleep(20)"); }).error(),
            errc::timeout);
  EXPECT_FALSE(pool_->run_blocking([](pqxx::work& tx) { tx.exec("SELECT 1"); }).has_error());
}

TEST_F(Pool, OutsideRestartIsSurvivedWithoutAnError) {
  must([](pqxx::work& tx) { tx.exec("INSERT INTO item VALUES (1, 0)"); });
  for (int round = 1; round <= 3; ++round) {
    server().restart();
    for (int i = 0; i < 6; ++i)
      must([](pqxx::work& tx) { tx.exec("UPDATE item SET count = count + 1 WHERE id = 1"); });
    EXPECT_EQ(count_of(1), round * 6);
  }
}

TEST_F(Pool, WorkBegunWhileTheServerIsAwayWaitsForIt) {
  server().stop();
  auto waiting = std::async(std::launch::async, [this] {
    return pool_->run_blocking([](pqxx::work& tx) { return tx.exec("SELECT 7")[0][0].as<int>(); },
                               {.patience = 30s});
  });
  EXPECT_EQ(pool_->run_blocking([](pqxx::work& tx) { tx.exec("SELECT 1"); }, {.patience = 0s}).error(),
            errc::unavailable);
  server().start();
  const auto value = waiting.get();
  ASSERT_FALSE(value.has_error()) << value.error().message();
  EXPECT_EQ(*value, 7);
}

TEST_F(Pool, StepIsCommittedBeforeItIsAnswered) {
  boost::asio::io_context context;
  int seen = 0;
  const auto work = [&](pqxx::transaction_base& tx) {
    tx.exec("INSERT INTO item VALUES (1, 5)");
    seen = count_of(1);  // on another connection: no COMMIT is to come
  };
  auto done = boost::asio::co_spawn(context, pool_->step(work), boost::asio::use_future);
  context.run();
  EXPECT_FALSE(done.get().has_error());
  EXPECT_EQ(seen, 5);
}

TEST_F(Pool, StepWhoseConnectionIsLostIsAskedAgain) {
  boost::asio::io_context context;
  int attempts = 0;
  const auto work = [&](pqxx::transaction_base& tx) {
    if (attempts++ == 0) tx.exec("SELECT pg_terminate_backend(pg_backend_pid())");
    tx.exec("INSERT INTO item VALUES (1, 5) ON CONFLICT DO NOTHING");
  };
  auto done = boost::asio::co_spawn(context, pool_->step(work), boost::asio::use_future);
  context.run();
  EXPECT_FALSE(done.get().has_error());
  EXPECT_EQ(attempts, 2);
  EXPECT_EQ(count_of(1), 5);
}

TEST_F(Pool, ConnectionKilledInsideTheWorkIsRepeated) {
  int attempts = 0;
  must([&](pqxx::work& tx) {
    tx.exec("INSERT INTO item VALUES (1, 5)");
    if (attempts++ == 0) tx.exec("SELECT pg_terminate_backend(pg_backend_pid())");
  });
  EXPECT_EQ(attempts, 2);
  EXPECT_EQ(count_of(1), 5);
}

TEST_F(Pool, WorkThatAlwaysLosesItsConnectionEnds) {
  const auto done =
      pool_->run_blocking([](pqxx::work& tx) { tx.exec("SELECT pg_terminate_backend(pg_backend_pid())"); });
  EXPECT_EQ(done.error(), errc::unavailable);
}

TEST_F(Pool, FullQueueRefusesAndStopFailsWhatWaits) {
  open({.url = {}, .pool_size = 1, .queue_limit = 1});
  std::promise<void> begun, release;
  auto busy = std::async(std::launch::async, [&] {
    return pool_->run_blocking([&](pqxx::work&) {
      begun.set_value();
      release.get_future().wait();
    });
  });
  begun.get_future().wait();
  auto waiting = std::async(std::launch::async, [&] { return pool_->run_blocking([](pqxx::work&) {}); });
  while (pool_->read_statistics().waiting == 0)
    std::this_thread::yield();
  EXPECT_EQ(pool_->run_blocking([](pqxx::work&) {}).error(), errc::overloaded);
  auto stopping = std::async(std::launch::async, [&] { pool_->stop(); });
  EXPECT_EQ(waiting.get().error(), errc::stopped);
  release.set_value();
  EXPECT_FALSE(busy.get().has_error());
  stopping.get();
  EXPECT_EQ(pool_->run_blocking([](pqxx::work&) {}).error(), errc::stopped);
}

TEST_F(Pool, WaitForAConnectionIsBounded) {
  open({.url = {}, .pool_size = 1, .queue_timeout = 100ms});
  std::promise<void> begun, release;
  auto busy = std::async(std::launch::async, [&] {
    return pool_->run_blocking([&](pqxx::work&) {
      begun.set_value();
      release.get_future().wait();
    });
  });
  begun.get_future().wait();
  EXPECT_EQ(pool_->run_blocking([](pqxx::work&) {}).error(), errc::timeout);
  release.set_value();
  EXPECT_FALSE(busy.get().has_error());
}

}  // namespace
}  // namespace tollgate::gateway::db
