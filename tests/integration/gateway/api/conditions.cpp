// SPDX-License-Identifier: Apache-2.0
// Entity tags over HTTP: changes behind If-Match, readers who have it already, and a change by somebody else between the
// comparison and the change.
#include <gmock/gmock.h>

#include <future>
#include <pqxx/connection>
#include <pqxx/transaction>
#include <zlib.h>

#include "fixture.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class Conditions : public Api {
 protected:
  answer with(const std::string& header, const std::string& method, const std::string& target, const std::string& body = {}) {
    headers_ = header + "\r\n";
    answer got = send(method, target, body);
    headers_.clear();
    return got;
  }
  std::string make_carrier() {
    const answer made = post("/v1/carriers", R"({"name":"one"})");
    EXPECT_EQ(made.status, 201U) << made.text;
    return "/v1/carriers/" + made.string("id");
  }
};

TEST_F(Conditions, AChangeThatComesTooLateIsRefused) {
  const std::string path = make_carrier();
  const std::string tag = get(path).field("ETag");
  ASSERT_FALSE(tag.empty());
  EXPECT_EQ(with("If-None-Match: " + tag, "GET", path).status, 304U);
  EXPECT_EQ(with("If-Match: " + tag, "PUT", path, R"({"name":"two"})").status, 200U);
  const answer late = with("If-Match: " + tag, "PUT", path, R"({"name":"three"})");
  EXPECT_EQ(late.status, 412U) << late.text;
  EXPECT_EQ(late.string("code"), "precondition_failed");
  EXPECT_EQ(get(path).string("name"), "two");
  EXPECT_EQ(with("If-None-Match: " + tag, "GET", path).status, 200U);
  EXPECT_EQ(with("If-Match: " + tag, "DELETE", path).status, 412U);
  EXPECT_EQ(with("If-None-Match: *", "PUT", path, R"({"name":"three"})").status, 412U);
  EXPECT_EQ(send("PUT", path, R"({"name":"four"})").status, 200U) << "nobody has to ask";
  EXPECT_EQ(with("If-Match: " + get(path).field("ETag"), "DELETE", path).status, 204U);
  EXPECT_EQ(with("If-Match: *", "DELETE", path).status, 412U) << "it is gone";
}

TEST_F(Conditions, EveryKindOfResourceHasThem) {
  const std::string id = create_account("alice"), account = "/v1/accounts/" + id;
  ASSERT_EQ(post("/v1/numbers", R"({"number":"+16505550100","area":"Palo Alto"})").status, 201U);
  struct row {
    std::string read, method, path, body, other;  // `other`: another state than before and after `body`
  };
  const row rows[] = {
      {account, "PATCH", account, R"({"display_name":"A"})", R"({"display_name":"B"})"},
      {account + "/calling_policy", "PUT", account + "/calling_policy", R"({"open_prefixes":["4490"]})", R"({"open_prefixes":["4491"]})"},
      {account + "/caller_id", "PUT", account + "/caller_id", R"({"withheld":true})", R"({"withheld":true,"verified_numbers":["+442079460958"]})"},
      {account + "/address", "PUT", account + "/address", R"({"name":"A","street":"S","city":"C","country":"GB"})",
       R"({"name":"B","street":"S","city":"C","country":"GB"})"},
      {"/v1/fraud/policy", "PUT", "/v1/fraud/policy/EUR", R"({"dear_per_minute":"0.5","established_paid":"10"})",
       R"({"dear_per_minute":"0.6","established_paid":"10"})"},
      {"/v1/currencies", "PUT", "/v1/currencies/EUR/least_topup", R"({"amount":"5"})", R"({"amount":"6"})"},
      {"/v1/number_prices", "PUT", "/v1/number_prices/EUR/3", R"({"price":"11"})", R"({"price":"12"})"},
      {"/v1/mailboxes/" + id, "PATCH", "/v1/mailboxes/" + id, R"({"time_zone":"Europe/Berlin"})", R"({"time_zone":"Europe/Paris"})"},
  };
  for (const row& one : rows) {
    SCOPED_TRACE(one.method + " " + one.path);
    const answer before = get(one.read);
    const std::string tag = before.field("ETag");
    ASSERT_EQ(before.status, 200U) << before.text;
    ASSERT_FALSE(tag.empty());
    const answer first = with("If-Match: " + tag, one.method, one.path, one.body);
    EXPECT_LT(first.status, 300U) << first.text;
    const answer late = with("If-Match: " + tag, one.method, one.path, one.other);
    EXPECT_EQ(late.status, 412U) << late.text;
    EXPECT_LT(send(one.method, one.path, one.other).status, 300U);
    EXPECT_NE(get(one.read).field("ETag"), tag);
  }
}

