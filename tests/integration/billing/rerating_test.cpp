// SPDX-License-Identifier: Apache-2.0
// Calls rated anew by other versions of their deck.
#include "billing/rerating.hpp"

#include <gmock/gmock.h>

#include <map>
#include <pqxx/notification>
#include <random>
#include <thread>

#include "billing/credit.hpp"
#include "billing/rate_deck.hpp"
#include "cdr_fixture.hpp"

namespace tollgate::billing {
namespace {

using testing::ElementsAre;

const std::string number = "+442079460958";
const std::string header =
    "prefix,destination,price_per_minute,connection_fee,initial_increment_s,next_increment_s,free_start_s,"
    "included_s,"
    "effective_from,effective_until\n";
// EUR 0.60 a minute by the second, and mobiles at 1.20 by the minute.
const std::string retail =
    header + "44,UK,0.60,0,1,1,0,0,,\n447,UK mobile,1.20,0.10,60,60,0,0,,\n33,France,0.30,0,30,6,5,10,,\n";

class Rerating : public cdr_test {
 protected:
  void SetUp() override {
    cdr_test::SetUp();
    fund(units(1000));
    ASSERT_EQ(import(retail), 1);
  }
  int import(const std::string& csv, const std::string& deck = "retail", deck_kind kind = deck_kind::sell,
             const std::string& currency = "EUR") {
    const auto report = step([&](auto& tx) {
      return import_deck(tx, {.name = deck,
                              .kind = kind,
                              .currency = currency,
                              .csv = csv,
                              .effective_from = day(2026, 1, 1) + std::chrono::hours(++imports_)});
    });
    EXPECT_EQ(report.result, deck_import_report::outcome::imported);
    return report.version;
  }
  rate rate_of(const std::string& callee, const std::string& deck = "retail") {
    const auto table = step([&](auto& tx) { return load_rate_table(tx, deck, noon); }).value();
    return *table.find(std::string_view(callee).substr(1));
  }
  // A call of noon, charged by version 1.
  settlement call(std::uint32_t n, milliseconds talk, const std::string& callee = number,
                  money granted = units(10), std::uint32_t account = 1) {
    auto hold =
        hold_for(n, granted, rates_.contains(callee) ? rates_.at(callee) : rates_[callee] = rate_of(callee));
    hold.account_id = account_id(account);
    hold.call_id = call_at(noon, n);
    hold.callee = callee;
    EXPECT_EQ(open(hold).status, hold_status::opened);
    return settle_call(n, talk, callee, account);
  }
  settlement settle_call(std::uint32_t n, milliseconds talk, const std::string& callee = number,
                         std::uint32_t account = 1) {
    auto stop = stop_of(1, talk);
    stop.account_id = account_id(account);
    stop.call_id = call_at(noon, n);
    stop.callee = callee;
    stop.started = noon;
    return step([&](auto& tx) { return settle(tx, stop); });
  }
  static rerating_request by(int version) {
    return {.deck = "retail",
            .version = version,
            .from = noon - std::chrono::hours(1),
            .until = noon + std::chrono::hours(1)};
  }
  rerating_report report(const rerating_request& request) {
    return step([&](auto& tx) { return report_rerating(tx, request); }).value();
  }
  // To its end; true: it was ordered before.
  bool commit(const std::string& id, const rerating_request& request, int limit = 2) {
    const bool known =
        step([&](auto& tx) { return begin_rerating(tx, id, request, "wrong prices"); }).value();
    while (!step([&](auto& tx) { return advance_rerating(tx, id, limit); })) {
    }
    return known;
  }
  rerating found(const std::string& id) {
    return step([&](auto& tx) { return find_rerating(tx, id); }).value();
  }
  std::vector<rerated_call> corrections(const std::string& id) {
    return step([&](auto& tx) { return list_rerated_calls(tx, id, 1000); });
  }
  std::vector<std::int64_t> entries() {
    std::vector<std::int64_t> amounts;
    for (const auto& each : step([](auto& tx) { return list_entries(tx, account_id(), 100); }))
      if (each.kind == "rerating") amounts.push_back(each.amount.micros);
    return amounts;
  }

