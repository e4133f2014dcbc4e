// SPDX-License-Identifier: Apache-2.0
// Settling: charge, release, CDR; once; what becomes of abandoned holds.
#include <boost/uuid/uuid_io.hpp>
#include <pqxx/nontransaction>
#include <thread>

#include "fixture.hpp"

namespace tollgate::billing {
namespace {

class Settlement : public billing_test {
 protected:
  void SetUp() override {
    billing_test::SetUp();
    fund(units(20));
  }
  std::size_t reap(seconds grace = seconds{0}) {
    return step([&](auto& tx) { return reap_holds(tx, grace, 100); });
  }
  void expire_leases() { execute("UPDATE billing.hold SET lease_until = now() - interval '1 second'"); }
};

TEST_F(Settlement, ChargesByTheFrozenRateAndReleasesTheRest) {
  auto terms = global_rate();
  terms.connection_fee = {39'000};
  open(hold_for(1, {500'000}, terms));
  const auto answer = stop(1, milliseconds{61'000});
  EXPECT_EQ(answer.status, settle_status::settled);
  EXPECT_EQ(answer.charged.micros, 73'000);
  EXPECT_EQ(answer.billed, seconds{120});
  EXPECT_EQ(answer.balance_after, units(20) - money{73'000});
  EXPECT_EQ(credit().held.micros, 0);
  const auto entries = step([](auto& tx) { return list_entries(tx, account_id(), 10); });
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].kind, "call");
  EXPECT_EQ(entries[0].amount.micros, -73'000);
  EXPECT_EQ(entries[0].posted_after, answer.balance_after);
  EXPECT_EQ(entries[0].sequence, 2);
}

TEST_F(Settlement, RepeatGivesTheSameAnswerWhateverItSays) {
  open(hold_for(1, {17'000}));
  const auto first = stop(1, seconds{30});
  for (const auto talk : {seconds{30}, seconds{0}, seconds{999}}) {
    const auto again = stop(1, talk);
    EXPECT_EQ(again.status, settle_status::repeated);
    EXPECT_EQ(again.charged, first.charged);
    EXPECT_EQ(again.billed, first.billed);
    EXPECT_EQ(again.balance_after, first.balance_after);
  }
}

TEST_F(Settlement, UnansweredCallCostsNothingAndLeavesNoEntry) {
  open(hold_for(1, {17'000}));
  const auto answer = stop(1, seconds{0});
  EXPECT_EQ(answer.status, settle_status::settled);
  EXPECT_EQ(answer.charged.micros, 0);
  EXPECT_EQ(answer.balance_after, units(20));
  EXPECT_EQ(step([](auto& tx) { return list_entries(tx, account_id(), 10); }).size(), 1U);
  ASSERT_TRUE(record_of(1));
}

TEST_F(Settlement, TalkBeyondThePaidSecondIsNotCharged) {
  open(hold_for(1, {34'000}));
  const auto answer = stop(1, milliseconds{120'080});
  EXPECT_EQ(answer.billed, seconds{120});
  EXPECT_EQ(answer.charged.micros, 34'000);
  EXPECT_EQ(record_of(1)->call.talk, milliseconds{120'080});
}

TEST_F(Settlement, UnknownCallWritesNothing) {
  EXPECT_EQ(stop(1, seconds{60}).status, settle_status::unknown_call);
  auto stranger = stop_of(2, seconds{60});
  stranger.account_id = account_id(99);
  EXPECT_EQ(step([&](auto& tx) { return settle(tx, stranger); }).status, settle_status::unknown_call);
  EXPECT_FALSE(record_of(1));
}

TEST_F(Settlement, HostileTextsDoNotStopIt) {
  open(hold_for(1, {17'000}));
  auto record = stop_of(1, seconds{60});
  record.caller = std::string("\0\xff'\"\\u0000", 10);
  record.reason = std::string(100'000, '\xf0');
  record.from_trunk.mos = std::numeric_limits<double>::quiet_NaN();
  record.talk = milliseconds::max();
  record.started = std::chrono::system_clock::time_point::max();
  EXPECT_EQ(step([&](auto& tx) { return settle(tx, record); }).charged.micros, 17'000);
}

TEST_F(Settlement, RecordOfACallWithoutHoldIsIdempotent) {
  auto record = stop_of(1, seconds{10});
  record.direction = call_direction::in;
  record.caller_verdict = "failed_stale";
  const auto write = [&] { return step([&](auto& tx) { return record_call(tx, record); }); };
  EXPECT_EQ(*write(), record_status::recorded);
  EXPECT_EQ(*write(), record_status::repeated);
  EXPECT_EQ(record_of(1)->call, record);
  EXPECT_EQ(record_of(1)->charged.micros, 0);
  EXPECT_EQ(stop(1, seconds{10}).status, settle_status::repeated);
  EXPECT_EQ(open(hold_for(1, {17'000})).status, hold_status::already_settled);
}

TEST_F(Settlement, CallWithAHoldIsNotMerelyRecorded) {
  open(hold_for(1, {17'000}));
  EXPECT_EQ(step([&](auto& tx) { return record_call(tx, stop_of(1, seconds{10})); }).error(),
            error::hold_exists);
  auto stranger = stop_of(2, seconds{1});
  stranger.account_id = account_id(99);
  EXPECT_EQ(step([&](auto& tx) { return record_call(tx, stranger); }).error(), error::no_account);
}

TEST_F(Settlement, ReaperSettlesAtTheLastReportedSecond) {
  open(hold_for(1, {170'000}));
  report(1, seconds{61});
  EXPECT_EQ(reap(), 0U);
  expire_leases();
  EXPECT_EQ(reap(), 1U);
  EXPECT_EQ(reap(), 0U);
  const auto record = record_of(1);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->settled, settled_by::reaper);
  EXPECT_EQ(record->billed, seconds{120});
  EXPECT_EQ(record->charged.micros, 34'000);
  EXPECT_EQ(record->call.callee, "+442079460958");
  EXPECT_EQ(record->call.reason, "gateway_lost");
  EXPECT_TRUE(record->call.answered);
  EXPECT_EQ(credit().held.micros, 0);
  EXPECT_EQ(report(1, seconds{66}).without_hold, std::vector{call_id(1)});
}

TEST_F(Settlement, ReaperChargesNothingForACallThatNeverReportedTalk) {
  open(hold_for(1, {170'000}));
  expire_leases();
  EXPECT_EQ(reap(), 1U);
  EXPECT_EQ(record_of(1)->charged.micros, 0);
  EXPECT_FALSE(record_of(1)->call.answered);
}

TEST_F(Settlement, ReaperGivesGraceAndWaitsAfterARestartOfTheDatabase) {
  open(hold_for(1, {170'000}));
  execute("UPDATE billing.hold SET lease_until = now() - interval '1 hour'");
  // The server of this test has not been up for half an hour: nobody had the chance to report for so long.
  EXPECT_EQ(reap(seconds{1800}), 0U);
  EXPECT_EQ(reap(), 1U);
}

// Between the reaper's look at all holds and its turn to one, that one's gateway reports.
TEST_F(Settlement, ReaperLooksAtTheLeaseAgainUnderTheLock) {
  open(hold_for(1, {17'000}));
  open(hold_for(2, {17'000}));
  execute("UPDATE billing.hold SET lease_until = now() - CASE call_id WHEN '" +
          boost::uuids::to_string(call_id(1)) + "' THEN interval '2 seconds' ELSE interval '1 second' END");
  pqxx::connection other(database());
  pqxx::work stopping(other);
  stopping.exec("LOCK TABLE billing.cdr IN SHARE MODE");  // the reaper waits in the settlement of the first
  std::size_t reaped = 0;
  std::thread reaper([&] {
    pqxx::connection connection(database());
    pqxx::work tx(connection);
    reaped = reap_holds(tx, seconds{0}, 100);
    tx.commit();
  });
  for (bool waits = false; !waits;) {
    pqxx::nontransaction tx(*connection_);
    waits = !tx.exec(
                   "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = "
                   "'Lock'")
                 .empty();
  }
  EXPECT_EQ(report(2, seconds{5}).renewed, 1U);
  stopping.commit();
  reaper.join();
  EXPECT_EQ(reaped, 1U);
  EXPECT_TRUE(record_of(1));
  EXPECT_FALSE(record_of(2)) << "it is alive";
}

TEST_F(Settlement, ReaperLeavesAnAccountThatIsInUse) {
  open(hold_for(1, {17'000}));
  expire_leases();
  pqxx::connection other(database());
  pqxx::work busy(other);
  extend_hold(busy, {.account_id = account_id(), .call_id = call_id(1), .more = {17'000}});
  EXPECT_EQ(reap(), 0U);
  busy.commit();
  EXPECT_EQ(reap(), 0U) << "the extension renewed the lease";
  EXPECT_EQ(stop(1, seconds{61}).charged.micros, 34'000);
}

TEST_F(Settlement, LateTrueRecordCorrectsOnceUpwards) {
  open(hold_for(1, {170'000}));
  report(1, seconds{50});
  expire_leases();
  reap();
  EXPECT_EQ(credit().posted, units(20) - money{17'000});
  const auto corrected = stop(1, seconds{150});
  EXPECT_EQ(corrected.status, settle_status::corrected);
  EXPECT_EQ(corrected.charged.micros, 51'000);
  EXPECT_EQ(corrected.billed, seconds{180});
  EXPECT_EQ(corrected.balance_after, units(20) - money{51'000});
  EXPECT_EQ(stop(1, seconds{500}).status, settle_status::repeated);
  EXPECT_EQ(credit().posted, units(20) - money{51'000});
  EXPECT_EQ(record_of(1)->settled, settled_by::corrected);
  EXPECT_EQ(record_of(1)->terms, global_rate());
}

TEST_F(Settlement, LateTrueRecordRefundsAsWell) {
  open(hold_for(1, {170'000}));
  report(1, seconds{170});
  expire_leases();
  reap();
  const auto corrected = stop(1, seconds{30});
  EXPECT_EQ(corrected.charged.micros, 17'000);
  EXPECT_EQ(corrected.balance_after, units(20) - money{17'000});
}

TEST_F(Settlement, CorrectionTakesNoMoreThanTheHoldNorThanIsFree) {
  open(hold_for(1, {51'000}));
  open(hold_for(2, {51'000}));
  report(1, seconds{30});
  report(2, seconds{30});
  expire_leases();
  reap();
  EXPECT_EQ(stop(1, seconds{3600}).charged.micros, 51'000);
  const auto free = credit().available() - money{10'000};
  open(hold_for(3, free));
  const auto corrected = stop(2, seconds{180});
  EXPECT_EQ(corrected.charged.micros, 27'000) << "17,000 before and the 10,000 that were free";
  EXPECT_EQ(credit().available().micros, 0);
  EXPECT_EQ(record_of(2)->price.micros, 51'000);
  stop(3, seconds{0});
}

TEST_F(Settlement, OrphansOfAnEarlierRunOfTheSameNodeAreSettled) {
  open(hold_for(1, {17'000}));
  report(1, seconds{7});
  auto mine = hold_for(2, {17'000});
  mine.gateway_instance = instance_id(2);
  open(mine);
  auto foreign = hold_for(3, {17'000});
  foreign.node = "node-2";
  open(foreign);
  const auto orphans = [&] {
    return step([](auto& tx) { return settle_orphans(tx, "node-1", instance_id(2)); });
  };
  EXPECT_EQ(orphans(), 1U);
  EXPECT_EQ(orphans(), 0U);
  EXPECT_EQ(record_of(1)->charged.micros, 17'000);
  EXPECT_EQ(record_of(1)->call.node, "node-1");
  EXPECT_EQ(credit().held.micros, 34'000);
  EXPECT_EQ(stop(1, seconds{61}).status, settle_status::corrected);
}

}  // namespace
}  // namespace tollgate::billing