TEST_F(Conditions, CreditThatChangesRefusesNoName) {
  const std::string id = create_account("alice"), path = "/v1/accounts/" + id;
  const std::string tag = get(path).field("ETag");
  ASSERT_EQ(post("/v1/payments", R"({"id":"p","amount":"20","account_id":")" + id + "\"}").status, 201U);
  EXPECT_EQ(with("If-None-Match: " + tag, "GET", path).status, 200U) << "readers see the credit";
  EXPECT_EQ(with("If-Match: " + tag, "PATCH", path, R"({"display_name":"A"})").status, 200U);
}

TEST_F(Conditions, WhoeverChangesItBetweenComparisonAndChangeIsSeen) {
  const std::string path = make_carrier();
  const std::string tag = get(path).field("ETag");
  pqxx::connection other(database());
  pqxx::work change(other);
  change.exec("UPDATE pstn.carrier SET capacity_calls = 7");  // by no way of the API
  auto late = std::async(std::launch::async, [&] { return with("If-Match: " + tag, "PUT", path, R"({"name":"two"})"); });
  const auto waits = [this] {
    return *pool_->run_blocking([](pqxx::work& tx) {
      return tx.exec1("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")[0].as<int>();
    });
  };
  while (waits() == 0)  // it has compared: the tag is still that of what others see
    std::this_thread::yield();
  change.commit();
  const answer refused = late.get();
  EXPECT_EQ(refused.status, 412U) << refused.text;
  EXPECT_EQ(get(path).string("name"), "one");
  EXPECT_EQ(get(path).integer("capacity_calls"), 7);
}

TEST_F(Conditions, WhatIsAliveHasNoTag) {
  EXPECT_EQ(get("/v1/status").field("ETag"), "");
  EXPECT_EQ(get("/v1/calls").field("ETag"), "");
  EXPECT_EQ(with("If-Match: \"a.b\"", "DELETE", "/v1/calls/0190a0b0-0000-7000-8000-00000000ca11").status, 412U);
  EXPECT_THAT(gateway_.take(), Not(testing::Contains("hangup")));
}

TEST_F(Conditions, LargeAnswersAreCompressedForThoseWhoTakeIt) {
  for (const char* name : {"small", "large"}) {
    std::string deck = "prefix,region,price\n";
    const int lines = std::string_view(name) == "small" ? 100 : 9'000;  // on this thread, on another
    for (int i = 0; i < lines; ++i)
      deck += std::to_string(1'000 + i) + ",Region " + std::to_string(i) + ",0.01\n";
    ASSERT_EQ(send("POST", std::string("/v1/rate_imports?changes=0&deck=") + name, deck, "text/csv").status, 201U);
    const std::string path = std::string("/v1/rate_decks/") + name + "/current";
    const answer plain = get(path);
    const answer packed = with("Accept-Encoding: gzip", "GET", path);
    EXPECT_EQ(plain.field("Content-Encoding"), "");
    EXPECT_EQ(plain.field("Vary"), "Accept-Encoding");
    EXPECT_EQ(packed.field("Content-Encoding"), "gzip");
    const bool tagged = plain.text.size() <= 256 << 10;  // making tags takes time on the thread of calls
    EXPECT_EQ(tagged, name == std::string_view("small"));
    EXPECT_NE(plain.field("ETag").empty(), tagged);
    EXPECT_EQ(packed.field("ETag") != plain.field("ETag"), tagged);
    EXPECT_LT(packed.text.size(), plain.text.size() / 2);
    std::string back(plain.text.size() + 1, '\0'), input = packed.text;
    z_stream stream{};
    ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(input.data());
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = reinterpret_cast<Bytef*>(back.data());
    stream.avail_out = static_cast<uInt>(back.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    back.resize(stream.total_out);
    inflateEnd(&stream);
    EXPECT_EQ(back, plain.text);
    const std::string seen = "Accept-Encoding: gzip\r\nIf-None-Match: " + (tagged ? plain.field("ETag") : "\"none\"");
    EXPECT_EQ(with(seen, "GET", path).status, tagged ? 304U : 200U);
  }
  EXPECT_EQ(with("Accept-Encoding: gzip", "GET", "/v1/carriers").field("Content-Encoding"), "") << "too small";
}

}  // namespace
}  // namespace tollgate::gateway::api
