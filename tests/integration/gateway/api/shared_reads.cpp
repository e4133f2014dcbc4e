// SPDX-License-Identifier: Apache-2.0
// What many ask for at once: one statement for all of them, and nobody is told what was true before.
#include "gateway/api/shared_reads.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/uuid/random_generator.hpp>
#include <pqxx/connection>
#include <pqxx/transaction>

#include "billing/ledger.hpp"
#include "fixture.hpp"
#include "gateway/api/fields.hpp"

namespace tollgate::gateway::api {
namespace {

class SharedReads : public Api {
 protected:
  void adjust(server_options& options) override { options.requests_per_minute = 0; }

  using found = boost::system::result<std::optional<billing::credit_view>>;

  // Asked for in one turn of the context, all of them.
  std::vector<std::optional<found>> find_all(shared_reads& reads, const std::vector<uuid>& accounts) {
    std::vector<std::optional<found>> answers(accounts.size());
    for (std::size_t i = 0; i < accounts.size(); ++i)
      boost::asio::co_spawn(own_, reads.find_credit(accounts[i]), [&answers, i](std::exception_ptr failure, found one) {
        if (!failure) answers[i] = std::move(one);
      });
    own_.restart();
    own_.run();
    return answers;
  }

  std::int64_t pay(const std::string& account, const std::string& id, const char* amount) {
    return post("/v1/payments", R"({"id":")" + id + R"(","amount":")" + amount + R"(","account_id":")" + account + "\"}")
        .integer("balance_after_micros");
  }

  boost::asio::io_context own_{1};
  billing::lapse_policy policy_;
  database_share share_{8};
};

TEST_F(SharedReads, OneStatementIsForAllWhoAskMeanwhile) {
  const std::string rich = create_account("rich"), poor = create_account("poor");
  pay(rich, "p-1", "20.00");
  shared_reads reads(own_.get_executor(), *pool_, share_, policy_);
  std::vector<uuid> asked;
  for (int i = 0; i < 100; ++i) {
    asked.push_back(*parse_uuid(rich));
    asked.push_back(*parse_uuid(poor));
    asked.push_back(boost::uuids::random_generator()());
  }
  const auto answers = find_all(reads, asked);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ASSERT_TRUE(answers[i] && answers[i]->has_value()) << i;
    const auto& one = **answers[i];
    ASSERT_EQ(one.has_value(), i % 3 != 2) << i;
    if (!one) continue;
    EXPECT_EQ(one->account_id, asked[i]);
    EXPECT_EQ(one->credit.posted.micros, i % 3 == 0 ? 20'000'000 : 0);
    EXPECT_EQ(one->currency, "EUR");
    EXPECT_TRUE(one->lapses_at);
  }
  EXPECT_EQ(reads.statements(), 1U) << "for all who asked before it was sent";
}

TEST_F(SharedReads, ManyAccountsTakeSeveralStatements) {
  const auto account = *parse_uuid(create_account("alice"));
  shared_reads reads(own_.get_executor(), *pool_, share_, policy_);
  std::vector<uuid> asked(1'000);
  for (auto& each : asked)
    each = boost::uuids::random_generator()();
  asked.back() = account;
  const auto answers = find_all(reads, asked);
  for (std::size_t i = 0; i < answers.size(); ++i)
    ASSERT_TRUE(answers[i] && answers[i]->has_value() && (**answers[i]).has_value() == (i + 1 == answers.size())) << i;
  EXPECT_EQ(reads.statements(), 4U);
}

TEST_F(SharedReads, EverybodyIsToldThatTheDatabaseIsAway) {
  db::database none({.url = "host=127.0.0.1 port=1 dbname=none", .pool_size = 1});
  shared_reads reads(own_.get_executor(), none, share_, policy_);
  none.stop();
  for (const auto& each : find_all(reads, std::vector<uuid>(20)))
    EXPECT_TRUE(each && each->has_error());
  const auto next = find_all(reads, std::vector<uuid>(1));
  EXPECT_TRUE(next.front() && next.front()->has_error()) << "and the next one is not left waiting";
}

// What a busy server asks all the time must not be planned anew each time, however many accounts are asked for at once.
TEST_F(SharedReads, ThePlanOfTheStatementIsKept) {
  const auto first = *parse_uuid(create_account("alice")), second = *parse_uuid(create_account("bob"));
  db::database single({.url = database(), .pool_size = 1});
  shared_reads reads(own_.get_executor(), single, share_, policy_);
  for (int i = 0; i < 30; ++i) {
    const auto answers = find_all(reads, i % 3 == 0 ? std::vector<uuid>{first, second, first} : std::vector<uuid>{second});
    for (const auto& each : answers)
      ASSERT_TRUE(each && each->has_value() && (**each).has_value());
  }
  const auto plans = single.run_blocking([](pqxx::work& tx) {
    return tx.exec1("SELECT sum(custom_plans), sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE '%billing.debt_left%'");
  });
  ASSERT_TRUE(plans);
  EXPECT_LE((*plans)[0].as<int>(), 5) << "before PostgreSQL decides";
  EXPECT_GE((*plans)[1].as<int>(), 25);
}

// Through the server, while others ask without a pause: what has been paid is in the very next answer.
TEST_F(SharedReads, NothingIsRememberedOfABalance) {
  const std::string id = create_account("alice"), target = "/v1/accounts/" + id + "/balance";
  std::atomic<int> wrong{0};
  std::vector<std::jthread> others;
  for (int i = 0; i < 4; ++i)
    others.emplace_back([&] {
      for (int asked = 0; asked < 100; ++asked)
        if (get(target).status != 200U) ++wrong;
    });
  for (int i = 1; i <= 40; ++i) {
    const auto balance = pay(id, "p-" + std::to_string(i), "10.00");
    EXPECT_EQ(balance, i * 10'000'000);
    EXPECT_EQ(get(target).integer("posted_micros"), balance);
  }
  others.clear();  // they have ended
  EXPECT_EQ(wrong, 0);
}

TEST_F(SharedReads, CountsOfFraudAreReadOnceForAll) {
  shared_reads reads(own_.get_executor(), *pool_, share_, policy_);
  int counted = 0;
  for (int i = 0; i < 20; ++i)
    boost::asio::co_spawn(own_, reads.count_fraud(), [&](std::exception_ptr failure, const auto& counts) { counted += !failure && counts && counts->empty(); });
  own_.run();
  EXPECT_EQ(counted, 20);
  EXPECT_EQ(reads.statements(), 1U);
}

// Reads that take minutes, as many as the pool has connections: what is short is answered meanwhile, and a call finds a connection.
TEST_F(SharedReads, LongOnesLeaveConnectionsForCalls) {
  std::atomic<int> answered{0};
  std::vector<std::jthread> readers;
  pqxx::connection other(database());
  pqxx::work lock(other);
  lock.exec("LOCK TABLE billing.entry IN ACCESS EXCLUSIVE MODE");
  for (int i = 0; i < 8; ++i)
    readers.emplace_back([&] {
      const auto status = get("/v1/ledger/violations").status;
      answered += status == 200U || status == 503U;
    });
  while (pool_->read_statistics().busy < 2)
    std::this_thread::yield();
  EXPECT_EQ(get("/v1/currencies").status, 200U);
  EXPECT_FALSE(pool_->run_blocking([](pqxx::work& tx) { tx.exec("SELECT 1"); }).has_error());
  lock.abort();
  readers.clear();  // they have been answered
  EXPECT_EQ(answered, 8);
}

}  // namespace
}  // namespace tollgate::gateway::api
