// SPDX-License-Identifier: Apache-2.0
// Months pass: notices, lapse, reactivation. The time is an argument; the last use is set back or taken as it
// is.
#include "billing/credit_life.hpp"

#include <atomic>
#include <boost/uuid/uuid_io.hpp>
#include <thread>

#include "billing/credit.hpp"
#include "fixture.hpp"

namespace tollgate::billing {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::sys_days;
using namespace std::chrono_literals;

class CreditLife : public billing_test {
 protected:
  void used_on(const std::string& day, std::uint32_t account = 1) {
    step([&](auto& tx) {
      return tx.exec_params("UPDATE billing.account SET last_used_on = $1 WHERE account_id = $2", day,
                            boost::uuids::to_string(account_id(account)));
    });
  }
  std::vector<std::string> advance(system_clock::time_point now) {
    std::vector<std::string> steps;
    for (const auto& one : step([&](auto& tx) { return advance_credit(tx, now, policy_, 100); }))
      steps.push_back(one.step);
    return steps;
  }
  auto reactivate_now(actor by, system_clock::time_point now) {
    return step([&](auto& tx) { return reactivate(tx, account_id(), by, now); });
  }
  credit_life life() {
    return step([&](auto& tx) { return find_credit_life(tx, account_id(), policy_); }).value();
  }
  std::vector<account_event> pending() {
    const auto id = account_id();
    return step([&](auto& tx) { return pending_events(tx, {&id, 1}, 100); });
  }

  lapse_policy policy_;
};

using steps = std::vector<std::string>;

TEST_F(CreditLife, NoticesComeOnceEachAndThenTheCreditLapses) {
  fund(units(20));
  used_on("2030-01-15");
  const auto end = sys_days{2030y / 7 / 16};  // good through 15 July
  EXPECT_EQ(life().lapses_at, end);
  EXPECT_EQ(advance(end - 30 * 24h - 1s), steps{});
  EXPECT_EQ(advance(end - 30 * 24h), steps{"notice_30d"});
  EXPECT_EQ(advance(end - 20 * 24h), steps{});
  EXPECT_EQ(advance(end - 7 * 24h), steps{"notice_7d"});
  EXPECT_EQ(advance(end - 72h - 1s), steps{});
  EXPECT_EQ(advance(end - 72h), steps{"notice_72h"});
  EXPECT_EQ(advance(end - 1s), steps{});
  EXPECT_EQ(credit().posted, units(20));
  EXPECT_EQ(advance(end), steps{"lapse"});
  EXPECT_EQ(credit().posted, money{});
  EXPECT_EQ(life().inactive, units(20));
  EXPECT_EQ(advance(end + 24h), steps{});
  const auto entries = step([](auto& tx) { return list_entries(tx, account_id(), 1); });
  EXPECT_EQ(entries[0].kind, "lapse");
  EXPECT_EQ(entries[0].contra, "inactive_credit");
  EXPECT_EQ(entries[0].amount, -units(20));
  const auto events = pending();
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].kind, "credit_lapse_notice");
  EXPECT_NE(events[0].body.find("2030-07-16T00:00:00"), std::string::npos) << events[0].body;
  EXPECT_EQ(events[3].kind, "credit_lapsed");
}

TEST_F(CreditLife, MonthsEndWhereTheyAreShort) {
  fund(units(20));
  struct row {
    const char* used;
    int months;
    sys_days lapses;
  };
  for (const auto& [used, months, lapses] :
       {row{"2030-08-31", 6, 2031y / 3 / 1}, row{"2030-08-29", 6, 2031y / 3 / 1},
        row{"2030-08-28", 6, 2031y / 3 / 1}, row{"2030-08-27", 6, 2031y / 2 / 28},
        row{"2031-08-31", 6, 2032y / 3 / 1}, row{"2031-08-28", 6, 2032y / 2 / 29},
        row{"2030-12-31", 6, 2031y / 7 / 1}, row{"2030-01-31", 1, 2030y / 3 / 1}}) {
    used_on(used);
    policy_.months = months;
    EXPECT_EQ(life().lapses_at, system_clock::time_point{lapses}) << used;
  }
}

