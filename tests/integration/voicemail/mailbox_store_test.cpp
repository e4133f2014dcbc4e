// SPDX-License-Identifier: Apache-2.0
// Mailboxes in a real PostgreSQL.
#include "voicemail/mailbox_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <pqxx/connection>
#include <pqxx/transaction>
#include <thread>

#include "tests/support/postgres/fixture.hpp"
#include "voicemail/mailbox_settings.hpp"
#include "voicemail/mailbox_view.hpp"

namespace tollgate::voicemail {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

boost::uuids::uuid id(const std::string& last) {
  return boost::uuids::string_generator{}("01890000-0000-7000-8000-" + std::string(12 - last.size(), '0') +
                                          last);
}

const auto alice = id("a11ce");
const auto bob = id("b0b");

std::vector<std::byte> noise(std::size_t size, unsigned seed) {
  std::vector<std::byte> bytes(size);
  for (auto& byte : bytes)
    byte = static_cast<std::byte>((seed = seed * 1664525U + 1013904223U) >> 24U);
  return bytes;
}

class MailboxStore : public tests::postgres_test {
 protected:
  void SetUp() override {
    tests::postgres_test::SetUp();
    connection_ = std::make_unique<pqxx::connection>(database());
  }
  // Leaves a message in a transaction of its own.
  boost::system::result<deposit_status> leave(const std::string& last, const std::vector<std::byte>& audio,
                                              const mailbox_quota& quota = {},
                                              boost::uuids::uuid owner = alice,
                                              std::chrono::milliseconds duration = 5s) {
    pqxx::work tx{*connection_};
    const auto answer = deposit_message(tx,
                                        {.message_id = id(last),
                                         .account_id = owner,
                                         .call_id = id("ca11"),
                                         .caller = "+442079460958",
                                         .called = "+16505550100",
                                         .received_at = at_,
                                         .duration = duration,
                                         .level_dbov = -21.5,
                                         .audio = audio},
                                        quota);
    tx.commit();
    return answer;
  }

