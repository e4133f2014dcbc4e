// SPDX-License-Identifier: Apache-2.0
#include "gateway/notify/event_letters.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/uuid/string_generator.hpp>

namespace tollgate::gateway::notify {
namespace {

using namespace std::chrono_literals;

events::webhook_delivery a_delivery() {
  events::webhook_delivery one;
  one.what.position = 7;
  one.what.event_id = boost::uuids::string_generator()("01900000-0000-7000-8000-0000000000e7");
  one.what.type = "trunk.down";
  one.what.at = "2026-11-27T03:00:00.000000Z";
  one.what.resource = "trunk:north";
  one.what.data = R"({"trunk":"north","sip_code":408,"note":null})";
  one.attempts = 2;
  return one;
}

std::string sign(std::string_view body, std::string_view secret, wall_time) {
  return "t=1,v1=" + std::string(secret) + std::to_string(body.size());
}

TEST(EventLetters, AreSignedByTheOldSecretToo) {
  events::webhook to;
  to.url = "https://ops.example/";
  to.secret = "new";
  auto made = post_of(to, a_delivery(), sign, wall_time{});
  const std::string size = std::to_string(made.body.size());
  EXPECT_EQ(made.headers.at(0), "Tollgate-Signature: t=1,v1=new" + size);
  EXPECT_EQ(made.headers.at(2), "Tollgate-Attempt: 3");
  const auto body = boost::json::parse(made.body);
  EXPECT_EQ(body.at("id").as_string(), "01900000-0000-7000-8000-0000000000e7");
  EXPECT_EQ(body.at("position").as_int64(), 7);
  EXPECT_EQ(body.at("data").at("sip_code").as_int64(), 408);
  EXPECT_TRUE(body.at("account_id").is_null());
  to.old_secret = "old";
  made = post_of(to, a_delivery(), sign, wall_time{});
  EXPECT_EQ(made.headers.at(0), "Tollgate-Signature: t=1,v1=new" + size + ",v1=old" + size);
}

TEST(EventLetters, GoToOneMailbox) {
  events::webhook to;
  to.url = "mailto:ops@carrier.example";
  const auto made = letter_of(to, a_delivery(), "tollgate@carrier.example", wall_time{});
  EXPECT_EQ(made.to, "ops@carrier.example");
  EXPECT_EQ(made.headers.at(1), "Message-ID: <event.01900000-0000-7000-8000-0000000000e7@carrier.example>");
  EXPECT_EQ(made.headers.at(2), "Subject: Tollgate: trunk.down");
  EXPECT_EQ(made.text, "trunk.down at 2026-11-27T03:00:00.000000Z\r\ntrunk:north\r\n\r\ntrunk: north\r\nsip_code: 408\r\n");
  for (const char* bad : {"mailto:", "mailto:a@b.example,c@d.example", "mailto:a@b.example?cc=c@d.example", "mailto:a%40b@c.example",
                          "https://a@b.example", "ops@carrier.example"})
    EXPECT_EQ(mail_address_of(bad), "") << bad;
}

TEST(EventQueue, DropsWhatIsTooMuchAndKeepsTheOrder) {
  events::event_queue queue(3);
  const auto put = [&](const char* type) { queue.put({.type = type, .resource = {}}); };
  for (const char* type : {"1", "2", "3", "4"})
    put(type);
  EXPECT_EQ(queue.dropped(), 1U);
  auto taken = queue.take(2);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[1].type, "2");
  put("5");
  queue.put_back(std::move(taken));  // there is room for one: the older of the two goes
  EXPECT_EQ(queue.dropped(), 2U);
  std::string order;
  for (const auto& one : queue.take(10))
    order += one.type;
  EXPECT_EQ(order, "235");
  EXPECT_TRUE(queue.take(10).empty());
}

}  // namespace
}  // namespace tollgate::gateway::notify
