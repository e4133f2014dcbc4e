// SPDX-License-Identifier: Apache-2.0
// The export hands every committed CDR out once, whatever is being written while it is read.
#include <atomic>
#include <random>
#include <thread>

#include "cdr_fixture.hpp"

namespace tollgate::billing {
namespace {

class CdrExport : public cdr_test {
 protected:
  static export_page read(pqxx::connection& connection, const export_cursor& after, int limit) {
    pqxx::work tx(connection);
    return export_calls(tx, after, limit);
  }
  // Everything behind the cursor, which moves.
  std::vector<call_record> rest(export_cursor& cursor, int limit = 3) {
    std::vector<call_record> all;
    for (bool more = true; more;) {
      auto page = read(*connection_, cursor, limit);
      std::move(page.records.begin(), page.records.end(), std::back_inserter(all));
      cursor = page.next;
      more = page.more;
    }
    return all;
  }
};

const auto start = day(2026, 11, 22);

TEST_F(CdrExport, PagesFollowEachOther) {
  export_cursor cursor;
  EXPECT_TRUE(rest(cursor).empty());
  for (std::uint32_t i = 1; i <= 7; ++i)
    record(call_at(start - std::chrono::hours{i}, i));  // later calls have earlier ids
  const auto all = rest(cursor);
  ASSERT_EQ(all.size(), 7U);
  for (std::uint32_t i = 1; i <= 7; ++i)
    EXPECT_EQ(all[i - 1].call.call_id, call_at(start - std::chrono::hours{i}, i))
        << "in the order of commitment";
  EXPECT_TRUE(rest(cursor).empty());
  record(call_at(start, 8));
  EXPECT_EQ(rest(cursor).size(), 1U);
}

// The transaction that began first commits last: who went by its number alone would never see its record.
TEST_F(CdrExport, NothingIsSkippedThatWasNotCommittedYet) {
  export_cursor cursor;
  step([](auto& tx) { return create_account(tx, account_id(2), "EUR", "DE"); }).value();
  pqxx::connection slow(database());
  pqxx::work late(slow);
  record_call(late, unpaid(call_at(start, 1))).value();
  record(call_at(start, 2), 2);  // began later, committed already
  EXPECT_TRUE(rest(cursor).empty());
  late.commit();
  EXPECT_EQ(rest(cursor).size(), 2U);
  {
    pqxx::work undone(slow);
    record_call(undone, unpaid(call_at(start, 3))).value();
    record(call_at(start, 4), 2);
    EXPECT_TRUE(rest(cursor).empty());
  }  // rolled back
  const auto after = rest(cursor);
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].call.call_id, call_at(start, 4));
}

TEST_F(CdrExport, SeveralRecordsOfOneTransactionMayBeCutByAPage) {
  step([&](auto& tx) {
    for (std::uint32_t i = 1; i <= 5; ++i)
      record_call(tx, unpaid(call_at(start, i))).value();
    return 0;
  });
  export_cursor cursor;
  EXPECT_EQ(rest(cursor, 2).size(), 5U);
}

