// SPDX-License-Identifier: Apache-2.0
// Rules of numbers, limits of mailboxes, and where owners are told of messages, from the outside.
#include <gmock/gmock.h>

#include <pqxx/connection>
#include <pqxx/transaction>

#include "fixture.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::Contains;
using testing::HasSubstr;

TEST_F(Api, CallsToANumberAreForwardedAsItsOwnerWants) {
  ASSERT_EQ(post("/v1/numbers", R"({"number":"+16505550100"})").status, 201U);
  ASSERT_EQ(post("/v1/numbers", R"({"number":"+16505550101"})").status, 201U);
  const std::string path = "/v1/numbers/+16505550100/rules";
  gateway_.take();
  const answer set = send(
      "PUT", path, R"({"forward":["+442079460958 busy,no_answer","+442079460111 always 60"],"do_not_disturb":true})");
  ASSERT_EQ(set.status, 200U) << set.text;
  EXPECT_THAT(gateway_.take(), Contains(HasSubstr("simulate +442079460958"))) << "by the owner's policy";
  const answer found = get(path);
  EXPECT_EQ(found.at("forward").at(0).as_string(), "+442079460958 busy,no_answer 20");
  EXPECT_EQ(found.at("forward").at(1).as_string(), "+442079460111 always 60");
  EXPECT_TRUE(found.at("do_not_disturb").as_bool());
  EXPECT_EQ(send("PUT", path, R"({"forward":["+16505550101 always"]})").string("code"), "forward_loop");
  for (const char* wrong :
       {R"({"forward":["+442079460958"]})", R"({"forward":["+442079460958 never"]})", R"({"forward":["0207 busy"]})",
        R"({"forward":["+442079460958 busy 4"]})", R"({"forward":["+442079460958 busy 121"]})",
        R"({"forward":["+442079460958 busy 20 "]})", R"({"forward":["+442079460958 busy","+442079460958 offline"]})",
        R"({"forward":["+4420794601 busy","+4420794602 busy","+4420794603 busy","+4420794604 busy"]})"})
    EXPECT_EQ(send("PUT", path, wrong).status, 422U) << wrong;
  EXPECT_EQ(get(path).at("forward").as_array().size(), 2U) << "nothing of that was taken";
  EXPECT_EQ(send("PUT", "/v1/numbers/+16505550199/rules", "{}").status, 404U);
}

TEST_F(Api, OwnersAreToldOfMessagesWhereTheyWant) {
  const std::string path = "/v1/mailboxes/" + create_account("alice") + "/notifications";
  EXPECT_TRUE(get(path).at("email").is_null());
  const answer set = send("PUT", path,
                          R"({"email":"alice@example.net","email_audio":true,"webhook":"https://hooks.example.net/a"})");
  ASSERT_EQ(set.status, 200U) << set.text;
  EXPECT_EQ(set.string("webhook_secret").size(), 64U);
  const answer found = get(path);
  EXPECT_EQ(found.string("email"), "alice@example.net");
  EXPECT_TRUE(found.at("email_audio").as_bool());
  EXPECT_THAT(found.text, testing::Not(HasSubstr("secret"))) << "told once";
  const auto same = send("PUT", path, R"({"webhook":"https://hooks.example.net/a"})");
  EXPECT_THAT(same.text, testing::Not(HasSubstr("webhook_secret"))) << "kept";
  EXPECT_TRUE(same.at("email").is_null());
  EXPECT_EQ(send("PUT", path, R"({"mwi":"sip:alice@192.0.2.1:5062"})").string("mwi"), "sip:alice@192.0.2.1:5062");
  EXPECT_EQ(send("PUT", path, R"({"webhook":"https://hooks.example.net/b"})").string("webhook_secret").size(), 64U);
  for (const char* wrong : {R"({"email":"alice"})", R"({"email":"a@b\r\nBcc: c@d"})", R"({"webhook":"file:///etc/passwd"})",
                            R"({"webhook":"https://a b"})", R"({"mwi":"sip:alice@example.net"})",
                            R"({"webhook":"https://a","webhook_secret":"short"})", R"({"sms":"+16505550100"})"})
    EXPECT_EQ(send("PUT", path, wrong).status, 422U) << wrong;
  EXPECT_EQ(get("/v1/mailboxes/0190a0b0-0000-7000-8000-000000000000/notifications").status, 404U);
}

TEST_F(Api, AMailboxIsGivenLimitsOfItsOwn) {
  const std::string path = "/v1/mailboxes/" + create_account("alice") + "/limits";
  const answer before = get(path);
  EXPECT_TRUE(before.at("messages").is_null());
  EXPECT_EQ(before.at("in_force").at("messages").as_int64(), 100);
  EXPECT_EQ(before.at("in_force").at("keep_days").as_int64(), 0);
  const answer set = send("PUT", path, R"({"messages":500,"duration_s":7200,"keep_days":30})");
  ASSERT_EQ(set.status, 200U) << set.text;
  const answer found = get(path);
  EXPECT_EQ(found.text, set.text);
  EXPECT_EQ(found.at("messages").as_int64(), 500);
  EXPECT_TRUE(found.at("bytes").is_null());
  EXPECT_EQ(found.at("in_force").at("duration_s").as_int64(), 7200);
  EXPECT_EQ(found.at("in_force").at("bytes").as_int64(), 64 << 20);
  EXPECT_EQ(found.at("in_force").at("keep_days").as_int64(), 30);
  for (const char* wrong : {R"({"messages":0})", R"({"duration_s":59})", R"({"bytes":1})", R"({"keep_days":-1})",
                            R"({"keep_days":36501})", R"({"messages":"many"})", R"({"minutes":5})"})
    EXPECT_EQ(send("PUT", path, wrong).status, 422U) << wrong;
  EXPECT_EQ(get(path).text, set.text) << "nothing of that was taken";
  EXPECT_TRUE(send("PUT", path, R"({"messages":null})").at("keep_days").is_null()) << "the carrier's again";
  EXPECT_EQ(get("/v1/mailboxes/0190a0b0-0000-7000-8000-000000000000/limits").status, 404U);
}

}  // namespace
}  // namespace tollgate::gateway::api
