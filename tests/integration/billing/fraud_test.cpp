// SPDX-License-Identifier: Apache-2.0
// Limits that hold while calls run. Hours pass by moving what was written into the past.
#include "billing/fraud.hpp"

#include <atomic>
#include <boost/uuid/uuid_io.hpp>
#include <map>
#include <pqxx/nontransaction>
#include <thread>

#include "fixture.hpp"

namespace tollgate::billing {
namespace {

class Fraud : public billing_test {
 protected:
  void SetUp() override {
    billing_test::SetUp();
    execute("DELETE FROM billing.fraud_limit");
    // The hour of an event stands still: no test straddles two.
    execute(
        "CREATE OR REPLACE FUNCTION billing.fraud_hour() RETURNS timestamptz LANGUAGE sql STABLE "
        "RETURN timestamptz '2026-11-22 07:00:00Z'");
    fund(units(1000));
  }
  void limit(const std::string& measure, std::int64_t most, const std::string& action,
             const std::string& scope = "new") {
    const std::string currency = measure.starts_with("spend_") ? "EUR" : "";
    step([&](auto& tx) { return set_fraud_limit(tx, {scope, measure, most, action, currency}); }).value();
  }
  hold_answer begin(std::uint32_t call, rate terms = global_rate(), money wanted = {17'000}) {
    return step([&](auto& tx) { return open_guarded_hold(tx, hold_for(call, wanted, terms)); });
  }
  extend_answer more(std::uint32_t call, int number, money amount, seconds used = seconds{0}) {
    return step([&](auto& tx) {
      return extend_guarded_hold(tx, {.account_id = account_id(),
                                      .call_id = call_id(call),
                                      .request_number = number,
                                      .used = used,
                                      .more = amount});
    });
  }
  void pass(const std::string& interval) {
    execute("UPDATE billing.cdr SET written_at = written_at - interval '" + interval +
            "', started_at = started_at - interval '" + interval + "'");
  }
  bool unlock() {
    return step([](auto& tx) { return unlock_fraud(tx, account_id()); });
  }
  std::vector<fraud_event> events() {
    return step([](auto& tx) { return list_fraud_events(tx, 100); });
  }
};

rate dear_rate(const std::string& prefix) {
  return {.rate_id = 8, .prefix = prefix, .destination = "far", .price_per_minute = units(1)};
}

TEST_F(Fraud, ConcurrentCallsAreCountedWithTheirHolds) {
  limit("concurrent_calls", 2, "refuse");
  EXPECT_EQ(begin(1).status, hold_status::opened);
  EXPECT_EQ(begin(2).status, hold_status::opened);
  const auto third = begin(3);
  EXPECT_EQ(third.status, hold_status::fraud_limit);
  EXPECT_EQ(third.limit, "concurrent_calls");
  EXPECT_EQ(begin(1).status, hold_status::repeated) << "a repeated request is not another call";
  EXPECT_EQ(more(1, 1, {17'000}).status, extend_status::extended) << "live calls go on";
  stop(1, seconds{30});
  EXPECT_EQ(begin(3).status, hold_status::fraud_limit) << "final for its call id";
  EXPECT_EQ(begin(4).status, hold_status::opened);
  EXPECT_EQ(record_of(3)->settled, settled_by::refused);
  EXPECT_EQ(record_of(3)->call.reason, "fraud_limit");
  ASSERT_EQ(events().size(), 1U);
  EXPECT_EQ(events()[0].times, 1);
  EXPECT_EQ(events()[0].call_id, call_id(3));
}

TEST_F(Fraud, StartsOfAMinute) {
  limit("starts_minute", 3, "refuse");
  for (std::uint32_t call = 1; call <= 3; ++call) {
    EXPECT_EQ(begin(call).status, hold_status::opened);
    stop(call, seconds{0});
  }
  EXPECT_EQ(begin(4).limit, "starts_minute");
  pass("61 seconds");
  EXPECT_EQ(begin(5).status, hold_status::opened);
}

TEST_F(Fraud, SpendingCutsLiveCallsAndLocksUntilUnlocked) {
  limit("spend_hour", 5'000'000, "cut");
  EXPECT_EQ(begin(1, dear_rate("881"), units(2)).status, hold_status::opened);
  EXPECT_EQ(more(1, 1, units(2)).status, extend_status::extended);
  EXPECT_EQ(more(1, 2, units(2)).status, extend_status::extended) << "4 of 5 are held before it";
  const auto cut = more(1, 3, units(2), seconds{300});
  EXPECT_EQ(cut.status, extend_status::fraud_limit);
  EXPECT_EQ(cut.limit, "spend_hour");
  EXPECT_EQ(cut.total, units(6)) << "nothing was added";
  EXPECT_EQ(stop(1, seconds{300}).charged, units(5)) << "what was talked is paid";
  reconnect();
  EXPECT_EQ(begin(2).limit, "locked");
  pass("2 hours");
  EXPECT_EQ(begin(3).limit, "locked") << "time does not unlock";
  const auto state = step([](auto& tx) { return find_fraud_state(tx, account_id()); }).value();
  EXPECT_TRUE(state.locked_at);
  EXPECT_EQ(state.measure, "spend_hour");
  EXPECT_EQ(state.level, "new");
  EXPECT_TRUE(unlock());
  EXPECT_FALSE(unlock());
  EXPECT_EQ(begin(4).status, hold_status::opened);
}

TEST_F(Fraud, WhatWasBeforeTheUnlockingCountsNoMore) {
  limit("spend_day", 1'000'000, "cut");
  begin(1, dear_rate("881"), units(1));
  stop(1, seconds{60});
  EXPECT_EQ(begin(2).limit, "spend_day");
  unlock();
  EXPECT_EQ(begin(3).status, hold_status::opened);
}

TEST_F(Fraud, SpendingOfADayEndsWithTheDay) {
  limit("spend_day", 1'000'000, "refuse");
  begin(1, dear_rate("881"), units(1));
  stop(1, seconds{60});
  EXPECT_EQ(begin(2).limit, "spend_day");
  pass("25 hours");
  EXPECT_EQ(begin(3).status, hold_status::opened);
}

TEST_F(Fraud, DistinctDearPrefixesAreCountedAndCheapOnesAreNot) {
  limit("dear_prefixes_day", 2, "refuse");
  for (std::uint32_t call = 1; call <= 2; ++call) {
    EXPECT_EQ(begin(call, dear_rate("88" + std::to_string(call)), units(1)).status, hold_status::opened);
    stop(call, seconds{10});
  }
  EXPECT_EQ(begin(3, dear_rate("883"), units(1)).limit, "dear_prefixes_day");
  EXPECT_EQ(begin(4, dear_rate("881"), units(1)).status, hold_status::opened) << "known today";
  EXPECT_EQ(begin(5).status, hold_status::opened) << "cheap";
}

TEST_F(Fraud, LongCallIsCutAloneAndEventsOnlyNote) {
  limit("call_length", 3600, "cut");
  limit("concurrent_calls", 1, "event");
  begin(1);
  const auto second = begin(2);
  EXPECT_EQ(second.status, hold_status::opened);
  EXPECT_EQ(second.limit, "concurrent_calls");
  EXPECT_EQ(more(1, 1, {17'000}, seconds{3599}).status, extend_status::extended);
  EXPECT_EQ(more(1, 2, {17'000}, seconds{3600}).limit, "call_length");
  EXPECT_EQ(more(2, 1, {17'000}, seconds{30}).status, extend_status::extended);
  EXPECT_EQ(begin(3).status, hold_status::opened);
  EXPECT_EQ(events().size(), 2U);
}

TEST_F(Fraud, LimitWithoutEffectIsRefused) {
  const auto set = [&](const fraud_limit& wanted) {
    return step([&](auto& tx) { return set_fraud_limit(tx, wanted); });
  };
  for (const char* scope : {"new", "all"})
    EXPECT_EQ(set({scope, "call_length", 60, "refuse"}).error(), error::malformed);
  EXPECT_EQ(set({"all", "dear_prefixes_day", 2, "cut"}).error(), error::malformed);
  EXPECT_TRUE(set({"new", "dear_prefixes_day", 2, "cut"}).has_value());
}

TEST_F(Fraud, AccountsGraduateByAgeOrByPaymentsOfSomeAge) {
  limit("concurrent_calls", 0, "refuse", "new");
  const auto level = [&] { return step([](auto& tx) { return find_fraud_state(tx, account_id()); })->level; };
  EXPECT_EQ(level(), "new");
  EXPECT_EQ(begin(1).status, hold_status::fraud_limit);
  step([](auto& tx) { return set_fraud_policy(tx, 60, 0); }).value();
  EXPECT_EQ(level(), "established");
  EXPECT_EQ(begin(2).status, hold_status::opened);
  execute("UPDATE billing.fraud_policy SET payment_days = 14");
  EXPECT_EQ(level(), "new");
  execute("UPDATE billing.account SET opened_at = opened_at - interval '61 days'");
  EXPECT_EQ(level(), "established");
}

TEST_F(Fraud, LimitOfOneAccountGoesBeforeItsLevels) {
  limit("concurrent_calls", 0, "refuse");
  limit("concurrent_calls", 1, "refuse", boost::uuids::to_string(account_id()));
  EXPECT_EQ(begin(1).status, hold_status::opened);
  EXPECT_EQ(begin(2).status, hold_status::fraud_limit);
}

TEST_F(Fraud, AllAccountsTogetherAreWatched) {
  const auto watch = [&] { return step([](auto& tx) { return watch_fraud(tx); }); };
  limit("concurrent_calls", 1, "cut", "all");
  EXPECT_FALSE(watch());
  begin(1);
  EXPECT_TRUE(watch());
  EXPECT_EQ(begin(2).limit, "all");
  EXPECT_EQ(more(1, 1, {17'000}).status, extend_status::fraud_limit);
  stop(1, seconds{10});
  EXPECT_FALSE(watch());
  EXPECT_EQ(begin(3).status, hold_status::opened);
  limit("spend_hour", 17'000, "refuse", "all");
  limit("concurrent_calls", 100, "refuse", "all");
  EXPECT_TRUE(watch());
  EXPECT_EQ(begin(4).limit, "all");
  EXPECT_EQ(more(3, 1, {17'000}).status, extend_status::extended) << "refuses new ones only";
  EXPECT_EQ(events().size(), 2U);
}

TEST_F(Fraud, LimitsOfAllAreDecidedAtEveryStep) {
  limit("concurrent_calls", 2, "cut", "all");
  EXPECT_EQ(begin(1).status, hold_status::opened);
  EXPECT_EQ(more(1, 1, {17'000}).status, extend_status::extended);
  EXPECT_EQ(begin(2).status, hold_status::opened);
  EXPECT_EQ(begin(3).limit, "all") << "nobody watched";
  EXPECT_EQ(more(1, 2, {17'000}).status, extend_status::fraud_limit);
  stop(1, seconds{10});
  EXPECT_EQ(begin(4).status, hold_status::opened);
  stop(2, seconds{10});
  stop(4, seconds{10});
  limit("concurrent_calls", 100, "cut", "all");
  limit("spend_day", units(3).micros, "refuse", "all");
  EXPECT_EQ(begin(5, dear_rate("881"), units(3)).status, hold_status::opened);
  EXPECT_EQ(begin(6).limit, "all") << "what is held counts as spent";
  stop(5, seconds{180});
  EXPECT_TRUE(step([](auto& tx) { return watch_fraud(tx); }));
  EXPECT_EQ(begin(7).limit, "all") << "what was charged counts from the next watch on";
}

TEST_F(Fraud, DearPrefixesOfAllAccountsAreCountedTogether) {
  step([&](auto& tx) { return create_account(tx, account_id(2), "EUR", "DE"); }).value();
  step([&](auto& tx) {
    return top_up(tx, {.account_id = account_id(2), .amount = units(100), .payment_id = "second"});
  }).value();
  const auto other = [&](std::uint32_t call, const std::string& prefix) {
    auto request = hold_for(call, units(1), dear_rate(prefix));
    request.account_id = account_id(2);
    return step([&](auto& tx) { return open_guarded_hold(tx, request); });
  };
  const auto watch = [&] { return step([](auto& tx) { return watch_fraud(tx); }); };
  limit("dear_prefixes_day", 2, "refuse", "all");
  EXPECT_EQ(begin(1, dear_rate("881"), units(1)).status, hold_status::opened);
  EXPECT_EQ(other(2, "882").status, hold_status::opened);
  EXPECT_EQ(begin(3, dear_rate("883"), units(1)).limit, "all") << "two of others are live";
  stop(1, seconds{10});
  EXPECT_FALSE(watch()) << "no other call is refused for it";
  EXPECT_EQ(other(4, "883").limit, "all") << "the first was noted at its start";
  EXPECT_EQ(other(5, "881").status, hold_status::opened) << "known today";
  EXPECT_EQ(begin(6).status, hold_status::opened) << "cheap";
  pass("25 hours");
  execute("UPDATE billing.fraud_prefix SET last_at = last_at - interval '25 hours'");
  EXPECT_FALSE(watch());
  EXPECT_EQ(begin(7, dear_rate("883"), units(1)).limit, "all") << "881 and 882 are live again";
  limit("dear_prefixes_day", 2, "event", "all");
  EXPECT_EQ(begin(8, dear_rate("884"), units(1)).status, hold_status::opened) << "only noted";
  const auto told = events();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ((std::pair{told[0].scope, told[0].measure}),
            (std::pair<std::string, std::string>{"all", "dear_prefixes_day"}));
  EXPECT_EQ(told[0].times, 4);
  step([](auto& tx) { return unlock_fraud(tx, std::nullopt); });
  limit("dear_prefixes_day", 4, "refuse", "all");
  EXPECT_EQ(begin(9, dear_rate("885"), units(1)).status, hold_status::opened)
      << "only live calls count since";
}

TEST_F(Fraud, NoCallOfAnyAccountIsLongerThanTheLimitOfAll) {
  limit("call_length", 3600, "cut", "all");
  limit("call_length", 7200, "event");
  begin(1);
  EXPECT_EQ(more(1, 1, {17'000}, seconds{3599}).status, extend_status::extended);
  EXPECT_EQ(begin(2).status, hold_status::opened) << "a start has no length";
  const auto cut = more(1, 2, {17'000}, seconds{3600});
  EXPECT_EQ(cut.status, extend_status::fraud_limit);
  EXPECT_EQ(cut.limit, "all");
  EXPECT_EQ(more(2, 1, {17'000}, seconds{60}).status, extend_status::extended) << "that call alone";
  EXPECT_FALSE(step([](auto& tx) { return watch_fraud(tx); }));
  limit("call_length", 3600, "event", "all");
  EXPECT_EQ(more(1, 3, {17'000}, seconds{3700}).status, extend_status::extended) << "only noted";
  EXPECT_EQ(events().size(), 1U);
  EXPECT_EQ(events()[0].times, 2);
}

TEST_F(Fraud, CallsOfManyAccountsDoNotPassALimitOfAllTogether) {
  constexpr std::uint32_t most = 5, workers = 6;
  limit("concurrent_calls", most, "refuse", "all");
  for (std::uint32_t worker = 0; worker < workers; ++worker) {
    const auto id = account_id(10 + worker);
    step([&](auto& tx) { return create_account(tx, id, "EUR", "DE"); }).value();
    step([&](auto& tx) {
      return top_up(tx, {.account_id = id, .amount = units(10), .payment_id = "p" + std::to_string(worker)});
    }).value();
  }
  std::atomic<std::uint32_t> opened{0};
  std::vector<std::thread> threads;
  for (std::uint32_t worker = 0; worker < workers; ++worker)
    threads.emplace_back([&, worker] {
      pqxx::connection connection(database());
      for (std::uint32_t i = 0; i < 5; ++i) {
        pqxx::work tx(connection);
        auto request = hold_for(1 + 10 * worker + i, {17'000});
        request.account_id = account_id(10 + worker);
        opened += open_guarded_hold(tx, request).status == hold_status::opened ? 1 : 0;
        tx.commit();
      }
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(opened, most);
}

TEST_F(Fraud, LimitsAreCheckedWhenTheyAreSet) {
  const auto set = [&](fraud_limit one) {
    return step([&](auto& tx) { return set_fraud_limit(tx, one); }).has_error();
  };
  EXPECT_TRUE(set({"old", "spend_hour", 1, "cut", "EUR"}));
  EXPECT_TRUE(set({"new", "spend_year", 1, "cut", "EUR"}));
  EXPECT_TRUE(set({"new", "spend_hour", -1, "cut", "EUR"}));
  EXPECT_TRUE(set({"new", "spend_hour", 1, "bite", "EUR"}));
  EXPECT_TRUE(set({"new", "spend_hour", 1, "cut"})) << "a sum of no currency";
  EXPECT_TRUE(set({"new", "spend_hour", 1, "cut", "XXX"}));
  EXPECT_TRUE(set({"new", "concurrent_calls", 1, "cut", "EUR"})) << "a count has none";
  limit("spend_hour", 1, "cut");
  EXPECT_TRUE(step([](auto& tx) { return remove_fraud_limit(tx, "new", "spend_hour", "EUR"); }));
  EXPECT_FALSE(step([](auto& tx) { return remove_fraud_limit(tx, "new", "spend_hour", "EUR"); }));
}

TEST_F(Fraud, ParallelCallsDoNotPassALimitTogether) {
  limit("concurrent_calls", 5, "refuse");
  std::atomic<int> opened{0};
  std::vector<std::thread> threads;
  for (std::uint32_t worker = 0; worker < 6; ++worker)
    threads.emplace_back([&, worker] {
      pqxx::connection connection(database());
      for (std::uint32_t i = 0; i < 5; ++i) {
        pqxx::work tx(connection);
        opened +=
            open_guarded_hold(tx, hold_for(1 + 10 * worker + i, {17'000})).status == hold_status::opened;
        tx.commit();
      }
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(opened, 5);
}

TEST_F(Fraud, ShippedLimitsAreLowerForNewAccounts) {
  pqxx::connection connection(server().fresh_database());
  pqxx::work tx(connection);
  std::map<std::string, std::int64_t> of_new;
  const auto limits = list_fraud_limits(tx);
  for (const auto& one : limits)
    if (one.scope == "new") of_new[one.measure + one.currency] = one.most;
  EXPECT_EQ(of_new.at("spend_dayEUR"), units(100).micros);
  EXPECT_EQ(of_new.count("spend_dayJPY"), 1U);
  for (const auto& one : limits)
    if (one.scope == "established") {
      EXPECT_LT(of_new.at(one.measure + one.currency), one.most) << one.measure << one.currency;
    }
}

// EUR 5 is not JPY 5: a limit holds in its own currency, and spending that has no bound in its own is
// refused.
TEST_F(Fraud, LimitsAreOfOneCurrency) {
  const auto yen = account_id(20);
  step([&](auto& tx) { return create_account(tx, yen, "JPY", "JP"); }).value();
  step([&](auto& tx) {
    return top_up(tx, {.account_id = yen, .amount = units(100'000), .payment_id = "yen", .currency = "JPY"});
  }).value();
  const auto call = [&](std::uint32_t number) {
    auto request = hold_for(number, units(50));
    request.account_id = yen;
    request.currency = "JPY";
    return step([&](auto& tx) { return open_guarded_hold(tx, request); });
  };
  EXPECT_EQ(call(1).status, hold_status::opened) << "no limit of spending at all";
  limit("spend_day", units(5).micros, "cut");
  const auto refused = call(2);
  EXPECT_EQ(refused.status, hold_status::fraud_limit);
  EXPECT_EQ(refused.limit, "spend_day");
  ASSERT_EQ(events().size(), 1U);
  EXPECT_EQ(events()[0].currency, "JPY");
  step([&](auto& tx) {
    return set_fraud_limit(tx, {"new", "spend_day", units(100).micros, "refuse", "JPY"});
  }).value();
  EXPECT_EQ(call(3).status, hold_status::opened) << "50 of 100 are held, 5 of another currency are nothing";
  EXPECT_EQ(call(4).limit, "spend_day");
  step([&](auto& tx) {
    return set_fraud_limit(tx, {"all", "spend_hour", units(60).micros, "refuse", "EUR"});
  }).value();
  EXPECT_EQ(begin(30, dear_rate("881"), units(4)).status, hold_status::opened) << "yen are no euros";
}

// What the account's row knows of its room is void when a limit changes, and is refreshed when it is used up.
TEST_F(Fraud, ChangesOfALimitHoldAtTheNextStep) {
  limit("spend_day", units(100).micros, "refuse");
  limit("concurrent_calls", 100, "refuse");
  EXPECT_EQ(begin(1, dear_rate("881"), units(2)).status, hold_status::opened);
  EXPECT_EQ(begin(2, dear_rate("881"), units(2)).status, hold_status::opened);
  limit("spend_day", units(3).micros, "cut");
  EXPECT_EQ(begin(3).limit, "spend_day");
  EXPECT_EQ(more(1, 1, units(1)).limit, "locked");
  unlock();
  limit("spend_day", units(100).micros, "refuse");
  EXPECT_EQ(begin(4).status, hold_status::opened);
  limit("concurrent_calls", 3, "refuse");
  EXPECT_EQ(begin(5).limit, "concurrent_calls");
  stop(1, seconds{1});
  EXPECT_EQ(begin(6).status, hold_status::opened);
  EXPECT_EQ(begin(7).limit, "concurrent_calls");
  step([](auto& tx) { return remove_fraud_limit(tx, "new", "concurrent_calls"); });
  EXPECT_EQ(begin(8).status, hold_status::opened);
}

// Two calls begun at the same moment: the first holds what the bound allows, the second waits for it and sees
// that.
TEST_F(Fraud, CallsBegunTogetherDoNotPassABoundOnCallees) {
  constexpr std::uint32_t rounds = 10;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    const auto bounded = [&](std::uint32_t call) {
      auto request = hold_for(call, units(1));
      request.callee = "+442079460958";
      request.bound = callee_bound{"+44", units(round + 1)};
      return request;
    };
    pqxx::connection first(database());
    pqxx::work holding(first);
    EXPECT_EQ(open_guarded_hold(holding, bounded(100 + 2 * round)).status, hold_status::opened);
    hold_answer second;
    std::thread other([&] {
      pqxx::connection connection(database());
      pqxx::work tx(connection);
      second = open_guarded_hold(tx, bounded(101 + 2 * round));
      tx.commit();
    });
    // It must be waiting for the account, else nothing is proved.
    for (bool waits = false; !waits;) {
      pqxx::connection watching(database());
      pqxx::nontransaction tx(watching);
      waits = !tx.exec(
                     "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = "
                     "'Lock'")
                   .empty();
    }
    holding.commit();
    other.join();
    EXPECT_EQ(second.status, hold_status::callee_limit) << round;
    EXPECT_EQ(record_of(101 + 2 * round)->call.reason, "callee_limit");
  }
}

TEST_F(Fraud, ABoundOnCalleesCountsThoseThatBeginAlike) {
  const auto call = [&](std::uint32_t number, const std::string& callee) {
    auto request = hold_for(number, units(1));
    request.callee = callee;
    request.bound = callee_bound{callee.substr(0, 3), units(2)};
    return step([&](auto& tx) { return open_hold(tx, request); });
  };
  EXPECT_EQ(call(1, "+442079460958").status, hold_status::opened);
  EXPECT_EQ(call(2, "+492079460958").status, hold_status::opened);
  EXPECT_EQ(call(3, "+442079460959").status, hold_status::opened);
  EXPECT_EQ(call(4, "+442079460958").status, hold_status::callee_limit);
  EXPECT_EQ(call(3, "+442079460959").status, hold_status::repeated);
  stop(1, seconds{1});
  EXPECT_EQ(call(4, "+442079460958").status, hold_status::callee_limit) << "final";
  EXPECT_EQ(call(5, "+442079460958").status, hold_status::opened);
}

}  // namespace
}  // namespace tollgate::billing
