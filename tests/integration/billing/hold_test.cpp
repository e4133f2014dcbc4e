// SPDX-License-Identifier: Apache-2.0
// Opening and extending holds, and reporting usage.
#include <array>
#include <pqxx/nontransaction>
#include <string>

#include "fixture.hpp"

namespace tollgate::billing {
namespace {

class Hold : public billing_test {};

TEST_F(Hold, GrantsWhatIsWantedAndHoldsIt) {
  fund(units(20));
  const auto answer = open(hold_for(1, {34'000}));
  EXPECT_EQ(answer.status, hold_status::opened);
  EXPECT_EQ(answer.granted.micros, 34'000);
  EXPECT_EQ(answer.available, units(20) - money{34'000});
  EXPECT_EQ(credit().posted, units(20));
  EXPECT_EQ(credit().held.micros, 34'000);
}

TEST_F(Hold, GrantsWhatIsLeftIfItCoversTheInitialIncrement) {
  fund({40'000});
  const auto answer = open(hold_for(1, {170'000}));
  EXPECT_EQ(answer.status, hold_status::opened);
  EXPECT_EQ(answer.granted.micros, 40'000);
  EXPECT_EQ(open(hold_for(2, {17'000})).status, hold_status::insufficient_credit);
}

TEST_F(Hold, InitialIncrementIsTheLeast) {
  fund({16'999});
  EXPECT_EQ(open(hold_for(1, {1})).status, hold_status::insufficient_credit);
  fund({1}, "second");
  const auto answer = open(hold_for(2, {1}));
  EXPECT_EQ(answer.status, hold_status::opened);
  EXPECT_EQ(answer.granted.micros, 17'000);
}

TEST_F(Hold, TollFreeNeedsNoCredit) {
  auto terms = global_rate();
  terms.price_per_minute = {};
  EXPECT_EQ(open(hold_for(1, {}, terms)).status, hold_status::opened);
  EXPECT_EQ(stop(1, seconds{3600}).charged.micros, 0);
}

TEST_F(Hold, RepeatGivesTheSameAnswerAndHoldsOnce) {
  fund(units(20));
  open(hold_for(1, {34'000}));
  extend(1, 1, {17'000});
  const auto again = open(hold_for(1, {999'000}));
  EXPECT_EQ(again.status, hold_status::repeated);
  EXPECT_EQ(again.granted.micros, 51'000);
  EXPECT_EQ(credit().held.micros, 51'000);
}

TEST_F(Hold, RefusalIsFinalForItsCallEvenAfterATopUp) {
  EXPECT_EQ(open(hold_for(1, {17'000})).status, hold_status::insufficient_credit);
  fund(units(20));
  EXPECT_EQ(open(hold_for(1, {17'000})).status, hold_status::insufficient_credit);
  const auto record = record_of(1);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->settled, settled_by::refused);
  EXPECT_EQ(record->call.reason, "insufficient_credit");
  EXPECT_EQ(record->call.callee, "+442079460958");
  EXPECT_EQ(stop(1, seconds{60}).status, settle_status::repeated);
  EXPECT_EQ(credit().posted, units(20));
}

TEST_F(Hold, BlockedAccountAndForeignCurrencyAreRefusedFinally) {
  fund(units(20));
  auto dollars = hold_for(1, {17'000});
  dollars.currency = "USD";
  EXPECT_EQ(open(dollars).status, hold_status::wrong_currency);
  step([](auto& tx) { return set_blocked(tx, account_id(), true); }).value();
  EXPECT_EQ(open(hold_for(2, {17'000})).status, hold_status::account_blocked);
  step([](auto& tx) { return set_blocked(tx, account_id(), false); }).value();
  EXPECT_EQ(open(hold_for(2, {17'000})).status, hold_status::account_blocked);
  EXPECT_EQ(open(hold_for(1, {17'000})).status, hold_status::wrong_currency);
  EXPECT_EQ(open(hold_for(3, {17'000})).status, hold_status::opened);
  stop(3, seconds{0});
}

TEST_F(Hold, UnknownAccountAndSettledCall) {
  auto request = hold_for(1, {17'000});
  request.account_id = account_id(99);
  EXPECT_EQ(open(request).status, hold_status::no_account);
  fund(units(20));
  open(hold_for(2, {17'000}));
  stop(2, seconds{1});
  EXPECT_EQ(open(hold_for(2, {17'000})).status, hold_status::already_settled);
}

TEST_F(Hold, ExtensionIsNumberedAndRepeatable) {
  fund(units(20));
  open(hold_for(1, {17'000}));
  const auto first = extend(1, 1, {17'000}, seconds{50});
  EXPECT_EQ(first.status, extend_status::extended);
  EXPECT_EQ(first.total.micros, 34'000);
  const auto repeated = extend(1, 1, {17'000}, seconds{50});
  EXPECT_EQ(repeated.status, extend_status::repeated);
  EXPECT_EQ(repeated.total.micros, 34'000);
  EXPECT_EQ(extend(1, 2, {17'000}).total.micros, 51'000);
  EXPECT_EQ(extend(1, 1, {17'000}).status, extend_status::repeated);
  EXPECT_EQ(credit().held.micros, 51'000);
}

TEST_F(Hold, ExtensionGivesTheRestAsFinalUnit) {
  fund({40'000});
  open(hold_for(1, {17'000}));
  const auto last = extend(1, 1, {34'000});
  EXPECT_EQ(last.status, extend_status::final_unit);
  EXPECT_EQ(last.total.micros, 40'000);
  EXPECT_EQ(last.available.micros, 0);
  EXPECT_EQ(affordable_duration(global_rate(), last.total), seconds{120});
  fund(units(20), "rescue");
  EXPECT_EQ(extend(1, 2, {17'000}).status, extend_status::extended);
}

TEST_F(Hold, NoExtensionWithoutAHoldOrForABlockedAccount) {
  EXPECT_EQ(extend(1, 1, {17'000}).status, extend_status::no_hold);
  fund(units(20));
  open(hold_for(1, {17'000}));
  step([](auto& tx) { return set_blocked(tx, account_id(), true); }).value();
  const auto answer = extend(1, 1, {17'000});
  EXPECT_EQ(answer.status, extend_status::final_unit);
  EXPECT_EQ(answer.total.micros, 17'000);
  stop(1, seconds{1});
  EXPECT_EQ(extend(1, 2, {17'000}).status, extend_status::no_hold);
}

TEST_F(Hold, UsageReportRenewsManyAndNamesTheLost) {
  fund(units(20));
  open(hold_for(1, {17'000}));
  open(hold_for(2, {17'000}));
  const std::array calls{usage{account_id(), call_id(1), seconds{5}},
                         usage{account_id(), call_id(2), seconds{6}},
                         usage{account_id(), call_id(3), seconds{7}}};
  const auto answer = step([&](auto& tx) { return report_usage(tx, instance_id(), calls, seconds{30}); });
  EXPECT_EQ(answer.renewed, 2U);
  EXPECT_EQ(answer.without_hold, std::vector{call_id(3)});
  EXPECT_EQ(report(1, seconds{8}, seconds{30}, instance_id(2)).without_hold, std::vector{call_id(1)});
  EXPECT_TRUE(
      step([&](auto& tx) { return report_usage(tx, instance_id(), {}, seconds{30}); }).without_hold.empty());
}

// A session keeps a plan while the tables grow: also one that was made when they were as empty as VACUUM
// leaves them.
TEST_F(Hold, PlansOfAnEmptyLedgerGoByTheKey) {
  {
    pqxx::nontransaction tx(*connection_);
    tx.exec("VACUUM ANALYZE billing.hold, billing.account");
  }
  pqxx::work tx(*connection_);
  tx.exec("SET LOCAL plan_cache_mode = force_generic_plan");
  const std::array statements{
      "SELECT FROM billing.account WHERE account_id = $1 AND account_id <> $2 FOR NO KEY UPDATE",
      "UPDATE billing.account SET held_micros = 0 WHERE account_id = $1 AND account_id <> $2",
      "SELECT FROM billing.hold WHERE account_id = $1 AND call_id = $2",
      "UPDATE billing.hold SET used_s = 0 WHERE account_id = $1 AND call_id = $2",
      "DELETE FROM billing.hold WHERE account_id = $1 AND call_id = $2",
      "SELECT sum(amount_micros) FROM billing.hold WHERE account_id = $1 AND call_id <> $2"};
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const auto name = "plan" + std::to_string(i);
    tx.exec("PREPARE " + name + " (uuid, uuid) AS " + statements[i]);
    std::string plan;
    for (const auto& line : tx.exec("EXPLAIN EXECUTE " + name + " (gen_random_uuid(), gen_random_uuid())"))
      plan += line[0].as<std::string>() + "\n";
    EXPECT_NE(plan.find("_pkey"), std::string::npos) << plan;
    EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << plan;
  }
}

TEST_F(Hold, UsageReportDoesNotWaitForAHoldThatIsBeingSettled) {
  fund(units(20));
  open(hold_for(1, {17'000}));
  open(hold_for(2, {17'000}));
  pqxx::connection other(database());
  pqxx::work settling(other);
  settle(settling, stop_of(1, seconds{5}));
  const std::array calls{usage{account_id(), call_id(1), seconds{5}},
                         usage{account_id(), call_id(2), seconds{6}}};
  const auto answer = step([&](auto& tx) { return report_usage(tx, instance_id(), calls, seconds{30}); });
  EXPECT_EQ(answer.renewed, 1U);
  EXPECT_TRUE(answer.without_hold.empty());
  settling.commit();
}

}  // namespace
}  // namespace tollgate::billing
