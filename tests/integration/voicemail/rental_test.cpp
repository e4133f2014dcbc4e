// SPDX-License-Identifier: Apache-2.0
// Renting, renewing and losing a number, with its charges, in a real PostgreSQL.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "billing/credit_life.hpp"
#include "number_fixture.hpp"

namespace tollgate::voicemail {
namespace {

using namespace std::chrono_literals;
using billing::units;
using Rental = number_test;

TEST_F(Rental, ChargesTheTermAndAssignsTheNumber) {
  const auto answer = rent("1", alice).value();
  EXPECT_FALSE(answer.repeated);
  EXPECT_EQ(answer.price, units(10));
  EXPECT_EQ(answer.currency, "EUR");
  EXPECT_EQ(answer.paid_until, day(2026, 4, 30));
  EXPECT_EQ(credit_of(alice), units(10));
  const auto found = record();
  EXPECT_EQ(found.state, number_state::assigned);
  EXPECT_EQ(found.account_id, alice);
  EXPECT_EQ(found.order_id, id("1"));
  EXPECT_EQ(found.paid_periods, 1);
}

TEST_F(Rental, AYearCostsThirty) {
  pay(10);
  const auto answer = rent("1", alice, 12).value();
  EXPECT_EQ(answer.price, units(30));
  EXPECT_EQ(answer.paid_until, day(2027, 1, 31));
  EXPECT_EQ(credit_of(alice), units(0));
}

TEST_F(Rental, PricesAreListedShortestTermFirst) {
  const auto prices =
      in_transaction([](pqxx::transaction_base& tx) { return list_rental_prices(tx, "EUR"); });
  ASSERT_EQ(prices.size(), 2U);
  EXPECT_EQ(prices[0].months, 3);
  EXPECT_EQ(prices[0].price, units(10));
  EXPECT_EQ(prices[1].months, 12);
  EXPECT_EQ(prices[1].price, units(30));
  EXPECT_TRUE(
      in_transaction([](pqxx::transaction_base& tx) { return list_rental_prices(tx, "XXX"); }).empty());
}

TEST_F(Rental, TheSameOrderChargesOnce) {
  ASSERT_TRUE(rent("1", alice));
  const auto again = rent("1", alice).value();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.paid_until, day(2026, 4, 30));
  EXPECT_EQ(credit_of(alice), units(10));
}

TEST_F(Rental, ARefusalChangesNothing) {
  struct row {
    const char* name;
    const char* order;
    boost::uuids::uuid account;
    int months;
    error expected;
  };
  for (const auto& row : {row{"without credit", "2", bob, 3, error::credit_insufficient},
                          row{"more than the credit", "3", alice, 12, error::credit_insufficient},
                          row{"no such term", "4", alice, 5, error::term_unknown},
                          row{"a senseless term", "5", alice, -3, error::term_unknown},
                          row{"nobody", "6", id("999"), 3, error::account_unknown}}) {
    EXPECT_EQ(rent(row.order, row.account, row.months).error(), row.expected) << row.name;
  }
  EXPECT_EQ(record().state, number_state::available);
  EXPECT_EQ(credit_of(alice), units(20));
}

TEST_F(Rental, AnotherOneIsRefusedARentedNumber) {
  ASSERT_TRUE(rent("1", alice));
  EXPECT_EQ(rent("2", bob).error(), error::number_unavailable);
  EXPECT_EQ(rent("2", alice).error(), error::number_unavailable);
  EXPECT_EQ(rent("1", bob).error(), error::order_conflict);
  EXPECT_EQ(rent("1", alice, 12).error(), error::order_conflict);
  EXPECT_EQ(credit_of(alice), units(10));
}

TEST_F(Rental, OneOrderRentsOneNumber) {
  const auto other = pstn::number::phone_number::parse("+16505550101").value();
  ASSERT_TRUE(in_transaction(add_number, new_number{.number = other, .area = {}, .trunk_id = {}}));
  ASSERT_TRUE(rent("1", alice));
  const rent_request second{
      .order_id = id("1"), .account_id = alice, .number = other, .term_months = 3, .now = start};
  EXPECT_EQ(in_transaction(rent_number, second).error(), error::order_conflict);
}

TEST_F(Rental, OfManyOrdersAtOnceOneWins) {
  std::vector<int> won(6, 0);
  {
    std::vector<std::jthread> threads;
    for (std::size_t index = 0; index < won.size(); ++index) {
      threads.emplace_back([this, index, &won] {
        pqxx::connection connection{database()};
        pqxx::work tx{connection};
        const auto answer = rent_number(tx, {.order_id = id(std::to_string(index + 50)),
                                             .account_id = alice,
                                             .number = number,
                                             .term_months = 3,
                                             .now = start});
        tx.commit();
        won[index] = answer.has_value() ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(std::count(won.begin(), won.end(), 1), 1);
  EXPECT_EQ(credit_of(alice), units(10));
}

TEST_F(Rental, TermsEndOnTheAnchorsDayWithoutDrift) {
  pay(20);
  ASSERT_TRUE(rent("1", alice));  // from 31 January
  EXPECT_EQ(advance(day(2026, 4, 29)).renewed, 0);
  EXPECT_EQ(advance(day(2026, 4, 30)).renewed, 1);
  EXPECT_EQ(record().dates.paid_until, day(2026, 7, 31));
  EXPECT_EQ(advance(day(2026, 7, 31)).renewed, 1);
  EXPECT_EQ(record().dates.paid_until, day(2026, 10, 31));
  EXPECT_EQ(record().paid_periods, 3);
  EXPECT_EQ(credit_of(alice), units(10));
}

TEST_F(Rental, AfterALongOutageOnlyTheTermThatRunsIsCharged) {
  pay(100);
  ASSERT_TRUE(rent("1", alice));  // from 31 January, three months
  EXPECT_EQ(advance(day(2027, 1, 15)).renewed, 1);
  EXPECT_EQ(record().dates.paid_until, day(2027, 1, 31)) << "in the old rhythm";
  EXPECT_EQ(record().paid_periods, 2);
  EXPECT_EQ(credit_of(alice), units(100)) << "two terms of EUR 10 of 120";
  EXPECT_EQ(advance(day(2027, 1, 31)).renewed, 1);
  EXPECT_EQ(record().dates.paid_until, day(2027, 4, 30));
}

TEST_F(Rental, AnchorThatMovesOnIntoAShorterMonthKeepsItsDay) {
  pay(100);
  ASSERT_TRUE(rent("1", alice));  // from 31 January, three months
  EXPECT_EQ(advance(day(2026, 10, 1)).renewed, 1);  // one term was missed: the anchor is in April now
  EXPECT_EQ(record().dates.paid_until, day(2026, 10, 31));
  EXPECT_EQ(advance(day(2026, 10, 31)).renewed, 1);
  EXPECT_EQ(record().dates.paid_until, day(2027, 1, 31));
  EXPECT_EQ(advance(day(2027, 1, 31)).renewed, 1);
  EXPECT_EQ(record().dates.paid_until, day(2027, 4, 30));
  const auto refund = in_transaction([&](auto& tx) { return refund_term(tx, number, false, day(2027, 1, 31)); });
  EXPECT_EQ(refund.value().amount, units(10)) << "the whole term, of 89 days";
  EXPECT_EQ(advance(day(2027, 8, 15)).renewed, 1);  // and another one
  EXPECT_EQ(record().dates.paid_until, day(2027, 10, 31));
}

TEST_F(Rental, WithoutCreditComesGraceThenQuarantineThenStock) {
  ASSERT_TRUE(rent("1", alice));
  ASSERT_TRUE(in_transaction(
      add_number,
      new_number{
          .number = pstn::number::phone_number::parse("+16505550199").value(), .area = {}, .trunk_id = {}}));
  pay(10);  // keeps EUR 20; spend them on another number so that the renewal fails
  const rent_request other{.order_id = id("2"),
                           .account_id = alice,
                           .number = pstn::number::phone_number::parse("+16505550199").value(),
                           .term_months = 3,
                           .now = day(2026, 4, 1)};
  ASSERT_TRUE(in_transaction(rent_number, other));
  ASSERT_TRUE(in_transaction(release_number, other.number, alice, day(2026, 4, 2), term_policy{}));
  EXPECT_EQ(advance(day(2026, 4, 30)).renewed, 1);
  EXPECT_EQ(credit_of(alice), units(0));
  EXPECT_EQ(advance(day(2026, 7, 31)).entered_grace, 1);
  EXPECT_EQ(record().state, number_state::grace);
  EXPECT_TRUE(in_transaction(owner_of, number, day(2026, 8, 13), term_policy{})->term_valid);
  EXPECT_FALSE(in_transaction(owner_of, number, day(2026, 8, 14), term_policy{})->term_valid);
  EXPECT_EQ(advance(day(2026, 8, 14)).quarantined, 1);
  EXPECT_FALSE(in_transaction(owner_of, number, day(2026, 8, 14), term_policy{}));
  EXPECT_EQ(record().account_id, alice);
  EXPECT_EQ(record().dates.quarantined_until, day(2026, 8, 14) + std::chrono::days{90});
  EXPECT_EQ(advance(day(2026, 12, 1)).returned_to_stock, 1);
  EXPECT_EQ(record().state, number_state::available);
  EXPECT_EQ(record().account_id, std::nullopt);
}

TEST_F(Rental, PayingInGraceKeepsTheNumber) {
  ASSERT_TRUE(rent("1", alice));
  ASSERT_TRUE(in_transaction(change_settings, number, alice, number_settings{.auto_renew = false}));
  EXPECT_EQ(advance(day(2026, 4, 30)).entered_grace, 1);
  EXPECT_EQ(in_transaction(renew_number, number, bob, day(2026, 5, 1)).error(), error::number_not_yours);
  const auto renewed = in_transaction(renew_number, number, alice, day(2026, 5, 1)).value();
  EXPECT_EQ(renewed.paid_until, day(2026, 7, 31));
  EXPECT_EQ(record().state, number_state::assigned);
  EXPECT_TRUE(in_transaction(renew_number, number, alice, day(2026, 5, 1)).value().repeated);
  EXPECT_EQ(credit_of(alice), units(0));
}

TEST_F(Rental, WhoTopsUpInGraceNeedNotWaitForItsEnd) {
  pay(10);
  ASSERT_TRUE(rent("1", alice, 12));  // EUR 30, and no credit is left
  const auto end = *record().dates.paid_until;
  EXPECT_EQ(advance(end).entered_grace, 1);
  pay(20);
  EXPECT_EQ(advance(end + std::chrono::days{1}).renewed, 0);
  pay(10);
  EXPECT_EQ(advance(end + std::chrono::days{2}).renewed, 1);
  EXPECT_EQ(record().state, number_state::assigned);
  EXPECT_EQ(record().paid_periods, 2);
  EXPECT_EQ(credit_of(alice), units(0));
}

TEST_F(Rental, AReleasedNumberIsHeldBackForItsFormerOwner) {
  pay(10);
  ASSERT_TRUE(rent("1", alice));
  EXPECT_EQ(in_transaction(release_number, number, bob, start, term_policy{}).error(),
            error::number_not_yours);
  ASSERT_TRUE(in_transaction(release_number, number, alice, start, term_policy{}));
  EXPECT_FALSE(in_transaction(owner_of, number, start, term_policy{}));
  EXPECT_EQ(rent("2", bob).error(), error::number_unavailable);
  EXPECT_EQ(rent("1", alice).error(), error::order_conflict) << "a spent order buys nothing";
  EXPECT_TRUE(rent("3", alice));
  EXPECT_EQ(credit_of(alice), units(10));
}

class TermRefund : public number_test {
 protected:
  boost::system::result<term_refund> refund(system_clock::time_point now, bool release) {
    return in_transaction([&](pqxx::transaction_base& tx) { return refund_term(tx, number, release, now); });
  }
};

TEST_F(TermRefund, GivesBackTheUnusedWholeDaysOnce) {
  ASSERT_TRUE(rent("1", alice));
  const auto end = *record().dates.paid_until;
  const auto days = std::chrono::duration_cast<std::chrono::hours>(end - start).count() / 24;
  const auto given = refund(end - std::chrono::hours(24 * 45 + 23), false).value();
  EXPECT_EQ(given.unused_days, 45);
  EXPECT_EQ(given.amount.micros, 10'000'000 * 45 / days);
  EXPECT_EQ(given.currency, "EUR");
  EXPECT_EQ(record().state, number_state::assigned) << "kept until the end of the term";
  const auto again = refund(end - std::chrono::hours(24 * 2), true).value();
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.amount, given.amount);
  EXPECT_EQ(credit_of(alice), billing::units(10) + given.amount);
}

TEST_F(TermRefund, OfAReleasedNumberIsAnsweredAgain) {
  ASSERT_TRUE(rent("1", alice));
  const auto given = refund(start + std::chrono::hours(1), true).value();
  EXPECT_LT(given.amount, billing::units(10)) << "the first day has begun";
  EXPECT_EQ(record().state, number_state::quarantined);
  EXPECT_TRUE(refund(start + std::chrono::hours(2), true)->repeated);
  EXPECT_EQ(refund(start, true)->amount, given.amount);
}

TEST_F(TermRefund, HasNothingForTermsThatAreOverOrNobodys) {
  EXPECT_EQ(refund(start, false).error(), error::number_not_yours);
  ASSERT_TRUE(rent("1", alice));
  EXPECT_EQ(refund(*record().dates.paid_until - std::chrono::hours(23), true).error(), error::nothing_unused);
  EXPECT_EQ(record().state, number_state::assigned);
  ASSERT_TRUE(
      in_transaction([&](pqxx::transaction_base& tx) { return release_number(tx, number, alice, start); }));
  EXPECT_EQ(refund(start, false).error(), error::number_not_yours) << "given up without a refund";
}

TEST_F(TermRefund, EachTermHasItsOwn) {
  pay(20);
  ASSERT_TRUE(rent("1", alice));
  ASSERT_FALSE(refund(start + std::chrono::hours(1), false)->repeated);
  const auto second = *record().dates.paid_until;
  EXPECT_EQ(advance(second).renewed, 1);
  EXPECT_FALSE(refund(second + std::chrono::hours(1), false)->repeated);
  EXPECT_TRUE(refund(second + std::chrono::hours(1), false)->repeated);
}

TEST_F(Rental, ManyNodesRenewEachTermOnce) {
  constexpr int terms = 4;
  pay(40);
  ASSERT_TRUE(rent("1", alice));
  for (int term = 1; term <= terms; ++term) {
    const auto due = *record().dates.paid_until;
    std::atomic<int> renewed{0};
    {
      std::vector<std::jthread> nodes;
      for (int node = 0; node < 6; ++node)
        nodes.emplace_back([&, node] {
          pqxx::connection connection{database()};
          for (int turn = 0; turn < 5; ++turn) {
            pqxx::work tx{connection};
            if (node % 2 == 0)
              renewed += advance_terms(tx, due, 100).renewed;
            else if (const auto paid = renew_number(tx, number, alice, due); paid && !paid->repeated)
              ++renewed;
            tx.commit();
          }
        });
    }
    EXPECT_EQ(renewed, 1) << "term " << term + 1;
  }
  EXPECT_EQ(credit_of(alice), billing::units(60 - 10 - 10 * terms));
}

TEST_F(Rental, RenewalAndRefundAtOnceKeepOneEntryEach) {
  pay(40);
  ASSERT_TRUE(rent("1", alice));
  const auto due = *record().dates.paid_until;
  std::atomic<int> given{0};
  {
    std::vector<std::jthread> workers;
    for (int worker = 0; worker < 6; ++worker)
      workers.emplace_back([&, worker] {
        pqxx::connection connection{database()};
        for (int turn = 0; turn < 5; ++turn) {
          pqxx::work tx{connection};
          if (worker % 2 == 0)
            advance_terms(tx, due, 100);
          else if (const auto back = refund_term(tx, number, false, due); back && !back->repeated)
            ++given;
          tx.commit();
        }
      });
  }
  // A renewal passes over a number that a refund holds just then, perhaps each time: the next sweep renews it. The refund
  // that follows finds the second term, or is a repeat.
  advance(due);
  EXPECT_EQ(record().paid_periods, 2);
  in_transaction([&](pqxx::transaction_base& tx) {
    if (const auto back = refund_term(tx, number, false, due); back && !back->repeated) ++given;
    return 0;
  });
  EXPECT_EQ(given, 1) << "of the second term alone: nothing was left of the first";
}

TEST_F(Rental, AFailedRenewalIsToldOnce) {
  pay(10);  // 30 in all
  ASSERT_TRUE(rent("1", alice, 12));
  const auto end = *record().dates.paid_until;
  EXPECT_EQ(advance(end).entered_grace, 1);
  advance(end + std::chrono::days{1});
  EXPECT_EQ(advance(end + std::chrono::days{14}).quarantined, 1);
  const auto events =
      in_transaction([this](pqxx::transaction_base& tx) { return billing::list_events(tx, alice, 10); });
  ASSERT_EQ(events.size(), 2U);
  EXPECT_NE(events[0].kind, events[1].kind);
}

TEST_F(Rental, WithoutAutoRenewalTheTermEndsThoughThereIsCredit) {
  pay(20);
  ASSERT_TRUE(rent("1", alice));
  ASSERT_TRUE(in_transaction([this](pqxx::transaction_base& tx) {
    return change_settings(tx, number, alice,
                           {.auto_renew = false, .voicemail_enabled = true, .ring_timeout = {}});
  }));
  const auto end = *record().dates.paid_until;
  EXPECT_EQ(advance(end).entered_grace, 1);
  EXPECT_EQ(advance(end + std::chrono::days{14}).quarantined, 1);
  EXPECT_EQ(credit_of(alice), billing::units(30));
}

}  // namespace
}  // namespace tollgate::voicemail