TEST_F(CreditLife, PeriodIsThatOfTheCountryAndMayBeNever) {
  fund(units(20));
  used_on("2030-01-15");
  policy_.by_country = {{"DE", 0}, {"FR", 12}};
  EXPECT_FALSE(life().lapses_at);
  EXPECT_EQ(advance(sys_days{2050y / 1 / 1}), steps{});
  policy_.by_country = {{"DE", 12}};
  EXPECT_EQ(life().lapses_at, sys_days{2031y / 1 / 16});
  policy_ = {.months = 0};
  EXPECT_FALSE(life().lapses_at);
  const std::vector<std::string> good{"DE=0", "FR=12"};
  EXPECT_EQ(parse_lapse_countries(good)->at("FR"), 12);
  for (const std::string bad : {"DE", "de=1", "DEU=1", "DE=", "DE=x", "DE=-1", "DE=121", "DE=1 "}) {
    const std::vector<std::string> one{bad};
    EXPECT_TRUE(parse_lapse_countries(one).has_error()) << bad;
  }
  const std::vector<std::string> twice{"DE=1", "DE=2"};
  EXPECT_TRUE(parse_lapse_countries(twice).has_error());
}

TEST_F(CreditLife, LateRunGivesOnlyTheNearestNotice) {
  fund(units(20));
  used_on("2030-01-15");
  const auto end = sys_days{2030y / 7 / 16};
  EXPECT_EQ(advance(end - 6 * 24h), steps{"notice_7d"});
  EXPECT_EQ(advance(end + 90 * 24h), steps{"lapse"});
}