  static inline const system_clock::time_point noon = day(2026, 11, 22) + std::chrono::hours(12);
  std::map<std::string, rate> rates_;
  int imports_ = 0;
};

// Whatever was billed, cut off at the paid second or free at its start: by its own version a call costs what
// it did.
TEST_F(Rerating, TheSameVersionFindsNothingToDo) {
  std::mt19937 random(7);
  const std::string callees[] = {number, "+447700900123", "+33123456789"};
  for (std::uint32_t n = 1; n <= 60; ++n) {
    const auto& callee = callees[n % 3];
    const money granted{static_cast<std::int64_t>(1'300'000 + random() % 1'000'000)};
    call(n, milliseconds{random() % 400'000}, callee, granted);
  }
  const auto same = report(by(1));
  EXPECT_EQ(same.calls, 60);
  EXPECT_EQ((std::array{same.unpriced, same.provisional, same.cheaper, same.dearer}),
            (std::array<std::int64_t, 4>{}));
  EXPECT_EQ(same.before, same.after);
  EXPECT_EQ(same.before.micros, units(1000).micros - credit().posted.micros);
  EXPECT_FALSE(commit("nothing", by(1)));
  EXPECT_TRUE(entries().empty());
}

TEST_F(Rerating, PricesAreThoseOfTheVersionByItsLongestPrefix) {
  call(1, milliseconds{61'001});
  call(2, seconds{61}, "+447700900123");
  call(3, seconds{4}, "+33123456789");
  call(4, seconds{60});
  const int second = import(
      header + "442,London,0.30,0.05,60,60,0,0,,\n44,UK,9,0,1,1,0,0,,\n4477,Mobile,0.12,0,1,1,0,60,,\n");
  const auto found = report(by(second));
  EXPECT_EQ(found.currency, "EUR");
  EXPECT_EQ((std::array{found.calls, found.unpriced, found.cheaper, found.dearer}),
            (std::array<std::int64_t, 4>{4, 1, 2, 1}))
      << "France has no price";
  ASSERT_EQ(found.first.size(), 3U);
  const auto& most = found.first[0];
  EXPECT_EQ(most.call_id, call_at(noon, 2)) << "the greatest difference first";
  EXPECT_EQ((std::pair{most.prefix_before, most.prefix}),
            (std::pair<std::string, std::string>{"447", "4477"}));
  EXPECT_EQ((std::array{most.billed_before, most.billed}), (std::array{seconds{120}, seconds{61}}));
  EXPECT_EQ((std::array{most.before.micros, most.price.micros}),
            (std::array<std::int64_t, 2>{2'500'000, 2'000}));
  EXPECT_EQ(most.began, noon);
  const std::int64_t london = 620'000 - 650'000;
  EXPECT_EQ(found.to_give_back.micros + found.to_take.micros, 2'498'000 + (600'000 - 350'000) - london);
}

TEST_F(Rerating, TimesOfPricesAreThoseOfTheCallsBegin) {
  call(1, seconds{60});
  const int timed = import(header +
                           "44,UK,0.10,0,1,1,0,0,,2026-11-22T12:00:00Z\n44,UK,0.20,0,1,1,0,0,2026-11-22T12:"
                           "00:00Z,2026-11-22T12:00:01Z\n"
                           "44,UK,0.40,0,1,1,0,0,2026-11-22T12:00:01Z,\n");
  EXPECT_EQ(report(by(timed)).after.micros, 200'000);
}

TEST_F(Rerating, CorrectionsAreEntriesOfTheirOwnAndMadeOnce) {
  for (std::uint32_t n = 1; n <= 5; ++n)
    call(n, seconds{60 * n});
  call(6, seconds{60}, "+33123456789");
  const auto before = credit().posted;
  const int half = import(header + "44,UK,0.30,0,1,1,0,0,,\n33,France,0.60,0,1,1,0,0,,\n");
  const auto told = report(by(half));
  EXPECT_EQ(credit().posted, before) << "a report changes nothing";
  EXPECT_FALSE(commit("r1", by(half)));
  EXPECT_EQ(credit().posted.micros, before.micros + told.to_give_back.micros - told.to_take.micros);
  EXPECT_EQ(told.to_give_back.micros, 15 * 300'000);
  EXPECT_EQ(told.to_take.micros, 600'000 - 250'000);
  const auto made = found("r1");
  EXPECT_EQ((std::pair{made.given_back, made.taken}), (std::pair{told.to_give_back, told.to_take}));
  EXPECT_EQ((std::pair{made.calls, made.lacking.micros}), (std::pair<std::int64_t, std::int64_t>{6, 0}));
  EXPECT_TRUE(made.ended);
  EXPECT_EQ(entries().size(), 6U);
  EXPECT_TRUE(commit("r1", by(half))) << "known";
  EXPECT_FALSE(commit("r2", by(half)));
  EXPECT_EQ(entries().size(), 6U) << "the same under another id finds nothing to do";
  EXPECT_EQ(found("r2").calls, 0);
  const auto record = step([&](auto& tx) { return find_call(tx, account_id(), call_at(noon, 1)); }).value();
  EXPECT_EQ(record.charged.micros, 600'000) << "the record stays as it was";
  EXPECT_EQ(record.rerated, money{-300'000}) << "what came later stands beside it";
  EXPECT_FALSE(step([&](auto& tx) { return find_call(tx, account_id(), call_at(noon, 1)); })->deck->version !=
               1);
  commit("back", by(1));
  EXPECT_EQ(credit().posted, before) << "back to the first version";
  EXPECT_EQ(entries().size(), 12U);
}

TEST_F(Rerating, NeverTakesMoreThanIsFreeAndTheRestLater) {
  call(1, seconds{60});
  call(2, seconds{60});
  const int dear = import(header + "44,UK,60,0,1,1,0,0,,\n");
  const auto all = credit().posted;
  step([&](auto& tx) {
    return adjust(tx, {.account_id = account_id(),
                       .amount = {units(100).micros - all.micros},
                       .reference = "spent",
                       .note = "spent"});
  }).value();
  ASSERT_EQ(open(hold_for(900, units(30))).granted, units(30));
  commit("dear", by(dear));
  const auto made = found("dear");
  EXPECT_EQ(made.taken, units(70)) << "59.40 for each, of 70 that no call holds";
  EXPECT_EQ(made.lacking.micros, 2 * 59'400'000 - 70'000'000);
  EXPECT_EQ(entries(), (std::vector<std::int64_t>{-10'600'000, -59'400'000}));
  fund(units(10), "more");
  commit("again", by(dear));
  fund(units(100), "enough");
  commit("at last", by(dear));
  EXPECT_EQ(found("dear").taken.micros + found("again").taken.micros + found("at last").taken.micros,
            2 * 59'400'000);
  EXPECT_EQ(found("at last").lacking, money{});
}

TEST_F(Rerating, WithoutAnyCreditNothingIsTakenAndNothingForgotten) {
  step([&](auto& tx) { return create_account(tx, account_id(2), "EUR", "DE"); }).value();
  step([&](auto& tx) {
    return top_up(tx, {.account_id = account_id(2), .amount = {600'000}, .payment_id = "poor"}, {1});
  }).value();
  call(1, seconds{60}, number, {600'000}, 2);
  auto wanted = by(import(header + "44,UK,0.90,0,1,1,0,0,,\n"));
  wanted.account_id = account_id(2);
  commit("poor", wanted);
  ASSERT_EQ(corrections("poor").size(), 1U);
  EXPECT_EQ(corrections("poor")[0].lacking.micros, 300'000);
  EXPECT_FALSE(corrections("poor")[0].sequence);
}

TEST_F(Rerating, LiveCallsHearOfWhatIsGivenBack) {
  struct ear : pqxx::notification_receiver {
    explicit ear(pqxx::connection_base& c) : notification_receiver(c, "tollgate_credit") {}
    void operator()(const std::string& payload, int) override { heard.push_back(payload); }
    std::vector<std::string> heard;
  };
  call(1, seconds{60});
  const int half = import(header + "44,UK,0.30,0,1,1,0,0,,\n");
  open(hold_for(900, units(1)));
  pqxx::connection listening(database());
  ear listener(listening);
  commit("r", by(half));
  listening.await_notification(10, 0);
  EXPECT_THAT(listener.heard, ElementsAre(boost::uuids::to_string(account_id())));
}

// The transaction is the batch: whoever is killed between two goes on, with the same id.
TEST_F(Rerating, GoesOnAfterACrashAndTwoAtOnceDoItOnce) {
  constexpr std::uint32_t calls = 40;
  for (std::uint32_t n = 1; n <= calls; ++n)
    call(n, seconds{60});
  const auto before = credit().posted;
  const auto half = by(import(header + "44,UK,0.30,0,1,1,0,0,,\n"));
  step([&](auto& tx) { return begin_rerating(tx, "r", half); }).value();
  EXPECT_FALSE(step([&](auto& tx) { return advance_rerating(tx, "r", 3); }));
  {
    pqxx::work lost(*connection_);
    EXPECT_FALSE(advance_rerating(lost, "r", 3));
  }  // the connection breaks before the commit
  EXPECT_EQ(corrections("r").size(), 3U);
  std::vector<std::thread> threads;
  for (const std::string id : {"r", "r", "other"})
    threads.emplace_back([&, id] {
      pqxx::connection own(database());
      const auto one = [&](auto&& run) {
        pqxx::work tx(own);
        const bool answer = run(tx);
        tx.commit();
        return answer;
      };
      one([&](auto& tx) { return begin_rerating(tx, id, half).value(); });
      while (!one([&](auto& tx) { return advance_rerating(tx, id, 3); })) {
      }
    });
  for (std::uint32_t n = calls + 1; n <= calls + 20; ++n)
    call(n, seconds{1});  // the account lives on
  for (auto& each : threads)
    each.join();
  const auto given = found("r").given_back.micros + found("other").given_back.micros;
  EXPECT_GE(given, calls * 300'000);
  EXPECT_EQ(credit().posted.micros, before.micros - 20 * 10'000 + given);
  commit("rest", half);
  EXPECT_EQ(credit().posted.micros, before.micros + calls * 300'000 - 20 * 5'000);
  EXPECT_EQ(corrections("r").size() + corrections("other").size() + corrections("rest").size(), calls + 20);
}

TEST_F(Rerating, ProvisionalRecordsAreToldAndWaitForTheirStopRecord) {
  auto hold = hold_for(1, units(10), rate_of(number));
  hold.call_id = call_at(noon, 1);
  hold.lease = seconds{0};
  open(hold);
  const usage used{.account_id = account_id(), .call_id = hold.call_id, .used = seconds{60}};
  step([&](auto& tx) { return report_usage(tx, instance_id(), {&used, 1}, seconds{0}); });
  auto half = by(import(header + "44,UK,0.30,0,1,1,0,0,,\n"));
  half.until = system_clock::now() + std::chrono::hours(1);
  half.from = std::min(half.from, half.until - std::chrono::hours(2));
  ASSERT_EQ(step([&](auto& tx) { return settle_orphans(tx, "node-1", instance_id(2)); }), 1U);
  EXPECT_EQ((std::pair{report(half).provisional, report(half).cheaper}),
            (std::pair<std::int64_t, std::int64_t>{1, 0}));
  commit("early", half);
  EXPECT_TRUE(entries().empty());
  EXPECT_EQ(settle_call(1, seconds{120}).status, settle_status::corrected);
  commit("later", half);
  EXPECT_THAT(entries(), ElementsAre(600'000));
}

TEST_F(Rerating, CallsOfOtherDecksAndVersionsAreLeftAlone) {
  call(1, seconds{60});
  import(header + "44,UK,0.40,0,1,1,0,0,,\n", "gold");
  const int half = import(header + "44,UK,0.30,0,1,1,0,0,,\n");
  auto hold = hold_for(2, units(10), rate_of(number, "gold"));
  hold.call_id = call_at(noon, 2);
  open(hold);
  settle_call(2, seconds{60});
  EXPECT_EQ(report(by(half)).calls, 1);
  auto gold = by(half);
  gold.rated_by = "gold";
  EXPECT_EQ((std::pair{report(gold).calls, report(gold).to_give_back.micros}),
            (std::pair<std::int64_t, std::int64_t>{1, 100'000}));
  auto other_version = by(half);
  other_version.rated_by_version = half;
  EXPECT_EQ(report(other_version).calls, 0);
  auto other_account = by(half);
  other_account.account_id = account_id(2);
  EXPECT_EQ(report(other_account).calls, 0);
  auto earlier = by(half);
  earlier.until = noon - seconds{1};
  EXPECT_EQ(report(earlier).calls, 0);
}

TEST_F(Rerating, RefusesWhatMakesNoSense) {
  import(header + "44,UK,0.10,0,1,1,0,0,,\n", "carrier", deck_kind::cost);
  import(header + "44,UK,0.10,0,1,1,0,0,,\n", "dollars", deck_kind::sell, "USD");
  const int second = import(header + "44,UK,0.10,0,1,1,0,0,,\n");
  const auto refusal = [&](auto change) {
    auto request = by(second);
    change(request);
    const auto done = step([&](auto& tx) { return report_rerating(tx, request); });
    const auto ordered = step([&](auto& tx) { return begin_rerating(tx, "x", request); });
    EXPECT_EQ(done.error(), ordered.error());
    return done.error();
  };
  EXPECT_EQ(refusal([](auto& r) { r.version = 9; }), error::no_deck);
  EXPECT_EQ(refusal([](auto& r) { r.deck = "none"; }), error::no_deck);
  EXPECT_EQ(refusal([](auto& r) { r.rated_by = "none"; }), error::no_deck);
  EXPECT_EQ(refusal([](auto& r) { r.deck = "carrier", r.version = 1; }), error::no_deck);
  EXPECT_EQ(refusal([](auto& r) { r.rated_by = "dollars"; }), error::wrong_currency);
  EXPECT_EQ(refusal([](auto& r) { r.until = r.from; }), error::malformed);
  const auto order = [&](const std::string& id, const rerating_request& request) {
    return step([&](auto& tx) { return begin_rerating(tx, id, request); });
  };
  EXPECT_EQ(order("", by(second)).error(), error::malformed);
  EXPECT_EQ(order(std::string(201, 'x'), by(second)).error(), error::malformed);
  EXPECT_FALSE(order("x", by(second)).value());
  EXPECT_EQ(order("x", by(1)).error(), error::reference_conflict);
  auto of_one = by(second);
  of_one.account_id = account_id();
  EXPECT_EQ(order("x", of_one).error(), error::reference_conflict);
  EXPECT_EQ(step([](auto& tx) { return list_reratings(tx, 10); }).size(), 1U);
}

}  // namespace
}  // namespace tollgate::billing
