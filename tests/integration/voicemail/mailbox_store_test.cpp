// SPDX-License-Identifier: Apache-2.0
// Mailboxes in a real PostgreSQL.
#include "voicemail/mailbox_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/notification>
#include <pqxx/transaction>
#include <thread>

#include "tests/support/postgres/fixture.hpp"
#include "voicemail/mailbox_limits.hpp"
#include "voicemail/mailbox_settings.hpp"
#include "voicemail/mailbox_view.hpp"
#include "voicemail/recording_keys.hpp"

namespace tollgate::voicemail {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
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
                                         .caller_name = "Bob",
                                         .caller_verdict = verdict_,
                                         .audio = audio},
                                        keys_, quota);
    tx.commit();
    return answer;
  }

  std::string verdict_ = "failed_stale";
  audio_keys keys_;  // none: plain
  std::unique_ptr<pqxx::connection> connection_;
  system_clock::time_point at_{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 12h + 345us};
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
  EXPECT_EQ(found.caller_name, "Bob");
  EXPECT_EQ(found.caller_verdict, "failed_stale");
  EXPECT_FALSE(found.caller_verified());
}

TEST_F(MailboxStore, AudioIsFetchedInChunks) {
  const auto audio = noise(20'000, 2);
  ASSERT_TRUE(leave("1", audio));
  pqxx::work tx{*connection_};
  std::vector<std::byte> whole;
  for (;;) {
    const auto chunk = fetch_audio(tx, alice, id("1"), static_cast<std::int64_t>(whole.size()), 8192, audio_keys{}).value();
    if (chunk.empty()) break;
    EXPECT_LE(chunk.size(), 8192U);
    whole.insert(whole.end(), chunk.begin(), chunk.end());
  }
  EXPECT_EQ(whole, audio);
  EXPECT_THAT(fetch_audio(tx, alice, id("1"), 1LL << 60, 8192, audio_keys{}).value(), IsEmpty());
  EXPECT_EQ(fetch_audio(tx, alice, id("1"), -5, 10, audio_keys{}).value().size(), 10U);
  EXPECT_THAT(fetch_audio(tx, alice, id("1"), 0, -1, audio_keys{}).value(), IsEmpty());
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
                                            audio_keys{}, {.messages = 3});
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
  EXPECT_EQ(fetch_audio(tx, bob, id("1"), 0, 100, audio_keys{}).error(), error::message_unknown);
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
  EXPECT_EQ(fetch_whole_audio(tx, alice, id("1"), audio_keys{}).value(), audio);
  EXPECT_EQ(fetch_whole_audio(tx, bob, id("1"), audio_keys{}).error(), error::message_unknown);
}

