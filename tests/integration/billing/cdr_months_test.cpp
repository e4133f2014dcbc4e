// SPDX-License-Identifier: Apache-2.0
// CDRs by month: one for each call over all partitions, settlements that find no month, and what is kept how
// long.
#include <atomic>
#include <thread>

#include "billing/cdr_list.hpp"
#include "billing/reconciliation.hpp"
#include "cdr_fixture.hpp"

namespace tollgate::billing {
namespace {

class CdrMonths : public cdr_test {};

// Far from the real now, whose months are made by the migration.
const auto now = day(2040, 3, 15);

TEST_F(CdrMonths, RecordsAreInTheMonthOfTheirId) {
  EXPECT_EQ(keep(now, {.months_ahead = 2}),
            (std::vector<std::string>{"2040-3 added", "2040-4 added", "2040-5 added"}));
  EXPECT_TRUE(keep(now, {.months_ahead = 2}).empty());
  const auto last = day(2040, 4, 1) - milliseconds{1};
  record(call_at(last, 1));
  record(call_at(day(2040, 4, 1), 2));
  record(call_at(day(2040, 6, 1), 3));  // nobody made this month
  record(call_id(4));                   // no UUIDv7
  EXPECT_EQ(table_of(call_at(last, 1)), "billing.cdr_2040_03");
  EXPECT_EQ(table_of(call_at(day(2040, 4, 1), 2)), "billing.cdr_2040_04");
  EXPECT_EQ(table_of(call_at(day(2040, 6, 1), 3)), "billing.cdr_default");
  EXPECT_EQ(table_of(call_id(4)), "billing.cdr_default");
  EXPECT_EQ(step([](auto& tx) { return list_calls_by(tx, {}, {}); }).size(), 4U);
}

TEST_F(CdrMonths, WaitingRecordsMoveToTheirMonth) {
  fund(units(1));
  const auto call = call_at(now, 1);
  EXPECT_EQ(charge(call).charged.micros, 17'000);
  EXPECT_EQ(table_of(call), "billing.cdr_default");
  keep(now, {.months_ahead = 0});
  EXPECT_EQ(table_of(call), "billing.cdr_2040_03");
  // The same call, whatever it is asked for now, is the one that was charged.
  auto stop = stop_of(1, seconds{60});
  stop.call_id = call;
  EXPECT_EQ(step([&](auto& tx) { return settle(tx, stop); }).status, settle_status::repeated);
  EXPECT_EQ(record(call), record_status::repeated);
  auto hold = hold_for(1, {17'000});
  hold.call_id = call;
  EXPECT_EQ(open(hold).status, hold_status::already_settled);
  EXPECT_EQ(credit().posted, units(1) - money{17'000});
}

TEST_F(CdrMonths, OneRecordForACallInEveryPartition) {
  keep(now, {.months_ahead = 0});
  for (const auto& call : {call_at(now, 1), call_at(day(2050, 1, 1), 2), call_id(3)}) {
    EXPECT_EQ(record(call), record_status::recorded);
    EXPECT_EQ(record(call), record_status::repeated);
    EXPECT_THROW(execute("INSERT INTO billing.cdr (account_id, call_id, settled_by, currency) VALUES ('" +
                         boost::uuids::to_string(account_id()) + "', '" + boost::uuids::to_string(call) +
                         "', 'gateway', 'EUR')"),
                 pqxx::unique_violation);
  }
}

// At the same time from many sides, while its month is being made: charged once.
TEST_F(CdrMonths, SettlementsGoOnWhileAMonthIsMade) {
  constexpr std::uint32_t callers = 4, calls = 25;
  for (std::uint32_t i = 2; i <= callers + 1; ++i)
    step([&](auto& tx) {
      create_account(tx, account_id(i), "EUR", "DE").value();
      return top_up(tx, {.account_id = account_id(i), .amount = units(1), .payment_id = std::to_string(i)},
                    {1});
    }).value();
  std::atomic<std::uint32_t> charged{0}, running{callers};
  std::vector<std::thread> threads;
  for (std::uint32_t caller = 2; caller <= callers + 1; ++caller)
    threads.emplace_back([&, caller] {
      pqxx::connection connection(database());
      for (std::uint32_t i = 0; i < calls; ++i) {
        auto hold = hold_for(1, {17'000});
        hold.account_id = account_id(caller);
        hold.call_id = call_at(now + std::chrono::days{31 * (i % 12)}, caller * 100 + i);
        auto stop = stop_of(1, seconds{60});
        stop.account_id = hold.account_id;
        stop.call_id = hold.call_id;
        {
          pqxx::work tx(connection);
          open_hold(tx, hold);
          tx.commit();
        }
        for (int times = 0; times < 2; ++times) {
          pqxx::work tx(connection);
          if (settle(tx, stop).status == settle_status::settled) ++charged;
          tx.commit();
        }
      }
      --running;
    });
  for (int month = 0; running > 0; ++month)
    keep(now + std::chrono::days{31 * (month % 12)}, {.months_ahead = 0});
  for (auto& thread : threads)
    thread.join();
  keep(now, {.months_ahead = 12});
  EXPECT_EQ(charged, callers * calls);
  const auto left = step([](auto& tx) {
    return tx.exec1("SELECT (SELECT count(*) FROM billing.cdr), (SELECT count(*) FROM billing.cdr_default)");
  });
  EXPECT_EQ(left[0].as<std::uint32_t>(), callers * calls);
  EXPECT_EQ(left[1].as<int>(), 0);
}

TEST_F(CdrMonths, OldMonthsGoWhenTheyAreOldEnough) {
  fund(units(1));
  for (int month = 1; month <= 3; ++month)
    keep(day(2040, static_cast<unsigned>(month), 1), {.months_ahead = 0});
  charge(call_at(day(2040, 1, 31), 1));
  charge(call_at(day(2040, 2, 1), 2));
  charge(call_at(day(2040, 3, 1), 3));
  EXPECT_TRUE(keep(day(2040, 3, 31), {.months_ahead = 0}).empty()) << "0 months: for ever";
  EXPECT_TRUE(keep(day(2040, 3, 31), {.months = 2, .months_ahead = 0}).empty());
  EXPECT_EQ(keep(day(2040, 4, 1), {.months = 2, .months_ahead = 0}),
            (std::vector<std::string>{"2040-4 added", "2040-1 retired"}));
  EXPECT_EQ(table_of(call_at(day(2040, 1, 31), 1)), "");
  EXPECT_EQ(table_of(call_at(day(2040, 2, 1), 2)), "billing.cdr_2040_02");
  // Its money stays where it is, and no late message brings the call back.
  EXPECT_EQ(credit().posted, units(1) - money{3 * 17'000});
  auto stop = stop_of(1, seconds{600});
  stop.call_id = call_at(day(2040, 1, 31), 1);
  EXPECT_EQ(step([&](auto& tx) { return settle(tx, stop); }).status, settle_status::unknown_call);
  // Were it held anew, its charge would be the second one of this call: the ledger refuses it.
  auto hold = hold_for(1, {17'000});
  hold.call_id = stop.call_id;
  ASSERT_EQ(open(hold).status, hold_status::opened);
  stop.talk = seconds{60};
  EXPECT_THROW(step([&](auto& tx) { return settle(tx, stop); }), pqxx::unique_violation);
  stop.talk = seconds{0};
  EXPECT_EQ(step([&](auto& tx) { return settle(tx, stop); }).charged, money{});
  execute("DELETE FROM billing.cdr WHERE call_id = '" + boost::uuids::to_string(stop.call_id) + "'");
  const auto retired = step([](auto& tx) {
    return tx.exec1(
        "SELECT calls, charged->>'EUR', kept_as FROM billing.cdr_retired WHERE month >= '2040-01-01'");
  });
  EXPECT_EQ(retired[0].as<int>(), 1);
  EXPECT_EQ(retired[1].as<int>(), 17'000);
  EXPECT_EQ(retired[2].as<std::string>(), "");
}

TEST_F(CdrMonths, DetachedMonthsAreKeptApart) {
  fund(units(1));
  keep(day(2040, 1, 1), {.months_ahead = 0});
  charge(call_at(day(2040, 1, 31), 1));
  EXPECT_EQ(keep(day(2040, 5, 1), {.months = 3, .detach = true, .months_ahead = 0}).back(), "2040-1 retired");
  EXPECT_EQ(table_of(call_at(day(2040, 1, 31), 1)), "");
  const auto kept = step([](auto& tx) {
    return tx.exec1("SELECT count(*), sum(charged_micros) FROM billing_archive.cdr_2040_01");
  });
  EXPECT_EQ(kept[0].as<int>(), 1);
  EXPECT_EQ(kept[1].as<int>(), 17'000);
}

TEST_F(CdrMonths, NothingGoesBeforeItsConsumersHaveIt) {
  keep(day(2040, 1, 1), {.months_ahead = 0});
  record(call_at(day(2040, 1, 5), 1));
  record(call_at(day(2040, 1, 6), 2));
  const auto has = [&](const char* name, const export_cursor& cursor) {
    step([&](auto& tx) { return acknowledge_export(tx, name, cursor); }).value();
  };
  const auto page = [&](const export_cursor& after, int limit) {
    return step([&](auto& tx) { return export_calls(tx, after, limit); });
  };
  const auto first = page({}, 1).next, all = page(first, 10).next;
  has("accounting", all);
  has("statistics", first);
  const retention_policy policy{.months = 1, .months_ahead = 0};
  EXPECT_EQ(keep(day(2040, 6, 1), policy).back(), "2040-1 not_exported");
  has("statistics", all);
  EXPECT_EQ(keep(day(2040, 6, 1), policy).back(), "2040-1 retired");
}

TEST_F(CdrMonths, NothingGoesThatDoesNotAgreeWithTheLedger) {
  fund(units(1));
  keep(day(2040, 1, 1), {.months_ahead = 0});
  const auto call = call_at(day(2040, 1, 5), 1);
  charge(call);
  const auto set = [&](const char* charge) {
    execute(std::string("UPDATE billing.cdr SET charged_micros = ") + charge);
  };
  set("0");
  EXPECT_EQ(keep(day(2040, 6, 1), {.months = 1, .months_ahead = 0}).back(), "2040-1 not_balanced");
  set("17000");
  EXPECT_EQ(keep(day(2040, 6, 1), {.months = 1, .months_ahead = 0}).back(), "2040-1 retired");
}

// Who reads CDRs for long, or settles a call of an old month, is not waited for, and does not wait.
TEST_F(CdrMonths, RetentionIsPostponedRatherThanWaitedFor) {
  keep(day(2040, 1, 1), {.months_ahead = 0});
  record(call_at(day(2040, 1, 5), 1));
  pqxx::connection other(database());
  {
    pqxx::work reader(other);
    reader.exec("SELECT count(*) FROM billing.cdr");
    EXPECT_EQ(keep(day(2040, 6, 1), {.months = 1, .months_ahead = 0}),
              (std::vector<std::string>{"2040-6 postponed", "2040-1 postponed"}));
  }
  EXPECT_EQ(keep(day(2040, 6, 1), {.months = 1, .months_ahead = 0}),
            (std::vector<std::string>{"2040-6 added", "2040-1 retired"}));
}

TEST_F(CdrMonths, LedgerAndRecordsAreCompared) {
  fund(units(1));
  const auto from = day(2040, 1, 1), until = day(2040, 2, 1);
  keep(from, {.months_ahead = 0});
  for (std::uint32_t i = 1; i <= 4; ++i)
    charge(call_at(from + std::chrono::hours{i}, i));
  record(call_at(from, 5));
  charge(call_at(until, 6));  // beyond the period
  const auto same = step([&](auto& tx) { return compare_ledger(tx, from, until); });
  EXPECT_EQ(same.calls, 5);
  EXPECT_EQ(same.differences, 0);
  EXPECT_TRUE(same.first.empty());
  pqxx::work tx(*connection_);  // never committed
  const auto id = [&](std::uint32_t i) {
    return "'" + boost::uuids::to_string(call_at(from + std::chrono::hours{i}, i)) + "'";
  };
  tx.exec("DELETE FROM billing.cdr WHERE call_id = " + id(1));
  tx.exec("UPDATE billing.cdr SET charged_micros = 16000 WHERE call_id = " + id(2));
  tx.exec(
      "UPDATE billing.cdr SET held_micros = 9, price_micros = 9, charged_micros = 9 WHERE charged_micros = "
      "0");
  const auto other = compare_ledger(tx, from, until);
  EXPECT_EQ(other.calls, 5);
  EXPECT_EQ(other.differences, 3);
  ASSERT_EQ(other.first.size(), 3U);
  EXPECT_EQ(other.first[0].what, "extra");
  EXPECT_EQ(other.first[0].record.micros, 9);
  EXPECT_EQ(other.first[1].what, "missing");
  EXPECT_EQ(other.first[1].ledger.micros, 17'000);
  EXPECT_EQ(other.first[2].what, "amount");
  EXPECT_EQ(other.first[2].record.micros, 16'000);
}

TEST_F(CdrMonths, CallsOverATrunkAreFoundForItsCarrier) {
  fund(units(1));
  const auto at = day(2040, 1, 5);
  auto hold = hold_for(1, {17'000});
  hold.call_id = call_at(at, 1);
  open(hold);
  auto stop = stop_of(1, milliseconds{30'500});
  stop.call_id = hold.call_id;
  stop.trunk = "main";
  stop.started = at;
  stop.answered = at + seconds{4};
  stop.cost =
      cost_rate{.deck = "acme",
                .currency = "EUR",
                .terms = {.rate_id = 1, .prefix = "44", .destination = "UK", .price_per_minute = {6'000}}};
  step([&](auto& tx) { return settle(tx, stop); });
  const auto find = [&](const char* trunk, system_clock::time_point from) {
    return step([&](auto& tx) { return calls_over_trunks(tx, {trunk}, from, from + std::chrono::days{1}); });
  };
  const auto found = find("main", at);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].called, "442079460958");
  EXPECT_EQ(found[0].talk_ms, 30'500);
  EXPECT_EQ(found[0].cost_billed_s, 60);
  EXPECT_EQ(found[0].cost, money{6'000});
  EXPECT_EQ(found[0].answered, at + seconds{4});
  EXPECT_TRUE(find("other", at).empty());

  // Another trunk of the call was cancelled, and answered all the same.
  const cost_rate dear{.deck = "dear",
                       .currency = "EUR",
                       .terms = {.rate_id = 2,
                                 .prefix = "44",
                                 .destination = "UK",
                                 .price_per_minute = {60'000},
                                 .initial_increment = seconds{1},
                                 .next_increment = seconds{1}}};
  auto crossed = stop;
  auto second = hold_for(2, {17'000});
  second.call_id = crossed.call_id = call_at(at, 2);
  open(second);
  crossed.attempts = {
      {.trunk = "crossed", .sip_code = 200, .at = at, .connected = milliseconds{20}, .cost = dear},
      {.trunk = "main", .sip_code = 200, .at = at + seconds{1}}};
  step([&](auto& tx) { return settle(tx, crossed); });
  const auto charged = find("crossed", at);
  ASSERT_EQ(charged.size(), 1U);
  EXPECT_TRUE(charged[0].unheard);
  EXPECT_EQ(charged[0].started, at);
  EXPECT_EQ(charged[0].talk_ms, 20);
  EXPECT_EQ(charged[0].cost_billed_s, 1);
  EXPECT_EQ(charged[0].cost, money{1'000});
  const auto carried = find("main", at);
  ASSERT_EQ(carried.size(), 2U);
  EXPECT_EQ(carried[1].cost, money{6'000}) << "its own part";
  const auto record = step([&](auto& tx) { return find_call(tx, crossed.account_id, crossed.call_id); });
  ASSERT_TRUE(record);
  EXPECT_EQ(record->cost, money{7'000}) << "of both";
  EXPECT_EQ(record->margin, money{record->charged.micros - 7'000});
  EXPECT_EQ(record->call.attempts, crossed.attempts);
  EXPECT_TRUE(find("main", at + seconds{1}).empty());

  auto unknown = crossed;  // what the other trunk charges is not known
  auto third = hold_for(3, {17'000});
  third.call_id = unknown.call_id = call_at(at, 3);
  open(third);
  unknown.attempts[0].trunk = "free";
  unknown.attempts[0].cost.reset();
  step([&](auto& tx) { return settle(tx, unknown); });
  const auto without = find("free", at);
  ASSERT_EQ(without.size(), 1U);
  EXPECT_EQ(without[0].cost_billed_s, 0);
  EXPECT_EQ(without[0].cost, std::nullopt);
}

}  // namespace
}  // namespace tollgate::billing