  std::unique_ptr<pqxx::connection> connection_;
  const system_clock::time_point at_{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 12h + 345us};
};

TEST_F(MailboxStore, AMessageIsKeptAsItWasLeft) {
  const auto audio = noise(30'000, 1);
  EXPECT_EQ(leave("1", audio).value(), deposit_status::stored);
  pqxx::work tx{*connection_};
  const auto found = find_message(tx, alice, id("1")).value();
  EXPECT_EQ(found.state, message_state::unread);
  EXPECT_EQ(found.caller, "+442079460958");
  EXPECT_EQ(found.called, "+16505550100");
  EXPECT_EQ(found.received_at, at_);
  EXPECT_EQ(found.duration, 5s);
  EXPECT_NEAR(found.level_dbov, -21.5, 0.01);
  EXPECT_EQ(found.size_bytes, 30'000);
  EXPECT_EQ(found.sha256.size(), 64U);
  EXPECT_EQ(found.call_id, id("ca11"));
}

TEST_F(MailboxStore, AudioIsFetchedInChunks) {
  const auto audio = noise(20'000, 2);
  ASSERT_TRUE(leave("1", audio));
  pqxx::work tx{*connection_};
  std::vector<std::byte> whole;
  for (;;) {
    const auto chunk = fetch_audio(tx, alice, id("1"), static_cast<std::int64_t>(whole.size()), 8192).value();
    if (chunk.empty()) break;
    EXPECT_LE(chunk.size(), 8192U);
    whole.insert(whole.end(), chunk.begin(), chunk.end());
  }
  EXPECT_EQ(whole, audio);
  EXPECT_THAT(fetch_audio(tx, alice, id("1"), 1LL << 60, 8192).value(), IsEmpty());
  EXPECT_EQ(fetch_audio(tx, alice, id("1"), -5, 10).value().size(), 10U);
  EXPECT_THAT(fetch_audio(tx, alice, id("1"), 0, -1).value(), IsEmpty());
}

TEST_F(MailboxStore, LeavingTheSameMessageTwiceStoresItOnce) {
  const auto audio = noise(1000, 3);
  EXPECT_EQ(leave("1", audio).value(), deposit_status::stored);
  EXPECT_EQ(leave("1", audio).value(), deposit_status::repeated);
  EXPECT_EQ(leave("1", noise(1000, 4)).error(), error::message_conflict);
  pqxx::work tx{*connection_};
  EXPECT_EQ(count_messages(tx, alice).unread, 1);
}

TEST_F(MailboxStore, TheQuotaBoundsMessagesTimeAndBytes) {
  struct row {
    const char* name;
    mailbox_quota quota;
  };
  const auto audio = noise(1000, 5);
  ASSERT_TRUE(leave("1", audio));
  for (const auto& row :
       {row{"messages", {.messages = 1}}, row{"time", {.duration = 9s}}, row{"bytes", {.bytes = 1999}}}) {
    EXPECT_EQ(leave("2", audio, row.quota).error(), error::mailbox_full) << row.name;
  }
  pqxx::work tx{*connection_};
  EXPECT_FALSE(has_room(tx, alice, 5s, {.messages = 1}));
  EXPECT_FALSE(has_room(tx, alice, 5s, {.duration = 9s}));
  EXPECT_FALSE(has_room(tx, alice, 5s, {.bytes = 1000}));
  EXPECT_TRUE(has_room(tx, alice, 5s, {.messages = 2, .duration = 10s, .bytes = 1001}));
  tx.commit();
  EXPECT_EQ(leave("2", audio, {.messages = 2, .duration = 10s, .bytes = 2000}).value(),
            deposit_status::stored);
}

TEST_F(MailboxStore, TwoMessagesAtOnceShareTheQuota) {
  std::vector<int> stored(8, 0);
  {
    std::vector<std::jthread> threads;
    for (int index = 0; index < 8; ++index) {
      threads.emplace_back([this, index, &stored] {
        pqxx::connection connection{database()};
        pqxx::work tx{connection};
        const auto audio = noise(500, static_cast<unsigned>(index));
        const auto answer = deposit_message(tx,
                                            {.message_id = id(std::to_string(index + 10)),
                                             .account_id = alice,
                                             .call_id = id("ca11"),
                                             .caller = "",
                                             .called = "+16505550100",
                                             .received_at = at_,
                                             .duration = 5s,
                                             .level_dbov = -20,
                                             .audio = audio},
                                            {.messages = 3});
        tx.commit();
        stored[static_cast<std::size_t>(index)] = answer.has_value() ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(std::count(stored.begin(), stored.end(), 1), 3);
  pqxx::work tx{*connection_};
  EXPECT_EQ(count_messages(tx, alice).unread, 3);
}

TEST_F(MailboxStore, ListsAreNewestFirstAndPaged) {
  for (const auto* last : {"1", "2", "3"})
    ASSERT_TRUE(leave(last, noise(100, 6)));
  pqxx::work tx{*connection_};
  mark_message(tx, alice, id("2"), message_state::saved).value();
  const auto ids = [&](const message_filter& filter) {
    std::vector<boost::uuids::uuid> result;
    for (const auto& message : list_messages(tx, alice, filter))
      result.push_back(message.message_id);
    return result;
  };
  EXPECT_THAT(ids({}), ElementsAre(id("3"), id("2"), id("1")));
  EXPECT_THAT(ids({.state = message_state::unread}), ElementsAre(id("3"), id("1")));
  EXPECT_THAT(ids({.state = message_state::saved}), ElementsAre(id("2")));
  EXPECT_THAT(ids({.limit = 1}), ElementsAre(id("3")));
  EXPECT_THAT(ids({.before = id("3"), .limit = 1}), ElementsAre(id("2")));
  EXPECT_THAT(ids({.before = id("1")}), IsEmpty());
}

TEST_F(MailboxStore, CountsFollowTheMessages) {
  ASSERT_TRUE(leave("1", noise(100, 7)));
  ASSERT_TRUE(leave("2", noise(200, 8)));
  pqxx::work tx{*connection_};
  EXPECT_TRUE(mark_message(tx, alice, id("1"), message_state::saved));
  auto counts = count_messages(tx, alice);
  EXPECT_EQ(counts.unread, 1);
  EXPECT_EQ(counts.saved, 1);
  EXPECT_EQ(counts.duration, 10s);
  EXPECT_EQ(counts.bytes, 300);
  EXPECT_TRUE(delete_message(tx, alice, id("1"), at_));
  counts = count_messages(tx, alice);
  EXPECT_EQ(counts.unread, 1);
  EXPECT_EQ(counts.saved, 0);
}

TEST_F(MailboxStore, AMailboxIsItsOwnersAlone) {
  ASSERT_TRUE(leave("1", noise(100, 9)));
  pqxx::work tx{*connection_};
  EXPECT_THAT(list_messages(tx, bob), IsEmpty());
  EXPECT_EQ(find_message(tx, bob, id("1")).error(), error::message_unknown);
  EXPECT_EQ(fetch_audio(tx, bob, id("1"), 0, 100).error(), error::message_unknown);
  EXPECT_EQ(mark_message(tx, bob, id("1"), message_state::saved).error(), error::message_unknown);
  EXPECT_EQ(restore_message(tx, bob, id("1"), at_).error(), error::message_unknown);
  EXPECT_EQ(delete_message(tx, bob, id("1"), at_).error(), error::message_unknown);
  EXPECT_TRUE(find_message(tx, alice, id("1")));
}

TEST_F(MailboxStore, ADeletedMessageCanBeHadBackForSevenDaysAndThenIsGone) {
  const auto audio = noise(5000, 10);
  ASSERT_TRUE(leave("1", audio));
  ASSERT_TRUE(leave("2", audio));
  pqxx::work tx{*connection_};
  ASSERT_TRUE(mark_message(tx, alice, id("1"), message_state::saved));
  ASSERT_TRUE(delete_message(tx, alice, id("1"), at_));
  EXPECT_EQ(delete_message(tx, alice, id("1"), at_).error(), error::message_unknown);
  EXPECT_EQ(mark_message(tx, alice, id("1"), message_state::unread).error(), error::message_unknown);
  EXPECT_EQ(list_messages(tx, alice).size(), 1U);
  const auto deleted = list_messages(tx, alice, {.state = message_state::deleted});
  ASSERT_EQ(deleted.size(), 1U);
  EXPECT_EQ(deleted[0].deleted_at, at_);
  EXPECT_EQ(count_messages(tx, alice).bytes, 5000) << "what is deleted counts for nothing";

  const auto week = at_ + undelete_period;
  EXPECT_EQ(purge_deleted(tx, week - 1s, 100), 0);
  EXPECT_TRUE(restore_message(tx, alice, id("1"), week - 1s));
  EXPECT_EQ(find_message(tx, alice, id("1")).value().state, message_state::saved);
  EXPECT_TRUE(restore_message(tx, alice, id("1"), week)) << "it is there: nothing to do";
  ASSERT_TRUE(delete_message(tx, alice, id("1"), at_));
  EXPECT_EQ(restore_message(tx, alice, id("1"), week).error(), error::message_unknown);
  ASSERT_TRUE(delete_message(tx, alice, id("2"), at_));
  EXPECT_EQ(purge_deleted(tx, week, 1), 1) << "in batches";
  EXPECT_EQ(purge_deleted(tx, week, 100), 1);
  EXPECT_EQ(find_message(tx, alice, id("1")).error(), error::message_unknown);
}

TEST_F(MailboxStore, TheWholeAudioIsFetchedHoweverLong) {
  const auto audio = noise(3 << 20, 11);
  ASSERT_TRUE(leave("1", audio));
  pqxx::work tx{*connection_};
  EXPECT_EQ(fetch_whole_audio(tx, alice, id("1")).value(), audio);
  EXPECT_EQ(fetch_whole_audio(tx, bob, id("1")).error(), error::message_unknown);
}

TEST_F(MailboxStore, AForwardedMessageIsACopyWithinTheOthersQuota) {
  const auto audio = noise(4000, 12);
  ASSERT_TRUE(leave("1", audio));
  pqxx::work tx{*connection_};
  const auto to = pstn::number::phone_number::parse("+16505550101").value();
  const auto send = [&](const char* copy, const mailbox_quota& quota = {}) {
    return forward_message(tx, alice, id("1"), to, id(copy), at_ + 1h, quota);
  };
  EXPECT_EQ(send("f1").error(), error::number_unknown);
  tx.exec_params(
      "INSERT INTO voicemail.number (number, state, account_id, order_id, term_months, anchor, paid_periods, paid_until) "
      "VALUES ('+16505550101', 'assigned', $1, $1, 3, '2026-02-01', 1, '2026-05-01')",
      boost::uuids::to_string(bob));
  EXPECT_EQ(send("f1").value(), bob);
  EXPECT_EQ(send("f1").value(), bob) << "idempotent";
  ASSERT_EQ(list_messages(tx, bob).size(), 1U);
  const auto copy = list_messages(tx, bob)[0];
  EXPECT_EQ(copy.caller, "+442079460958");
  EXPECT_EQ(copy.called, "+16505550101");
  EXPECT_EQ(copy.received_at, at_ + 1h);
  EXPECT_EQ(copy.state, message_state::unread);
  EXPECT_EQ(fetch_whole_audio(tx, bob, copy.message_id).value(), audio);
  EXPECT_EQ(send("f2", {.messages = 1}).error(), error::mailbox_full);
  ASSERT_TRUE(delete_message(tx, alice, id("1"), at_));
  EXPECT_EQ(send("f3").error(), error::message_unknown);
  tx.exec("UPDATE voicemail.number SET voicemail_enabled = false");
  EXPECT_EQ(send("f4").error(), error::number_unknown);
}

TEST_F(MailboxStore, ATelephoneIsToldUrgentMessagesFirstInTheOwnersTime) {
  for (const auto* last : {"1", "2", "3"})
    ASSERT_TRUE(leave(last, noise(100, 13)));
  pqxx::work tx{*connection_};
  tx.exec("UPDATE voicemail.message SET urgent = true WHERE message_id = '" + boost::uuids::to_string(id("2")) + "'");
  tx.exec("UPDATE voicemail.message SET received_at = '2026-03-29 00:30Z' WHERE message_id = '" +
          boost::uuids::to_string(id("1")) + "'");
  ASSERT_TRUE(mark_message(tx, alice, id("3"), message_state::saved));
  ASSERT_TRUE(change_mailbox(tx, alice, {.time_zone = "Europe/Berlin"}));
  // In Berlin summer began in that night: 01:30 is yesterday's, at 22:30 UTC it is half past midnight.
  const system_clock::time_point now{std::chrono::sys_days{std::chrono::year{2026} / 3 / 29} + 22h + 30min};
  const auto view = view_mailbox(tx, alice, now);
  ASSERT_EQ(view.unread.size(), 2U);
  EXPECT_EQ(view.unread[0].message_id, id("2"));
  EXPECT_TRUE(view.unread[0].urgent);
  EXPECT_EQ(view.unread[1].received.hour, 1);
  EXPECT_EQ(view.unread[1].received.minute, 30);
  EXPECT_EQ(view.unread[1].received.days_ago, 1);
  EXPECT_EQ(view.unread[1].received.weekday, 0);
  ASSERT_EQ(view.saved.size(), 1U);
  EXPECT_FALSE(view.temporary_greeting);
}

}  // namespace
}  // namespace tollgate::voicemail