TEST_F(MailboxStore, AForwardedMessageIsACopyWithinTheOthersQuota) {
  const auto audio = noise(4000, 12);
  ASSERT_TRUE(leave("1", audio));
  pqxx::work tx{*connection_};
  const auto to = pstn::number::phone_number::parse("+16505550101").value();
  const auto send = [&](const char* copy, const mailbox_quota& quota = {}) {
    return forward_message(tx, alice, id("1"), to, id(copy), at_ + 1h, audio_keys{}, quota);
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
  EXPECT_EQ(copy.caller_name, "Bob");
  EXPECT_EQ(copy.caller_verdict, "failed_stale");
  EXPECT_EQ(copy.received_at, at_ + 1h);
  EXPECT_EQ(copy.state, message_state::unread);
  EXPECT_EQ(fetch_whole_audio(tx, bob, copy.message_id, audio_keys{}).value(), audio);
  EXPECT_EQ(send("f2", {.messages = 1}).error(), error::mailbox_full);
  ASSERT_TRUE(delete_message(tx, alice, id("1"), at_));
  EXPECT_EQ(send("f3").error(), error::message_unknown);
  tx.exec("UPDATE voicemail.number SET voicemail_enabled = false");
  EXPECT_EQ(send("f4").error(), error::number_unknown);
}

TEST_F(MailboxStore, ATelephoneIsToldUrgentMessagesFirstInTheOwnersTime) {
  for (const auto* last : {"1", "2", "3"}) {
    verdict_ = std::string_view(last) == "3" ? "verified_a" : "";
    ASSERT_TRUE(leave(last, noise(100, 13)));
  }
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
  EXPECT_FALSE(view.unread[1].verified);
  ASSERT_EQ(view.saved.size(), 1U);
  EXPECT_TRUE(view.saved[0].verified);
  EXPECT_FALSE(view.temporary_greeting);
  EXPECT_EQ(std::pair(view.unread_count, view.saved_count), std::pair(2, 1));
  const auto rest = view_more(tx, alice, now, true, id("2"), true);
  ASSERT_EQ(rest.size(), 1U) << "behind the urgent one";
  EXPECT_EQ(rest[0].message_id, id("1"));
  EXPECT_THAT(view_more(tx, alice, now, true, id("1"), false), testing::SizeIs(0));
}

constexpr const char* old_key = "old 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n";
constexpr const char* new_key = "new ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100\n";

// By so many at once, until nothing is left; how many were changed.
int change_keys(pqxx::work& tx, const audio_keys& keys, int limit) {
  key_change progress;
  int changed = 0;
  while (!progress.is_over) {
    encrypt_anew(tx, keys, limit, progress);
    changed += progress.changed;
  }
  return changed;
}

TEST_F(MailboxStore, RecordingsAreEncryptedAtRestAndAnewAfterARotation) {
  const auto audio = noise(3000, 1), plain = noise(2000, 2);
  ASSERT_TRUE(leave("1", plain));  // before there was a key
  keys_ = audio_keys::parse(old_key);
  ASSERT_TRUE(leave("2", audio));
  EXPECT_EQ(leave("2", audio).value(), deposit_status::repeated) << "known by what was said";
  pqxx::work tx{*connection_};
  keep_greeting(tx, alice, greeting_kind::busy, audio, 3s, at_, keys_);
  const auto stored = tx.exec("SELECT octet_length(audio), size_bytes, key_id, sha256(audio) = sha256 FROM voicemail.message "
                              "WHERE key_id IS NOT NULL");
  ASSERT_EQ(stored.size(), 1U);
  EXPECT_EQ(stored[0][0].as<int>(), 3000 + 12 + 16);
  EXPECT_EQ(stored[0][1].as<int>(), 3000);
  EXPECT_EQ(std::string(stored[0][2].c_str()), "old");
  EXPECT_FALSE(stored[0][3].as<bool>());
  EXPECT_EQ(fetch_whole_audio(tx, alice, id("2"), keys_).value(), audio);
  EXPECT_EQ(fetch_audio(tx, alice, id("2"), 2990, 100, keys_).value(),
            std::vector<std::byte>(audio.begin() + 2990, audio.end()));
  EXPECT_EQ(fetch_whole_audio(tx, alice, id("2"), audio_keys{}).error(), error::audio_key_unknown);

  const auto both = audio_keys::parse(std::string(new_key) + old_key);
  EXPECT_EQ(change_keys(tx, both, 1), 3);
  EXPECT_EQ(change_keys(tx, both, 100), 0);
  const auto only_new = audio_keys::parse(new_key);
  EXPECT_EQ(fetch_whole_audio(tx, alice, id("1"), only_new).value(), plain);
  EXPECT_EQ(fetch_whole_audio(tx, alice, id("2"), only_new).value(), audio);
  EXPECT_EQ(fetch_greeting(tx, alice, greeting_kind::busy, only_new).value(), audio);
  tx.exec("UPDATE voicemail.message a SET audio = b.audio FROM voicemail.message b WHERE a.message_id <> b.message_id");
  EXPECT_EQ(fetch_whole_audio(tx, alice, id("2"), only_new).error(), error::audio_damaged) << "it is another's";
}

TEST_F(MailboxStore, ADamagedRecordingDoesNotHoldUpTheOthers) {
  keys_ = audio_keys::parse(old_key);
  for (const auto* last : {"1", "2", "3", "4"})
    ASSERT_TRUE(leave(last, noise(500, 3)));
  pqxx::work tx{*connection_};
  tx.exec("UPDATE voicemail.message SET audio = substring(audio FROM 2) WHERE message_id IN ('" +
          boost::uuids::to_string(id("1")) + "', '" + boost::uuids::to_string(id("2")) + "')");
  const auto both = audio_keys::parse(std::string(new_key) + old_key);
  EXPECT_EQ(change_keys(tx, both, 1), 2);
  EXPECT_EQ(change_keys(tx, both, 1), 0);
  EXPECT_THAT(take_up_keys(tx, both), IsEmpty()) << "they do not stand for the key";
}

TEST_F(MailboxStore, AKeyThatIsMissingOrAnotherIsComplainedOf) {
  ASSERT_TRUE(leave("1", noise(500, 1)));
  keys_ = audio_keys::parse(old_key);
  ASSERT_TRUE(leave("2", noise(500, 2)));
  pqxx::work tx{*connection_};
  keep_greeting(tx, alice, greeting_kind::name, noise(500, 4), 3s, at_, audio_keys::parse(new_key));
  const std::string both = std::string(new_key) + old_key;
  const auto complaints = [&](const std::string& file) { return take_up_keys(tx, audio_keys::parse(file)); };
  EXPECT_THAT(complaints(both), IsEmpty());
  EXPECT_THAT(take_up_keys(tx, audio_keys{}), testing::ElementsAre(HasSubstr("\"new\""), HasSubstr("\"old\"")));
  EXPECT_THAT(complaints(new_key), testing::ElementsAre(HasSubstr("\"old\", which is not there")));
  EXPECT_THAT(complaints(std::string(new_key) + "old lost"), IsEmpty());
  std::string wrong = both;
  wrong.replace(wrong.find("old 0"), 5, "old 1");
  EXPECT_THAT(complaints(wrong), testing::ElementsAre(HasSubstr("\"old\" is not the one")));
}

TEST_F(MailboxStore, OldMessagesGoButNoneThatIsBeingHeard) {
  for (const auto* last : {"1", "2", "3"})
    ASSERT_TRUE(leave(last, noise(100, 1)));
  pqxx::work tx{*connection_};
  purge_position from;
  EXPECT_EQ(purge_received(tx, system_clock::now(), at_, 100, from), 0) << "none is older";
  ASSERT_TRUE(fetch_whole_audio(tx, alice, id("2"), keys_));
  const auto later = at_ + 1s;
  EXPECT_EQ(purge_received(tx, system_clock::now(), later, 1, from), 1) << "in batches";
  EXPECT_EQ(purge_received(tx, system_clock::now(), later, 100, from), 1);
  EXPECT_EQ(count_messages(tx, alice).unread, 1);
  EXPECT_EQ(purge_received(tx, system_clock::now() + 1h, later, 100, from), 1);
}

TEST_F(MailboxStore, AMailboxHasLimitsOfItsOwnWhereTheCarrierWantsIt) {
  const mailbox_quota carrier{.messages = 1, .duration = 10s, .bytes = 5000};
  ASSERT_TRUE(leave("1", noise(1000, 1)));
  pqxx::work tx{*connection_};
  EXPECT_FALSE(has_room(tx, alice, 1s, carrier));
  set_limits(tx, alice, {.messages = 2});
  EXPECT_TRUE(has_room(tx, alice, 1s, carrier)) << "more than the carrier gives";
  EXPECT_FALSE(has_room(tx, alice, 6s, carrier)) << "what is not set is the carrier's";
  set_limits(tx, alice, {.messages = 2, .duration = 3600s, .bytes = 100'000, .keep = std::chrono::days(3)});
  EXPECT_TRUE(has_room(tx, alice, 6s, carrier));
  const auto limits = find_limits(tx, alice);
  EXPECT_EQ(limits.messages, 2);
  EXPECT_EQ(limits.duration, 3600s);
  EXPECT_EQ(limits.bytes, 100'000);
  EXPECT_EQ(limits.keep, std::chrono::days(3));
  EXPECT_FALSE(find_settings(tx, alice).has_pin) << "nothing else of the mailbox is touched";
  EXPECT_FALSE(has_room(tx, bob, 1s, {.messages = 0})) << "nor another mailbox";
  set_limits(tx, alice, {});
  EXPECT_FALSE(has_room(tx, alice, 1s, carrier));
}

TEST_F(MailboxStore, AMailboxKeepsItsMessagesForATimeOfItsOwn) {
  ASSERT_TRUE(leave("1", noise(100, 1)));
  pqxx::work tx{*connection_};
  const auto carriers = at_ + 1s;  // everything older goes
  purge_position from;
  set_limits(tx, alice, {.keep = std::chrono::days(0)});
  EXPECT_EQ(purge_received(tx, at_ + 10 * 24h, carriers, 100, from), 0) << "kept until it is deleted";
  set_limits(tx, alice, {.keep = std::chrono::days(3)});
  EXPECT_EQ(purge_received(tx, at_ + 72h, carriers, 100, from), 0) << "not yet";
  EXPECT_EQ(purge_received(tx, at_ + 72h + 1s, std::nullopt, 100, from), 1) << "though the carrier keeps all";
  EXPECT_EQ(count_messages(tx, alice).unread, 0);
}

TEST_F(MailboxStore, AListReadsItsPageAndNothingElse) {
  {
    pqxx::work tx{*connection_};
    tx.exec("INSERT INTO voicemail.message (account_id, message_id, call_id, caller, called, received_at, duration_ms, level_dbov, "
            "size_bytes, sha256, audio) SELECT ('00000000-0000-7000-8000-' || lpad((n % 50)::text, 12, '0'))::uuid, gen_random_uuid(), "
            "gen_random_uuid(), '', '', now(), 1000, -20, 1, sha256('a'), 'a' FROM generate_series(1, 5000) n");
    tx.commit();
    pqxx::nontransaction{*connection_}.exec("ANALYZE voicemail.message");
  }
  pqxx::work tx{*connection_};
  EXPECT_EQ(list_messages(tx, boost::uuids::string_generator{}("00000000-0000-7000-8000-000000000007"), {.limit = 40}).size(), 40U);
  const auto read = tx.exec("SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE schemaname = 'voicemail' AND relname = "
                            "'message'")[0];
  EXPECT_EQ(read[0].as<int>(), 0);
  EXPECT_LE(read[1].as<int>(), 40);
}

TEST_F(MailboxStore, APurgeGoesOnWhereItsLastBatchEnded) {
  at_ += 1h;
  for (const auto* last : {"1", "2"}) ASSERT_TRUE(leave(last, noise(100, 1)));
  at_ -= 1h;
  ASSERT_TRUE(leave("3", noise(100, 1), {}, bob));
  pqxx::work tx{*connection_};
  purge_position from;
  EXPECT_EQ(purge_received(tx, at_ + 48h, at_ + 2h, 1, from), 1);
  EXPECT_EQ(from.received, at_);
  EXPECT_EQ(purge_received(tx, at_ + 48h, at_ + 2h, 1, from), 1);
  EXPECT_EQ(from.received, at_ + 1h);
  EXPECT_EQ(purge_received(tx, at_ + 48h, at_ + 2h, 1, from), 1) << "of the same moment";
  EXPECT_EQ(purge_received(tx, at_ + 48h, at_ + 2h, 1, from), 0);
  EXPECT_FALSE(from.mailbox);
}

TEST_F(MailboxStore, AMessageIsHeardWhereNothingCanBeWritten) {
  const auto audio = noise(1000, 3);
  ASSERT_TRUE(leave("1", audio));
  pqxx::work tx{*connection_};
  tx.exec("SET TRANSACTION READ ONLY");
  EXPECT_EQ(fetch_whole_audio(tx, alice, id("1"), keys_).value(), audio);
  EXPECT_EQ(fetch_audio(tx, alice, id("1"), 0, 4096, keys_).value(), audio);
  EXPECT_EQ(list_messages(tx, alice).size(), 1U) << "and the transaction goes on";
}

TEST_F(MailboxStore, EveryNodeHearsOfAChangeOfTheCounts) {
  pqxx::connection node{database()};
  struct ear final : pqxx::notification_receiver {
    explicit ear(pqxx::connection_base& c) : pqxx::notification_receiver(c, "tollgate_mailbox") {}
    void operator()(const std::string& payload, int) override { heard.push_back(payload); }
    std::vector<std::string> heard;
  } told(node);
  const auto changes = [&](auto work) {
    {
      pqxx::work tx{*connection_};
      work(tx);
      tx.commit();
    }
    told.heard.clear();
    pqxx::nontransaction(node).exec("SELECT 1");  // by the answer, what was committed before has come, too
    node.get_notifs();
    return told.heard;
  };
  const std::vector<std::string> once{boost::uuids::to_string(alice)};
  ASSERT_TRUE(leave("1", noise(100, 1)));
  EXPECT_EQ(changes([](pqxx::work&) {}), once) << "a new one";
  EXPECT_EQ(changes([&](auto& tx) { return mark_message(tx, alice, id("1"), message_state::saved); }), once);
  EXPECT_THAT(changes([&](auto& tx) { return mark_message(tx, alice, id("1"), message_state::saved); }), IsEmpty());
  EXPECT_THAT(changes([&](auto& tx) { return fetch_whole_audio(tx, alice, id("1"), keys_); }), IsEmpty());
  EXPECT_EQ(changes([&](auto& tx) { return delete_message(tx, alice, id("1"), at_); }), once);
  EXPECT_EQ(changes([&](auto& tx) { return restore_message(tx, alice, id("1"), at_); }), once);
  const auto unheard = system_clock::now() + 24h;
  EXPECT_EQ(changes([&](auto& tx) {
              purge_position from;
              return purge_received(tx, unheard, at_ + 1s, 10, from);
            }),
            once);
}

TEST_F(MailboxStore, WhetherAMessageCouldBeStoredIsTriedWithoutStoringOne) {
  pqxx::work tx{*connection_};
  probe_store(tx, 500'000);
  EXPECT_EQ(tx.exec("SELECT count(*) FROM voicemail.store_probe")[0][0].as<int>(), 0);
  tx.exec("SET TRANSACTION READ ONLY");
  EXPECT_THROW(probe_store(tx, 1), pqxx::sql_error);
}

}  // namespace
}  // namespace tollgate::voicemail