TEST_F(CreditLife, UseMovesTheDateAndVoidsNotices) {
  fund(units(20));
  used_on("2020-01-15");
  const auto end = sys_days{2020y / 7 / 16};
  EXPECT_EQ(advance(end - 7 * 24h), steps{"notice_7d"});
  EXPECT_EQ(pending().size(), 1U);
  open(hold_for(1, {17'000}));
  stop(1, seconds{0});  // free: no use
  EXPECT_EQ(pending().size(), 1U);
  open(hold_for(2, {17'000}));
  stop(2, seconds{30});
  EXPECT_TRUE(pending().empty()) << "the notice holds no more";
  EXPECT_EQ(advance(end - 72h), steps{});
  EXPECT_EQ(advance(end), steps{});
  const auto all = step([](auto& tx) { return list_events(tx, account_id(), 10); });
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all[0].is_void);
  used_on("2020-01-15");
  fund(units(20), "second");
  EXPECT_GT(life().lapses_at, system_clock::now() + 24h * 180);
}

TEST_F(CreditLife, RenewalOfANumberIsNoUse) {
  fund(units(20));
  used_on("2020-01-15");
  execute(
      "SELECT billing.charge_subscription(account_id, gen_random_uuid(), 1, 3, 1000000, '', now()) FROM "
      "billing.account");
  EXPECT_EQ(life().lapses_at, sys_days{2020y / 7 / 16});
}

TEST_F(CreditLife, NothingLapsesWhileAHoldIsOpen) {
  fund(units(20));
  used_on("2030-01-15");
  const auto late = sys_days{2031y / 1 / 1};
  auto free_call = global_rate();
  free_call.price_per_minute = {};
  open(hold_for(1, {}, free_call));
  EXPECT_EQ(credit().held, money{}) << "even a hold of nothing";
  EXPECT_EQ(advance(late), steps{});
  stop(1, seconds{10});
  EXPECT_EQ(advance(late), steps{"lapse"});
  open(hold_for(2, {17'000}));
  EXPECT_EQ(record_of(2)->call.reason, "insufficient_credit");
}

TEST_F(CreditLife, InactiveCreditIsReactivatedWithAWholePeriod) {
  fund(units(20));
  used_on("2030-01-15");
  advance(sys_days{2030y / 7 / 16});
  step([](auto& tx) { return set_blocked(tx, account_id(), true); }).value();
  const auto day = sys_days{2031y / 2 / 3};
  EXPECT_EQ(reactivate_now(actor::subscriber, day).error(), error::account_blocked);
  const auto back = reactivate_now(actor::admin, day).value();
  EXPECT_EQ(back.amount, units(20));
  EXPECT_EQ(back.balance_after, units(20));
  EXPECT_EQ(reactivate_now(actor::admin, day).error(), error::nothing_inactive);
  EXPECT_EQ(life().inactive, money{});
  EXPECT_EQ(life().lapses_at, sys_days{2031y / 8 / 4});
  EXPECT_EQ(advance(sys_days{2031y / 8 / 3}), steps{"notice_72h"});
  EXPECT_EQ(advance(sys_days{2031y / 8 / 4}), steps{"lapse"});
  EXPECT_EQ(life().inactive, units(20));
}

TEST_F(CreditLife, GiftAfterALapseHasItsOwnPeriod) {
  fund(units(20));
  used_on("2030-01-15");
  advance(sys_days{2030y / 7 / 16});
  const auto day = sys_days{2031y / 2 / 3};
  step([&](auto& tx) {
    return adjust(tx, {.account_id = account_id(),
                       .kind = adjustment_kind::goodwill,
                       .amount = units(1),
                       .reference = "g",
                       .note = "sorry",
                       .now = day});
  }).value();
  EXPECT_EQ(advance(day), steps{});
  EXPECT_EQ(advance(sys_days{2031y / 8 / 4}), steps{"lapse"});
  EXPECT_EQ(life().inactive, units(21));
}

TEST_F(CreditLife, CreditThatWasOldAtTheFirstStartIsAnnouncedFirst) {
  fund(units(20));
  used_on("2020-01-15");
  execute("UPDATE billing.lapse_start SET not_before = '2030-02-01T00:00:00Z'");
  EXPECT_EQ(advance(sys_days{2030y / 1 / 1}), steps{});
  EXPECT_EQ(advance(sys_days{2030y / 1 / 2}), steps{"notice_30d"});
  EXPECT_EQ(advance(sys_days{2030y / 2 / 1}), steps{"lapse"});
}

TEST_F(CreditLife, DeliveredEventsAreNotPending) {
  fund(units(20));
  used_on("2030-01-15");
  advance(sys_days{2030y / 7 / 9});
  const auto events = pending();
  ASSERT_EQ(events.size(), 1U);
  step([&](auto& tx) {
    confirm_delivery(tx, events, system_clock::now());
    return true;
  });
  EXPECT_TRUE(pending().empty());
  EXPECT_TRUE(step([](auto& tx) { return list_events(tx, account_id(), 10); })[0].delivered_at);
  const auto add = [&] {
    return step([](auto& tx) { return add_event(tx, account_id(), "k", "test", "{}", system_clock::now()); });
  };
  EXPECT_TRUE(add());
  EXPECT_FALSE(add());
}

TEST_F(CreditLife, ManyNodesActOnceForEachAccount) {
  constexpr std::uint32_t accounts = 40;
  for (std::uint32_t i = 1; i <= accounts; ++i) {
    if (i > 1) step([&](auto& tx) { return create_account(tx, account_id(i), "EUR", "DE"); }).value();
    step([&](auto& tx) {
      return top_up(tx, {.account_id = account_id(i), .amount = units(10), .payment_id = std::to_string(i)});
    }).value();
    used_on("2030-01-15", i);
  }
  const auto run = [&](system_clock::time_point now) {
    std::atomic<int> acted{0};
    std::vector<std::thread> nodes;
    for (int n = 0; n < 4; ++n)
      nodes.emplace_back([&] {
        pqxx::connection connection(database());
        for (int turn = 0; turn < 20; ++turn) {
          pqxx::work tx(connection);
          acted += static_cast<int>(advance_credit(tx, now, policy_, 7).size());
          tx.commit();
        }
      });
    for (auto& node : nodes)
      node.join();
    return acted.load();
  };
  EXPECT_EQ(run(sys_days{2030y / 7 / 14}), 40);
  EXPECT_EQ(run(sys_days{2030y / 7 / 16}), 40);
}

}  // namespace
}  // namespace tollgate::billing