// Writers that commit in another order than they began, some of them not at all, against a reader that pages
// all the time.
TEST_F(CdrExport, WhileWritersCommitEveryRecordComesOnce) {
  constexpr std::uint32_t writers = 6, each = 60;
  std::atomic<std::uint32_t> running{writers};
  std::vector<std::set<uuid>> committed(writers);
  std::vector<std::thread> threads;
  for (std::uint32_t i = 2; i <= writers + 1; ++i)
    step([&](auto& tx) { return create_account(tx, account_id(i), "EUR", "DE"); }).value();
  for (std::uint32_t writer = 0; writer < writers; ++writer)
    threads.emplace_back([&, writer] {
      pqxx::connection connection(database());
      std::mt19937 random(writer);
      for (std::uint32_t i = 0; i < each; ++i) {
        pqxx::work tx(connection);
        std::vector<uuid> mine;
        for (std::uint32_t n = 0; n <= random() % 3; ++n) {
          mine.push_back(call_at(start - milliseconds{random() % 1'000'000}, writer * 1'000 + i * 10 + n));
          record_call(tx, unpaid(mine.back(), writer + 2)).value();
        }
        std::this_thread::sleep_for(std::chrono::microseconds{random() % 4'000});
        if (random() % 5 == 0) continue;  // rolled back
        tx.commit();
        committed[writer].insert(mine.begin(), mine.end());
      }
      --running;
    });
  std::set<uuid> seen;
  export_cursor cursor, before;
  std::size_t pages = 0;
  for (bool last = false; !last;) {
    last = running == 0;
    for (bool more = true; more; ++pages) {
      const auto page = read(*connection_, cursor, 7);
      for (const auto& one : page.records)
        EXPECT_TRUE(seen.insert(one.call.call_id).second) << "a record came twice";
      before = cursor;
      cursor = page.next;
      EXPECT_LE(before.position, cursor.position);
      more = page.more;
    }
  }
  for (auto& thread : threads)
    thread.join();
  std::size_t wanted = 0;
  for (const auto& some : committed) {
    wanted += some.size();
    for (const auto& id : some)
      EXPECT_TRUE(seen.contains(id)) << "a record was skipped";
  }
  EXPECT_EQ(seen.size(), wanted);
  EXPECT_GT(pages, wanted / 7);
}

TEST_F(CdrExport, CorrectedRecordComesAgainAsItIsThen) {
  fund(units(1));
  auto hold = hold_for(1, {34'000});
  hold.call_id = call_at(start, 1);
  open(hold);
  step([&](auto& tx) { return settle_orphans(tx, "node-1", instance_id(2)); });
  export_cursor cursor;
  const auto first = rest(cursor);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].settled, settled_by::reaper);
  auto stop = stop_of(1, seconds{60});
  stop.call_id = hold.call_id;
  EXPECT_EQ(step([&](auto& tx) { return settle(tx, stop); }).status, settle_status::corrected);
  const auto second = rest(cursor);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].settled, settled_by::corrected);
  EXPECT_EQ(second[0].charged.micros, 17'000);
  EXPECT_TRUE(rest(cursor).empty());
}

// A restored dump keeps the positions, but the server counts its transactions from the beginning.
TEST_F(CdrExport, GoesOnAfterARestore) {
  record(call_at(start, 1));
  execute("UPDATE billing.cdr SET export_position = export_position + 1000000000");
  export_cursor cursor;
  ASSERT_EQ(rest(cursor).size(), 0U);  // beyond this server's horizon
  EXPECT_TRUE(step([](auto& tx) { return check_export_era(tx); }));
  EXPECT_FALSE(step([](auto& tx) { return check_export_era(tx); }));
  ASSERT_EQ(rest(cursor).size(), 1U);
  reconnect();
  record(call_at(start, 2));
  EXPECT_EQ(rest(cursor).size(), 1U);
  EXPECT_FALSE(step([](auto& tx) { return check_export_era(tx); }));
}

TEST_F(CdrExport, ConsumersNeverGoBack) {
  for (std::uint32_t i = 1; i <= 3; ++i)
    record(call_at(start, i));
  const auto one = read(*connection_, {}, 1).next;
  export_cursor all;
  rest(all);
  const auto tell = [&](const std::string& name, const export_cursor& has) {
    return step([&](auto& tx) { return acknowledge_export(tx, name, has); });
  };
  EXPECT_EQ(tell("accounting", one)->has, one);
  EXPECT_EQ(tell("accounting", all)->has, all);
  EXPECT_EQ(tell("accounting", one)->has, all);
  for (const char* bad : {"", "A", "a b", "-a", "ä"})
    EXPECT_EQ(tell(bad, one).error(), error::malformed) << bad;
  EXPECT_EQ(step([](auto& tx) { return list_cdr_consumers(tx); }).size(), 1U);
  EXPECT_TRUE(step([](auto& tx) { return remove_cdr_consumer(tx, "accounting"); }));
  EXPECT_FALSE(step([](auto& tx) { return remove_cdr_consumer(tx, "accounting"); }));
}

}  // namespace
}  // namespace tollgate::billing
