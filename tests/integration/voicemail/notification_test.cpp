// SPDX-License-Identifier: Apache-2.0
// What is to be told of messages, in a real PostgreSQL.
#include "voicemail/notification.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pqxx/result>

#include "number_fixture.hpp"

namespace tollgate::voicemail {
namespace {

using namespace std::chrono_literals;

class Notifications : public number_test {
 protected:
  void leave(const std::string& last) { leave(last, alice); }
  void leave(const std::string& last, const boost::uuids::uuid& owner) {
    const std::vector<std::byte> audio(100, std::byte{1});
    in_transaction([&](pqxx::transaction_base& tx) {
      return deposit_message(tx,
                             {.message_id = id(last),
                              .account_id = owner,
                              .call_id = id("ca"),
                              .caller = "+442079460958",
                              .called = "+16505550100",
                              .received_at = start,
                              .duration = 5s,
                              .level_dbov = -20,
                              .audio = audio},
                             audio_keys{})
          .has_value();
    });
  }
  static boost::uuids::uuid id(const std::string& last) {
    return boost::uuids::string_generator{}("01a202c5-092b-7eed-b3cb-0000000000" + last);
  }
  void change(const char* sql) {
    in_transaction([sql](pqxx::transaction_base& tx) { return tx.exec(sql).affected_rows(); });
  }
  std::vector<notification> take(std::chrono::seconds lease = 60s) {
    return in_transaction(take_notifications, 100, lease);
  }
  void told(const notification& one) {
    in_transaction([&](pqxx::transaction_base& tx) {
      notification_told(tx, one);
      return 0;
    });
  }
  void failed(const notification& one, std::optional<std::chrono::seconds> pause) {
    in_transaction([&](pqxx::transaction_base& tx) {
      notification_failed(tx, one, "no", pause);
      return 0;
    });
  }
  void want(std::vector<notification_target> targets) {
    in_transaction([&](pqxx::transaction_base& tx) {
      set_targets(tx, alice, targets);
      return 0;
    });
  }
  const notification_target mail_{notification_channel::email, "alice@example.net", true, {}};
  const notification_target hook_{notification_channel::webhook, "https://example.net/", false, "secret"};
  const notification_target phone_{notification_channel::mwi, "sip:alice@192.0.2.1", false, {}};
};

TEST_F(Notifications, EachMessageIsToldOnceByEachChannel) {
  leave("01");  // nobody wanted to know
  want({mail_, hook_});
  leave("02");
  leave("03", bob);
  const auto first = take();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].about->message_id, id("02"));
  EXPECT_EQ(first[0].counts.unread, 2);
  EXPECT_TRUE(take().empty()) << "somebody is telling it";
  for (const auto& one : first)
    told(one);
  change("UPDATE voicemail.message SET state = 'saved'");
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(in_transaction(count_notifications, alice).waiting, 0);
}

TEST_F(Notifications, WhoeverDiesWhileTellingIsFollowedByAnother) {
  want({mail_});
  leave("01");
  ASSERT_EQ(take(0s).size(), 1U);
  const auto again = take();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempts, 2);
}

TEST_F(Notifications, FailuresAreTriedAgainUntilTheyAreGivenUp) {
  want({mail_});
  leave("01");
  failed(take()[0], 0s);
  const auto second = take();
  ASSERT_EQ(second.size(), 1U);
  failed(second[0], 60s);
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(in_transaction(count_notifications, alice).last_error, "no");
  change("UPDATE voicemail.notification SET due_at = now()");
  failed(take()[0], std::nullopt);
  EXPECT_TRUE(take().empty());
  const auto backlog = in_transaction(count_notifications, alice);
  EXPECT_EQ(backlog.waiting, 0);
  EXPECT_EQ(backlog.failed, 1);
  const retry_policy policy{.first = 30s, .longest = 100s, .attempts = 4};
  EXPECT_EQ(next_retry(1, policy), 30s);
  EXPECT_EQ(next_retry(2, policy), 60s);
  EXPECT_EQ(next_retry(3, policy), 100s);
  EXPECT_EQ(next_retry(4, policy), std::nullopt);
}

TEST_F(Notifications, CountsThatChangeWhileTheyAreBeingToldAreToldAgain) {
  want({phone_});
  const auto now = take();
  ASSERT_EQ(now.size(), 1U) << "as they are to begin with";
  EXPECT_EQ(now[0].counts.unread, 0);
  told(now[0]);
  leave("01");
  leave("02");
  const auto first = take();
  ASSERT_EQ(first.size(), 1U) << "only the counts as they are now";
  EXPECT_EQ(first[0].counts.unread, 2);
  EXPECT_FALSE(first[0].about);
  change("UPDATE voicemail.message SET state = 'saved' WHERE message_id::text LIKE '%01'");
  told(first[0]);
  const auto second = take();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].counts.saved, 1);
  told(second[0]);
  change("UPDATE voicemail.message SET played_until = now()");
  EXPECT_TRUE(take().empty()) << "nothing counts otherwise";
  change("UPDATE voicemail.message SET deleted_at = now()");
  const auto third = take();
  ASSERT_EQ(third.size(), 1U);
  EXPECT_EQ(third[0].counts.unread + third[0].counts.saved, 0);
  told(third[0]);
  change("DELETE FROM voicemail.message");
  EXPECT_TRUE(take().empty()) << "deleted ones counted for nothing";
}

TEST_F(Notifications, AUserAgentHasAnAddressAndNothingThatLeadsElsewhere) {
  EXPECT_EQ(host_of_agent("sip:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(host_of_agent("sip:alice-1.b@192.0.2.1:5062;transport=tcp"), "192.0.2.1");
  EXPECT_EQ(host_of_agent("sip:+16505550100@[2001:db8::1]:5060;transport=udp"), "2001:db8::1");
  EXPECT_EQ(host_of_agent("sip:alice@[2001:db8::1]"), "2001:db8::1");
  for (const char* other :
       {"", "sip:", "sip:alice@", "sip:@192.0.2.1", "sip:alice@example.net", "sip:alice@127.1", "sip:alice@2130706433",
        "sips:alice@192.0.2.1", "tel:+16505550100", "sip:alice@192.0.2.1:0", "sip:alice@192.0.2.1:65536", "sip:alice@192.0.2.1:",
        "sip:alice@192.0.2.1:5060x", "sip:alice@192.0.2.1;maddr=127.0.0.1", "sip:alice@192.0.2.1;transport=tls",
        "sip:alice@192.0.2.1;transport=tcp;maddr=127.0.0.1", "sip:alice@192.0.2.1?Route=sip:127.0.0.1", "sip:a b@192.0.2.1",
        "sip:alice:secret@192.0.2.1", "sip:alice@8.8.8.8@127.0.0.1", "sip:alice@[192.0.2.1]", "sip:alice@[2001:db8::1",
        "sip:alice@192.0.2.1\r\nX: y", "sip:alice@[::1%lo]"})
    EXPECT_EQ(host_of_agent(other), "") << other;
}

TEST_F(Notifications, WhatWaitsForATargetOrAMessageThatIsGoneIsDropped) {
  want({mail_, hook_});
  leave("01");
  want({hook_});
  EXPECT_EQ(in_transaction(count_notifications, alice).waiting, 1);
  change("DELETE FROM voicemail.message");
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(in_transaction(count_notifications, alice).waiting, 0);
}

}  // namespace
}  // namespace tollgate::voicemail
