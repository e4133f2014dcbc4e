// SPDX-License-Identifier: Apache-2.0
// What is done with callers, in a real PostgreSQL, which knows the time zones.
#include "voicemail/inbound_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "number_fixture.hpp"
#include "voicemail/mailbox_settings.hpp"

namespace tollgate::voicemail {
namespace {

using namespace std::chrono_literals;
using enum inbound_verdict;

class InboundRules : public number_test {
 protected:
  void set(const inbound_rules& rules) { ASSERT_TRUE(in_transaction(set_rules, number, rules)); }
  inbound_verdict judge(std::string_view caller, system_clock::time_point at) {
    return in_transaction(judge_caller, number, caller, at);
  }
};

TEST_F(InboundRules, WithoutRulesEverybodyRings) {
  EXPECT_EQ(judge("+442079460958", start), ring);
  EXPECT_EQ(judge("", start), ring);
  set({});
  EXPECT_EQ(judge("", start), ring);
}

TEST_F(InboundRules, CallersAreBlockedByNumberPrefixAndAnonymity) {
  set({.refuse_anonymous = true, .blocked = {"+442079460958", "+3314*"}});
  EXPECT_EQ(judge("+442079460958", start), refuse);
  EXPECT_EQ(judge("+4420794609580", start), ring);
  EXPECT_EQ(judge("+33140000001", start), refuse);
  EXPECT_EQ(judge("+331", start), ring);
  EXPECT_EQ(judge("", start), refuse);
  set({.do_not_disturb = true, .blocked = {"+3314*"}});
  EXPECT_EQ(judge("+33140000001", start), refuse) << "blocked before all";
  EXPECT_EQ(judge("", start), mailbox);
}

TEST_F(InboundRules, WhoNamesNoTimeZoneLivesByThatOfTheCountry) {
  ASSERT_TRUE(rent("1", alice));  // in Great Britain
  EXPECT_EQ(in_transaction(find_settings, alice).time_zone, "Europe/London");
  EXPECT_EQ(in_transaction(find_settings, bob).time_zone, "Europe/Berlin") << "Germany's two are alike";
  EXPECT_EQ(in_transaction(find_rules, number).time_zone, "Europe/London");
  set({.quiet = {{1U << 0, 22h, 23h}}});
  EXPECT_EQ(judge("+442079460958", day(2026, 7, 5) + 21h + 30min), mailbox) << "summer";
  auto rules = in_transaction(find_rules, number);
  set(rules);  // as it was read: the owner's still
  ASSERT_TRUE(in_transaction(change_mailbox, alice, mailbox_change{.time_zone = "Asia/Tokyo"}));
  EXPECT_EQ(in_transaction(find_rules, number).time_zone, "Asia/Tokyo");
  EXPECT_EQ(judge("+442079460958", day(2026, 7, 5) + 13h + 30min), mailbox);
  ASSERT_TRUE(in_transaction(change_mailbox, alice, mailbox_change{.time_zone = ""}));
  EXPECT_EQ(in_transaction(find_settings, alice).time_zone, "Europe/London");
}

TEST_F(InboundRules, QuietPeriodsAreThoseOfTheOwnersClock) {
  // Sunday and Wednesday nights, and Monday's lunch, in Berlin.
  set({.quiet = {{1U << 0 | 1U << 3, 22h, 7h}, {1U << 1, 12h, 13h}}, .time_zone = "Europe/Berlin"});
  struct row {
    const char* what;
    system_clock::time_point at;
    inbound_verdict expected;
  };
  for (const auto& one :
       {row{"Sunday 21:59, winter", day(2026, 1, 4) + 20h + 59min, ring}, row{"Sunday 22:00", day(2026, 1, 4) + 21h, mailbox},
        row{"Monday 06:59", day(2026, 1, 5) + 5h + 59min, mailbox}, row{"Monday 07:00", day(2026, 1, 5) + 6h, ring},
        row{"Monday 12:30", day(2026, 1, 5) + 11h + 30min, mailbox}, row{"Monday 13:00", day(2026, 1, 5) + 12h, ring},
        row{"Monday 22:30", day(2026, 1, 5) + 21h + 30min, ring}, row{"Tuesday 06:00", day(2026, 1, 6) + 5h, ring},
        row{"Sunday 22:00, summer", day(2026, 7, 5) + 20h, mailbox}, row{"Monday 07:00, summer", day(2026, 7, 6) + 5h, ring},
        row{"Thursday 00:00", day(2026, 1, 7) + 23h, mailbox}}) {
    EXPECT_EQ(judge("+442079460958", one.at), one.expected) << one.what;
  }
}

TEST_F(InboundRules, RulesAreReadAsTheyWereSetAndLeaveWithTheirOwner) {
  const auto mobile = pstn::number::phone_number::parse("+442079460958").value();
  const auto office = pstn::number::phone_number::parse("+442079460111").value();
  const inbound_rules rules{.do_not_disturb = true,
                            .refuse_anonymous = true,
                            .blocked = {"+3314*", "+442079460958"},
                            .quiet = {{127, 23h + 59min, 0min}},
                            .time_zone = "America/New_York",
                            .forward = {{mobile, 5U}, {office, 8U, 60s}}};
  set(rules);
  const auto found = in_transaction(find_rules, number);
  EXPECT_TRUE(found.do_not_disturb && found.refuse_anonymous);
  EXPECT_EQ(found.blocked, rules.blocked);
  ASSERT_EQ(found.quiet.size(), 1U);
  EXPECT_EQ(found.quiet[0].days, 127U);
  EXPECT_EQ(found.quiet[0].from, 23h + 59min);
  EXPECT_EQ(found.time_zone, "America/New_York");
  EXPECT_EQ(found.forward, rules.forward);
  EXPECT_EQ(in_transaction(find_forwarding, number), rules.forward);
  EXPECT_EQ(in_transaction(set_rules, number, inbound_rules{.time_zone = "Atlantis"}).error(), error::time_zone_unknown);
  const auto other = pstn::number::phone_number::parse("+16505550199").value();
  EXPECT_EQ(in_transaction(set_rules, other, rules).error(), error::number_unknown);
  ASSERT_TRUE(in_transaction(reserve_number, number, alice, start + 15min, start));
  ASSERT_TRUE(in_transaction(release_number, number, alice, start, term_policy{}));
  EXPECT_EQ(judge("", start), ring);
}

TEST_F(InboundRules, Patterns) {
  for (const auto* good : {"+442079460958", "+4420*", "+1*"})
    EXPECT_TRUE(is_caller_pattern(good)) << good;
  for (const auto* bad : {"", "+", "*", "+*", "442079460958", "+0442", "+44 20", "+44*20", "+4420**", "+1234567890123456"})
    EXPECT_FALSE(is_caller_pattern(bad)) << bad;
}

TEST_F(InboundRules, CallsAreNotForwardedToNumbersOfOurs) {
  const auto other = pstn::number::phone_number::parse("+16505550199").value();
  const auto refused = [&](const pstn::number::phone_number& target) {
    pqxx::work tx{*connection_};  // not committed
    return set_rules(tx, number, {.forward = {{target, 8U}}}).error() == error::forward_loop;
  };
  EXPECT_TRUE(refused(number));
  EXPECT_FALSE(refused(other));
  set({.forward = {{other, 8U}}});
  EXPECT_EQ(in_transaction(find_forwarding, number).size(), 1U);
  ASSERT_TRUE(in_transaction(add_number, new_number{.number = other, .area = "", .trunk_id = {}}));
  EXPECT_TRUE(in_transaction(find_forwarding, number).empty());  // it came into stock after the rule
  EXPECT_TRUE(refused(other));
}

}  // namespace
}  // namespace tollgate::voicemail
