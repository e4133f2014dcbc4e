// SPDX-License-Identifier: Apache-2.0
// Refunds, goodwill, adjustments: each once, none below zero.
#include "billing/credit.hpp"

#include <atomic>
#include <thread>

#include "fixture.hpp"

namespace tollgate::billing {
namespace {

class Credit : public billing_test {
 protected:
  auto refund(const std::string& id, money amount, const std::string& payment = "first",
              const std::string& currency = "") {
    return step([&](auto& tx) {
      return refund_payment(tx,
                            {.refund_id = id, .payment_id = payment, .amount = amount, .currency = currency});
    });
  }
  auto correct(adjustment_kind kind, money amount, const std::string& reference,
               const std::string& note = "why") {
    return step([&](auto& tx) {
      return adjust(tx, {.account_id = account_id(),
                         .kind = kind,
                         .amount = amount,
                         .reference = reference,
                         .note = note,
                         .now = std::chrono::system_clock::now()});
    });
  }
};

TEST_F(Credit, PaymentIsRefundedInPartsAndNeverBeyondItself) {
  fund(units(20));
  EXPECT_EQ(refund("r-1", units(5))->left, units(15));
  EXPECT_EQ(refund("r-2", units(16)).error(), error::refund_exceeds_payment);
  const auto second = refund("r-2", units(15)).value();
  EXPECT_EQ(second.left, money{});
  EXPECT_EQ(second.balance_after, money{});
  EXPECT_EQ(second.account_id, account_id());
  EXPECT_EQ(refund("r-3", money{1}).error(), error::refund_exceeds_payment);
  const auto entries = step([](auto& tx) { return list_entries(tx, account_id(), 10); });
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].kind, "refund");
  EXPECT_EQ(entries[0].contra, "refunds");
  EXPECT_EQ(entries[0].reference, "r-2");
}

TEST_F(Credit, RefundIsMadeOnceById) {
  fund(units(20));
  refund("r-1", units(5)).value();
  EXPECT_TRUE(refund("r-1", units(5))->repeated);
  EXPECT_EQ(refund("r-1", units(6)).error(), error::refund_conflict);
  fund(units(20), "second");
  EXPECT_EQ(refund("r-1", units(5), "second").error(), error::refund_conflict);
  EXPECT_EQ(credit().posted, units(35));
  EXPECT_EQ(refund("r-2", units(1), "nothing").error(), error::no_payment);
  EXPECT_EQ(refund("r-2", units(1), "first", "USD").error(), error::wrong_currency);
  EXPECT_EQ(refund("r-2", money{0}).error(), error::invalid_amount);
  EXPECT_EQ(refund("", units(1)).error(), error::malformed);
}

TEST_F(Credit, RefundTakesNeitherSpentNorHeldCredit) {
  fund(units(10));
  open(hold_for(1, units(4)));
  EXPECT_EQ(refund("r-1", units(7)).error(), error::insufficient_credit);
  EXPECT_TRUE(refund("r-1", units(6)).has_value());
  EXPECT_EQ(credit().available(), money{});
  stop(1, seconds{60});
  EXPECT_EQ(refund("r-2", units(4)).error(), error::insufficient_credit) << "a minute was spent";
}

TEST_F(Credit, RefundsAtTheSameTimeStayWithinThePayment) {
  fund(units(10));
  fund(units(90), "second");
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (int worker = 0; worker < 6; ++worker)
    threads.emplace_back([&, worker] {
      pqxx::connection connection(database());
      for (int i = 0; i < 10; ++i) {
        pqxx::work tx(connection);
        const auto answer =
            refund_payment(tx, {.refund_id = std::to_string(worker % 3) + "/" + std::to_string(i),
                                .payment_id = "first",
                                .amount = units(1)});
        tx.commit();
        if (answer && !answer->repeated) ++made;
      }
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(made, 10);
  EXPECT_EQ(credit().posted, units(90));
}

TEST_F(Credit, MarkOfLowCreditIsNeverNegative) {
  execute("UPDATE billing.account SET low_balance_micros = 0");
  EXPECT_THROW(execute("UPDATE billing.account SET low_balance_micros = -1"), pqxx::check_violation);
  EXPECT_THROW(
      execute("INSERT INTO billing.account (account_id, currency, country, deck, low_balance_micros) VALUES "
              "(gen_random_uuid(), 'EUR', 'DE', 'default', -1)"),
      pqxx::check_violation);
}

TEST_F(Credit, GoodwillAndAdjustmentsHaveTheirOwnEntries) {
  EXPECT_EQ(correct(adjustment_kind::goodwill, units(3), "g-1")->balance_after, units(3));
  EXPECT_TRUE(correct(adjustment_kind::goodwill, units(3), "g-1")->repeated);
  EXPECT_EQ(correct(adjustment_kind::goodwill, units(4), "g-1").error(), error::reference_conflict);
  EXPECT_EQ(correct(adjustment_kind::goodwill, -units(1), "g-2").error(), error::invalid_amount);
  EXPECT_EQ(correct(adjustment_kind::adjustment, -units(1), "g-1")->balance_after, units(2));
  EXPECT_EQ(correct(adjustment_kind::adjustment, -units(3), "a-2").error(), error::insufficient_credit);
  EXPECT_EQ(correct(adjustment_kind::adjustment, money{0}, "a-2").error(), error::invalid_amount);
  EXPECT_EQ(correct(adjustment_kind::adjustment, units(1), "a-2", "").error(), error::malformed);
  const auto houses = step([](auto& tx) { return list_house_accounts(tx); });
  ASSERT_EQ(houses.size(), 2U);
  EXPECT_EQ(houses[0].name, "adjustments");
  EXPECT_EQ(houses[0].balance, units(1));
  EXPECT_EQ(houses[1].name, "goodwill");
  EXPECT_EQ(houses[1].balance, -units(3));
  EXPECT_EQ(houses[1].currency, "EUR");
}

TEST_F(Credit, RepeatedPaymentOfAnotherCurrencyIsAConflict) {
  fund(units(20));
  EXPECT_EQ(
      step([](auto& tx) {
        return top_up(
            tx, {.account_id = account_id(), .amount = units(20), .payment_id = "first", .currency = "USD"});
      }).error(),
      error::payment_currency_conflict);
}

TEST_F(Credit, EntryOfAKindStandsAgainstItsOwnHouseAccount) {
  fund(units(20));
  for (const char* sql : {"INSERT INTO billing.entry SELECT account_id, 2, 'goodwill', 'cash', 1, 20000001, "
                          "'x' FROM billing.account",
                          "INSERT INTO billing.entry SELECT account_id, 2, 'refund', 'refunds', 1, 20000001, "
                          "'x' FROM billing.account",
                          "DELETE FROM billing.refund", "UPDATE billing.refund SET amount_micros = 1"})
    EXPECT_THROW(execute(sql), pqxx::sql_error) << sql;
}

}  // namespace
}  // namespace tollgate::billing
