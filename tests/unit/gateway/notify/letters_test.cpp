// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/letters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/uuid/string_generator.hpp>

namespace tollgate::gateway::notify {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;

const wall_time received{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 12h + 5min + 9s + 345ms};

voicemail::notification about(std::string caller, bool urgent = false) {
  const auto id = boost::uuids::string_generator{}("01a202c5-092b-7eed-b3cb-fc3e68efee6a");
  voicemail::notification one{};
  one.account_id = boost::uuids::string_generator{}("01a202c5-092b-7eed-b3cb-fc3e68efee6b");
  one.target = {voicemail::notification_channel::email, "alice@example.net", true, {}};
  one.message_id = id;
  one.counts.unread = 2;
  one.counts.saved = 8;
  voicemail::message message{};
  message.message_id = id;
  message.caller = std::move(caller);
  message.called = "+16505550100";
  message.received_at = received;
  message.duration = 72'400ms;
  message.urgent = urgent;
  one.about = message;
  return one;
}

TEST(Letters, SayWhoHasLeftAMessageAndWhen) {
  const auto made = letter_of(about("+442079460958", true), "tollgate@carrier.example", std::vector<std::byte>(10), received + 1h);
  EXPECT_EQ(made.to, "alice@example.net");
  EXPECT_THAT(made.headers, Contains("Date: Sun, 01 Mar 2026 13:05:09 +0000"));
  EXPECT_THAT(made.headers, Contains("Subject: Voice message from +442079460958, unverified (1:12)"));
  EXPECT_THAT(made.headers, Contains("Message-ID: <voicemail.01a202c5-092b-7eed-b3cb-fc3e68efee6a@carrier.example>"));
  EXPECT_THAT(made.headers, Contains("Auto-Submitted: auto-generated"));
  EXPECT_THAT(made.headers, Contains("Importance: high"));
  EXPECT_THAT(made.text, HasSubstr("2 new, 8 saved"));
  ASSERT_TRUE(made.attached);
  EXPECT_EQ(made.attached->type, "audio/ogg");
  EXPECT_THAT(made.text, HasSubstr(" from +442079460958, unverified\r\n"));
  auto known = about("+442079460958");
  known.about->caller_name = "B\xc3\xb6" "b\r\nBcc: all";
  known.about->caller_verdict = "verified_a";
  const auto told = letter_of(known, "tollgate@carrier.example", std::nullopt, received);
  EXPECT_THAT(told.headers, Contains("Subject: Voice message from +442079460958 (1:12)"));
  EXPECT_THAT(told.text, HasSubstr(" from +442079460958 (B\xc3\xb6" "b  Bcc: all)\r\n"));
  const auto withheld = letter_of(about(""), "tollgate@carrier.example", std::nullopt, received);
  EXPECT_THAT(withheld.headers, Contains("Subject: Voice message from an unknown number (1:12)"));
  EXPECT_FALSE(withheld.attached);
}

TEST(Letters, AWebhookHasTheFacts) {
  auto known = about("+442079460958");
  known.about->caller_name = "Bob";
  known.about->caller_verdict = "none";
  const auto body = boost::json::parse(webhook_body(known));
  EXPECT_EQ(body.at("message").at("caller_name").as_string(), "Bob");
  EXPECT_EQ(body.at("message").at("caller_verdict").as_string(), "none");
  EXPECT_EQ(body.at("id").as_string(), "01a202c5-092b-7eed-b3cb-fc3e68efee6a");
  EXPECT_EQ(body.at("event").as_string(), "voicemail.new");
  EXPECT_EQ(body.at("message").at("received_at").as_string(), "2026-03-01T12:05:09.345Z");
  EXPECT_EQ(body.at("message").at("duration_ms").as_int64(), 72'400);
  EXPECT_EQ(body.at("counts").at("new").as_int64(), 2);
}

TEST(Letters, AMessageSummaryIsAsRfc3842HasIt) {
  EXPECT_EQ(message_summary(about("").counts, "sip:alice@example.com"),
            "Messages-Waiting: yes\r\nMessage-Account: sip:alice@example.com\r\nVoice-Message: 2/8\r\n");
  EXPECT_THAT(message_summary({}, "sip:a@b"), testing::HasSubstr("Messages-Waiting: no\r\n"));
}

TEST(Letters, AddressesThatCouldEndAHeaderAreNone) {
  using voicemail::is_mail_address;
  for (const char* good : {"a@b", "alice.b+c@mail.example.net", "o'hara@example.net"}) EXPECT_TRUE(is_mail_address(good)) << good;
  for (const char* bad : {"", "a", "@b", "a@", "a@b\r\nBcc: c@d", "a b@c", "<a@b>", "a@b,c@d", "a@b@c", "\"a\"@b", "a@.b", "-f@b"})
    EXPECT_FALSE(is_mail_address(bad)) << bad;
  EXPECT_TRUE(voicemail::is_web_address("https://hooks.example.net/a?b=c"));
  for (const char* bad : {"ftp://a", "https://", "file:///etc/passwd", "gopher://x", "https://a b", "HTTP://a\n"})
    EXPECT_FALSE(voicemail::is_web_address(bad)) << bad;
}

}  // namespace
}  // namespace tollgate::gateway::notify
