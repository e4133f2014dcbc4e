// SPDX-License-Identifier: Apache-2.0
// PINs, their lock-out, and greetings in a real PostgreSQL.
#include "voicemail/mailbox_settings.hpp"

#include <gtest/gtest.h>

#include <boost/uuid/string_generator.hpp>
#include <pqxx/connection>
#include <pqxx/transaction>

#include "billing/account.hpp"
#include "billing/credit_life.hpp"
#include "tests/support/postgres/fixture.hpp"

namespace tollgate::voicemail {
namespace {

using namespace std::chrono_literals;

const auto alice = boost::uuids::string_generator{}("01890000-0000-7000-8000-0000000a11ce");

class MailboxSettings : public tests::postgres_test {
 protected:
  void SetUp() override {
    tests::postgres_test::SetUp();
    connection_ = std::make_unique<pqxx::connection>(database());
    tx_ = std::make_unique<pqxx::work>(*connection_);
    ASSERT_TRUE(billing::create_account(*tx_, alice, "EUR", "GB"));
  }
  void TearDown() override {
    tx_.reset();
    connection_.reset();
    tests::postgres_test::TearDown();
  }
  // So many wrong PINs; whether the last one locked the mailbox.
  bool guess(int times) {
    bool locked = false;
    for (int guess = 0; guess < times; ++guess) {
      EXPECT_FALSE(begin_pin(*tx_, alice, now_).locked) << guess;
      locked = report_wrong_pin(*tx_, alice, now_);
    }
    return locked;
  }

