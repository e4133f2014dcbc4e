// SPDX-License-Identifier: Apache-2.0
// Accounts, top-ups and entries.
#include <algorithm>
#include <boost/uuid/uuid_io.hpp>
#include <thread>

#include "fixture.hpp"

namespace tollgate::billing {
namespace {

class Payment : public billing_test {
 protected:
  auto pay(money amount, const std::string& id, std::uint32_t account = 1, const std::string& currency = "") {
    return step([&](auto& tx) {
      return top_up(tx, {.account_id = account_id(account),
                         .amount = amount,
                         .payment_id = id,
                         .note = "card",
                         .currency = currency});
    });
  }
};

TEST_F(Payment, IsCreditedOnce) {
  const auto first = pay(units(20), "p-1");
  EXPECT_EQ(first->status, top_up_status::credited);
  EXPECT_EQ(first->balance_after, units(20));
  const auto again = pay(units(20), "p-1");
  EXPECT_EQ(again->status, top_up_status::repeated);
  EXPECT_EQ(again->sequence, first->sequence);
  EXPECT_EQ(pay(units(20), "p-2")->balance_after, units(40));
}

TEST_F(Payment, SameIdForAnotherAmountOrAccountIsAConflict) {
  step([](auto& tx) { return create_account(tx, account_id(2), "EUR", "DE"); }).value();
  pay(units(20), "p-1").value();
  EXPECT_EQ(pay(units(30), "p-1").error(), error::payment_amount_conflict);
  EXPECT_EQ(pay(units(20), "p-1", 2).error(), error::payment_account_conflict);
  EXPECT_EQ(credit().posted, units(20));
}

TEST_F(Payment, IsRefusedWithoutUsingItsId) {
  EXPECT_EQ(pay(money{9'999'999}, "p-1").error(), error::below_minimum);
  EXPECT_EQ(pay(units(20), "p-1", 1, "USD").error(), error::wrong_currency);
  EXPECT_EQ(pay(units(20), "p-1", 1, "usd").error(), error::wrong_currency);
  EXPECT_EQ(pay(money{0}, "p-1").error(), error::invalid_amount);
  EXPECT_EQ(pay(money{-5}, "p-1").error(), error::invalid_amount);
  EXPECT_EQ(pay(max_balance + money{1}, "p-1").error(), error::invalid_amount);
  EXPECT_EQ(pay(units(20), "p-1", 9).error(), error::no_account);
  EXPECT_EQ(pay(units(20), "").error(), error::malformed);
  EXPECT_EQ(pay(units(20), std::string("a\0b", 3)).error(), error::malformed);
  EXPECT_EQ(pay(units(20), std::string(201, 'x')).error(), error::malformed);
  EXPECT_EQ(pay(units(20), "p-1", 1, "EUR")->status, top_up_status::credited);
  EXPECT_EQ(pay(max_balance, "p-2").error(), error::invalid_amount);
}

TEST_F(Payment, SameIdAtTheSameTimeIsCreditedOnce) {
  constexpr int workers = 8;
  for (std::uint32_t i = 2; i <= workers; ++i)
    step([&](auto& tx) { return create_account(tx, account_id(i), "EUR", "DE"); }).value();
  std::atomic<int> credited{0};
  std::vector<std::thread> threads;
  for (std::uint32_t i = 1; i <= workers; ++i)
    threads.emplace_back([&, i] {
      pqxx::connection connection(database());
      for (int round = 0; round < 20; ++round) {
        pqxx::work tx(connection);
        const auto answer = top_up(
            tx,
            {.account_id = account_id(i), .amount = units(10), .payment_id = "p-" + std::to_string(round)});
        tx.commit();
        if (answer.has_value() && answer->status == top_up_status::credited) ++credited;
      }
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(credited, 20);
}

TEST_F(Payment, EntriesAreListedInPages) {
  for (int i = 0; i < 5; ++i)
    pay(units(10), "p-" + std::to_string(i)).value();
  const auto page = step([](auto& tx) { return list_entries(tx, account_id(), 2); });
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].sequence, 5);
  EXPECT_EQ(page[0].reference, "p-4");
  EXPECT_EQ(page[0].contra, "cash");
  EXPECT_EQ(page[0].note, "card");
  const auto rest = step([&](auto& tx) { return list_entries(tx, account_id(), 10, page[1].sequence); });
  ASSERT_EQ(rest.size(), 3U);
  EXPECT_EQ(rest[0].sequence, 3);
}

TEST_F(Payment, LedgerIsAppendOnly) {
  pay(units(20), "p-1").value();
  for (const char* sql :
       {"UPDATE billing.entry SET amount_micros = 1", "DELETE FROM billing.entry", "TRUNCATE billing.entry",
        "DELETE FROM billing.payment", "UPDATE billing.payment SET amount_micros = 1",
        "DELETE FROM billing.account", "TRUNCATE billing.account CASCADE",
        "UPDATE billing.account SET account_id = '00000000-0000-0000-0000-000000000009'"})
    EXPECT_THROW(execute(sql), pqxx::sql_error) << sql;
}

// Kind, house account, sign and balance of an entry belong together, whoever writes it.
TEST_F(Payment, EntryThatIsNotSoundIsRefused) {
  const auto write = [&](const std::string& kind, const std::string& contra, int amount, int after) {
    execute(
        "INSERT INTO billing.entry (account_id, sequence, kind, contra, amount_micros, posted_after_micros, "
        "reference) VALUES ('" +
        boost::uuids::to_string(account_id()) + "', 1, " + kind + ", " + contra + ", " +
        std::to_string(amount) + ", " + std::to_string(after) + ", 'x')");
  };
  EXPECT_THROW(write("'top_up'", "'call_revenue'", 1, 1), pqxx::sql_error);
  EXPECT_THROW(write("'top_up'", "'cash'", -1, 1), pqxx::sql_error);
  EXPECT_THROW(write("'top_up'", "'cash'", 0, 1), pqxx::sql_error);
  EXPECT_THROW(write("'top_up'", "'cash'", 1, -1), pqxx::sql_error);
  EXPECT_THROW(write("'call'", "'call_revenue'", 1, 1), pqxx::sql_error);
  EXPECT_THROW(write("'gift'", "'cash'", 1, 1), pqxx::sql_error);
  EXPECT_THROW(write("NULL", "'cash'", 1, 1), pqxx::sql_error);
  EXPECT_THROW(write("'top_up'", "NULL", 1, 1), pqxx::sql_error);
}

TEST_F(Payment, EntryOfNoAccountIsABrokenInvariant) {
  pqxx::work tx(*connection_);
  tx.exec(
      "INSERT INTO billing.entry (account_id, sequence, kind, contra, amount_micros, posted_after_micros, "
      "reference) VALUES ('00000000-0000-0000-0000-000000000009', 1, 'top_up', 'cash', 1, 1, 'x')");
  const auto found = violations(tx);
  EXPECT_TRUE(std::any_of(found.begin(), found.end(),
                          [](const auto& one) { return one.what == "entry without account"; }));
  tx.abort();
}

TEST_F(Payment, AccountIsCreatedOnceAndFound) {
  const auto create = [&](const char* currency, const char* country) {
    return step([&](auto& tx) { return create_account(tx, account_id(5), currency, country, "gold"); });
  };
  EXPECT_TRUE(create("USD", "US").has_value());
  EXPECT_TRUE(create("USD", "US").has_value());
  EXPECT_EQ(create("EUR", "US").error(), error::account_conflict);
  EXPECT_EQ(create("eur", "US").error(), error::malformed);
  EXPECT_EQ(create("EUR", "USA").error(), error::malformed);
  const auto found = step([](auto& tx) { return find_account(tx, account_id(5)); });
  EXPECT_EQ(found->currency, "USD");
  EXPECT_EQ(found->country, "US");
  EXPECT_EQ(found->deck, "gold");
  EXPECT_FALSE(found->blocked);
  EXPECT_EQ(step([](auto& tx) { return find_account(tx, account_id(6)); }).error(), error::no_account);
  EXPECT_EQ(step([](auto& tx) { return find_balance(tx, account_id(6)); }).error(), error::no_account);
  EXPECT_EQ(step([](auto& tx) { return set_blocked(tx, account_id(6), true); }).error(), error::no_account);
}

}  // namespace
}  // namespace tollgate::billing
