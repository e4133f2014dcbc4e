// SPDX-License-Identifier: Apache-2.0
// Fields of bodies and queries, with everything that may be wrong with them.
#include "gateway/api/fields.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <time.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace tollgate::gateway::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

request json(const char* body) {
  request out;
  out.content_type = "application/json";
  out.body = body;
  return out;
}

TEST(Fields, AreReadByKind) {
  const request from = json(R"({"a":"x","n":5,"f":true,"l":["p","q"],"t":"2026-01-31T12:00:00Z",
                               "u":"0190a0b0-0000-7000-8000-000000000001","tel":"+442079460958","o":{"i":1}})");
  auto fields = field_reader::of_body(from);
  EXPECT_EQ(fields.text("a"), "x");
  EXPECT_EQ(fields.integer("n", 0, 9), 5);
  EXPECT_EQ(fields.flag("f"), true);
  EXPECT_THAT(*fields.texts("l"), ElementsAre("p", "q"));
  EXPECT_TRUE(fields.time("t"));
  EXPECT_TRUE(fields.id("u"));
  EXPECT_EQ(fields.number("tel")->e164(), "+442079460958");
  auto inner = fields.object("o");
  ASSERT_TRUE(inner);
  EXPECT_EQ(inner->integer("i", 0, 9), 1);
  fields.adopt("o", *inner);
  EXPECT_FALSE(fields.refusal());
}

TEST(Fields, EveryMistakeIsToldAtOnce) {
  const request from = json(R"({"a":1,"n":99,"unknown":0,"o":{"odd":1}})");
  auto fields = field_reader::of_body(from);
  fields.needed_text("a");
  fields.needed_integer("n", 0, 9);
  fields.needed_id("u");
  auto inner = fields.object("o");
  fields.adopt("o", *inner);
  const auto refusal = fields.refusal();
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 422U);
  for (const char* field :
       {R"("field":"a")", R"("field":"n")", R"("field":"u")", R"("field":"o.odd")", R"("field":"unknown")"})
    EXPECT_THAT(refusal->body, HasSubstr(field));
}

std::chrono::nanoseconds cpu_time() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

// By processor time, which a busy machine does not change: what is told is a hundred mistakes, and no more is made of any number of them.
TEST(Fields, OfAnyNumberOfMistakesAHundredAreToldAndTheOthersCostNothing) {
  std::string unknown = "{", list = R"({"l":[)";
  for (int i = 0; i < 200'000; ++i) {
    unknown += (i == 0 ? "\"a/" : ",\"a/") + std::to_string(i) + "\":0";
    list += i == 0 ? "0" : ",0";
  }
  const auto took = [](auto work) {
    const auto before = cpu_time();
    work();
    return cpu_time() - before;
  };
  struct row {
    const char* name;
    std::string body;
  };
  for (const auto& [name, body] : {row{"unknown members", unknown + "}"}, row{"members of a list", list + "]}"}, row{"of an inner object", R"({"o":)" + unknown + "}}"}}) {
    const request from = json(body.c_str());
    std::optional<field_reader> fields;
    std::optional<field_reader> inner;
    std::optional<reply> refusal;
    const auto parse = took([&] { fields.emplace(field_reader::of_body(from)); });
    if (std::string_view(name) == "of an inner object") inner = fields->object("o");  // a copy of it
    const auto refuse = took([&] {
      fields->texts("l", 200'000);
      if (inner) fields->adopt("o", *inner);
      refusal = fields->refusal();
    });
    ASSERT_TRUE(refusal) << name;
    EXPECT_EQ(boost::json::parse(refusal->body).at("errors").as_array().size(), 100U) << name;
    EXPECT_LT(refusal->body.size(), 20'000U) << name;
    EXPECT_LT(refuse, parse / 4) << name << ": " << refuse.count() << " ns, parsed in " << parse.count();
  }
}

TEST(Fields, MalformedBodiesAreRefused) {
  for (const char* bad : {"", "[]", "{", "1", "{\"a\":\"\xff\"}", "{\"a\":1}x"}) {
    const request from = json(bad);
    EXPECT_EQ(field_reader::of_body(from).refusal()->status, 400U) << bad;
  }
  EXPECT_EQ(field_reader::of_body(json((std::string(100'000, '[')).c_str())).refusal()->status, 400U);
  request form;
  form.content_type = "application/x-www-form-urlencoded";
  EXPECT_EQ(field_reader::of_body(form).refusal()->status, 415U);
}

TEST(Fields, MoneyIsGivenOnceAsDecimalOrMicros) {
  const auto read = [](const char* body) {
    auto fields = field_reader::of_body(json(body));
    const auto amount = fields.needed_money("amount");
    return fields.refusal() ? -1 : amount.micros;
  };
  EXPECT_EQ(read(R"({"amount":"20.00"})"), 20'000'000);
  EXPECT_EQ(read(R"({"amount_micros":17000})"), 17'000);
  EXPECT_EQ(read(R"({"amount":"1","amount_micros":1000000})"), -1);
  EXPECT_EQ(read(R"({})"), -1);
  EXPECT_EQ(read(R"({"amount":20})"), -1);
  EXPECT_EQ(read(R"({"amount":"1e3"})"), -1);
  EXPECT_EQ(read(R"({"amount_micros":1.5})"), -1);
}

TEST(Fields, QueryValuesAreTexts) {
  request from;
  ASSERT_TRUE(parse_target("/x?limit=5&dry_run=true&name=17", from));
  auto fields = field_reader::of_query(from);
  EXPECT_EQ(fields.integer("limit", 1, 9), 5);
  EXPECT_EQ(fields.flag("dry_run"), true);
  EXPECT_EQ(fields.text("name"), "17");
  EXPECT_FALSE(fields.refusal());
  request bad;
  ASSERT_TRUE(parse_target("/x?limit=5x", bad));
  auto wrong = field_reader::of_query(bad);
  wrong.integer("limit", 1, 9);
  EXPECT_TRUE(wrong.refusal());
}

TEST(Rfc3339, IsReadAndWritten) {
  EXPECT_EQ(rfc3339(*parse_rfc3339("2026-02-28T23:59:59.5Z")), "2026-02-28T23:59:59.500Z");
  EXPECT_EQ(rfc3339(*parse_rfc3339("2026-01-01T01:00:00+02:00")), "2025-12-31T23:00:00.000Z");
  for (const char* bad :
       {"", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00.Zx", "1969-01-01T00:00:00Z", "2026-01-01T00:00:00+0200",
        "2262-05-01T00:00:00Z", "9999-12-31T23:59:59Z"})
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
}

TEST(Uuid, IsReadInItsOneForm) {
  EXPECT_TRUE(parse_uuid("0190a0b0-0000-7000-8000-000000000001"));
  for (const char* bad : {"", "0190a0b0000070008000000000000001", "{0190a0b0-0000-7000-8000-00000000001}",
                          "0190a0b0-0000-7000-8000-00000000000g"})
    EXPECT_FALSE(parse_uuid(bad)) << bad;
}

}  // namespace
}  // namespace tollgate::gateway::api