  std::unique_ptr<pqxx::connection> connection_;
  std::unique_ptr<pqxx::work> tx_;
  system_clock::time_point now_{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 12h};
};

TEST_F(MailboxSettings, NobodyGetsInWithoutAPin) {
  EXPECT_FALSE(find_settings(*tx_, alice).has_pin);
  EXPECT_EQ(begin_pin(*tx_, alice, now_).hash, "");
  set_pin(*tx_, alice, "hash", pin_setter::device, now_);
  EXPECT_TRUE(find_settings(*tx_, alice).has_pin);
  EXPECT_EQ(begin_pin(*tx_, alice, now_).hash, "hash");
}

TEST_F(MailboxSettings, TheOwnerIsToldOfEveryNewPinButTheFirst) {
  ASSERT_TRUE(set_first_pin(*tx_, alice, "first"));
  EXPECT_TRUE(billing::list_events(*tx_, alice, 10).empty()) << "it came with the order";
  set_pin(*tx_, alice, "hash", pin_setter::api, now_);
  set_pin(*tx_, alice, "hash", pin_setter::api, now_);  // as after a connection that broke at the commit
  set_pin(*tx_, alice, "hash", pin_setter::telephone, now_ + 1s);
  const auto events = billing::list_events(*tx_, alice, 10);
  ASSERT_EQ(events.size(), 2U);
  for (const auto& event : events) {
    EXPECT_EQ(event.kind, "voicemail_pin_changed");
    EXPECT_EQ(event.body.find("hash"), std::string::npos);
  }
  EXPECT_NE((events[0].body + events[1].body).find("telephone"), std::string::npos);
}

TEST_F(MailboxSettings, FiveWrongPinsLockForALongerTimeEachTimeAndTheOwnerIsTold) {
  set_first_pin(*tx_, alice, "hash");
  EXPECT_FALSE(guess(4));
  EXPECT_TRUE(guess(1));
  EXPECT_TRUE(begin_pin(*tx_, alice, now_).locked);
  EXPECT_EQ(find_settings(*tx_, alice).locked_until, now_ + 15min);
  const auto events = billing::list_events(*tx_, alice, 10);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, "voicemail_locked");
  now_ += 15min - 1us;
  EXPECT_TRUE(begin_pin(*tx_, alice, now_).locked);
  now_ += 1us;
  EXPECT_TRUE(guess(5));
  EXPECT_EQ(find_settings(*tx_, alice).locked_until, now_ + 30min);
  for (int lock = 0; lock < 12; ++lock) {
    now_ = *find_settings(*tx_, alice).locked_until;
    guess(5);
  }
  EXPECT_EQ(find_settings(*tx_, alice).locked_until, now_ + 24h) << "no longer than a day";
  EXPECT_EQ(billing::list_events(*tx_, alice, 100).size(), 14U);
}

TEST_F(MailboxSettings, ALockIsToldEvenIfItsGatewayDiesBeforeItCan) {
  set_first_pin(*tx_, alice, "hash");
  guess(4);
  begin_pin(*tx_, alice, now_);  // it is locked, and whether the PIN was wrong nobody will ever know
  EXPECT_EQ(report_unreported_locks(*tx_, now_ + 1min, 100), 0) << "it may be looking yet";
  EXPECT_EQ(report_unreported_locks(*tx_, now_ + 2min, 100), 1);
  EXPECT_EQ(report_unreported_locks(*tx_, now_ + 3min, 100), 0);
  report_wrong_pin(*tx_, alice, now_ + 3min);
  EXPECT_EQ(billing::list_events(*tx_, alice, 10).size(), 1U) << "once, whoever tells it";
  now_ += 15min;
  EXPECT_TRUE(guess(5));
  EXPECT_EQ(report_unreported_locks(*tx_, now_ + 1h, 100), 0) << "told already";
  now_ += 30min;
  guess(4);
  begin_pin(*tx_, alice, now_);
  forgive_pin(*tx_, alice);  // it was right
  EXPECT_EQ(report_unreported_locks(*tx_, now_ + 1h, 100), 0);
}

TEST_F(MailboxSettings, TheRightPinForgetsTheWrongOnesAndANewOneEndsALock) {
  set_first_pin(*tx_, alice, "hash");
  guess(4);
  begin_pin(*tx_, alice, now_);
  forgive_pin(*tx_, alice);
  EXPECT_FALSE(find_settings(*tx_, alice).locked_until) << "the fifth was right";
  EXPECT_FALSE(guess(4));
  EXPECT_TRUE(guess(1));
  set_pin(*tx_, alice, "another", pin_setter::device, now_);
  EXPECT_FALSE(begin_pin(*tx_, alice, now_).locked);
}

TEST_F(MailboxSettings, LanguageAndTimeZoneAreKept) {
  EXPECT_EQ(find_settings(*tx_, alice).time_zone, "Europe/London") << "that of the account's country";
  EXPECT_EQ(change_mailbox(*tx_, alice, {.time_zone = "Europe/Atlantis"}).error(), error::time_zone_unknown);
  ASSERT_TRUE(change_mailbox(*tx_, alice, {.spoken = language::french, .time_zone = "Europe/Paris"}));
  EXPECT_EQ(find_settings(*tx_, alice).spoken, language::french);
  ASSERT_TRUE(change_mailbox(*tx_, alice, {.spoken = std::optional<language>{}}));
  EXPECT_EQ(find_settings(*tx_, alice).spoken, std::nullopt);
  EXPECT_EQ(find_settings(*tx_, alice).time_zone, "Europe/Paris");
}

TEST_F(MailboxSettings, GreetingsAreKeptBySituation) {
  const std::vector<std::byte> first(1000, std::byte{1}), second(2000, std::byte{2});
  EXPECT_EQ(fetch_greeting(*tx_, alice, greeting_kind::busy, audio_keys{}).error(), error::greeting_unknown);
  keep_greeting(*tx_, alice, greeting_kind::busy, first, 3s, now_, audio_keys{});
  keep_greeting(*tx_, alice, greeting_kind::name, first, 1s, now_, audio_keys{});
  keep_greeting(*tx_, alice, greeting_kind::busy, second, 4s, now_ + 1s, audio_keys{});
  EXPECT_EQ(fetch_greeting(*tx_, alice, greeting_kind::busy, audio_keys{}).value(), second);
  const auto all = list_greetings(*tx_, alice);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].kind, greeting_kind::busy);
  EXPECT_EQ(all[0].duration, 4s);
  EXPECT_EQ(all[0].size_bytes, 2000);
  EXPECT_EQ(all[0].recorded_at, now_ + 1s);
  EXPECT_TRUE(remove_greeting(*tx_, alice, greeting_kind::busy));
  EXPECT_EQ(remove_greeting(*tx_, alice, greeting_kind::busy).error(), error::greeting_unknown);
}

}  // namespace
}  // namespace tollgate::voicemail
