// SPDX-License-Identifier: Apache-2.0
// One entry a period.
#include "billing/subscription.hpp"

#include "fixture.hpp"

namespace tollgate::billing {
namespace {

using std::chrono::months;

class Subscription : public billing_test {
 protected:
  auto charge(int period, term sold = {months{3}, units(10)}, std::uint32_t subscription = 1) {
    return step([&](auto& tx) {
      return charge_subscription(tx, {.account_id = account_id(),
                                      .subscription_id = id_of(0x50, subscription),
                                      .period = period,
                                      .sold = sold,
                                      .note = "+16505550100"});
    });
  }
};

TEST_F(Subscription, TermsAreSoldAsShipped) {
  const auto terms = step([](auto& tx) { return list_terms(tx, "EUR"); });
  ASSERT_EQ(terms.size(), 2U);
  EXPECT_EQ(terms[0].length, months{3});
  EXPECT_EQ(terms[0].price, units(10));
  EXPECT_EQ(terms[1].price, units(30));
  EXPECT_TRUE(step([](auto& tx) { return list_terms(tx, "XYZ"); }).empty());
  const auto find = [&](std::uint32_t account, int length) {
    return step([&](auto& tx) { return find_term(tx, account_id(account), months{length}); });
  };
  EXPECT_EQ(find(1, 12)->price, units(30));
  EXPECT_EQ(find(1, 6).error(), error::no_term);
  EXPECT_EQ(find(9, 3).error(), error::no_account);
}

TEST_F(Subscription, PeriodIsChargedOnce) {
  fund(units(25));
  EXPECT_EQ(charge(1)->balance_after, units(15));
  EXPECT_EQ(charge(1)->status, subscription_status::repeated);
  EXPECT_EQ(charge(2)->balance_after, units(5));
  EXPECT_EQ(charge(1)->status, subscription_status::repeated);
  const auto entries = step([](auto& tx) { return list_entries(tx, account_id(), 10); });
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].kind, "subscription");
  EXPECT_TRUE(entries[0].reference.ends_with("/2"));
}

TEST_F(Subscription, HeldCreditIsNotSpent) {
  fund(units(10));
  open(hold_for(1, {17'000}));
  EXPECT_EQ(charge(1).error(), error::insufficient_credit);
  stop(1, seconds{0});
  EXPECT_TRUE(charge(1).has_value());
}

TEST_F(Subscription, ConflictsAreErrors) {
  fund(units(100));
  EXPECT_EQ(charge(2).error(), error::period_conflict);
  EXPECT_EQ(charge(0).error(), error::period_conflict);
  charge(1).value();
  EXPECT_EQ(charge(1, {months{12}, units(30)}).error(), error::period_conflict);
  EXPECT_EQ(charge(2, {months{3}, money{}}).error(), error::invalid_amount);
  EXPECT_TRUE(charge(1, {months{12}, units(30)}, 2).has_value());
  step([](auto& tx) { return set_blocked(tx, account_id(), true); }).value();
  EXPECT_EQ(charge(2).error(), error::account_blocked);
}

TEST_F(Subscription, PeriodIsRefundedOnceByItsUnusedDays) {
  fund(units(100));
  charge(1).value();
  const auto refund = [&](int period, int unused, int whole) {
    return step([&](auto& tx) {
      return refund_subscription(tx, {.account_id = account_id(),
                                      .subscription_id = id_of(0x50, 1),
                                      .period = period,
                                      .unused_days = unused,
                                      .period_days = whole,
                                      .now = std::chrono::system_clock::now()});
    });
  };
  EXPECT_EQ(refund(2, 10, 90).error(), error::no_charge);
  EXPECT_EQ(refund(1, 0, 90).error(), error::nothing_unused);
  EXPECT_EQ(refund(1, 91, 90).error(), error::invalid_amount);
  EXPECT_EQ(refund(1, 7, 90)->amount.micros, 777'777) << "rounded down";
  EXPECT_TRUE(refund(1, 8, 90)->repeated);
  EXPECT_EQ(refund(1, 0, 90)->amount.micros, 777'777);
  EXPECT_EQ(credit().posted, units(90) + money{777'777});
  const auto entries = step([](auto& tx) { return list_entries(tx, account_id(), 1); });
  EXPECT_EQ(entries[0].kind, "subscription_refund");
  EXPECT_EQ(entries[0].contra, "subscription_refunds");
}

}  // namespace
}  // namespace tollgate::billing
