// SPDX-License-Identifier: Apache-2.0
// Entity tags, keys, windows of requests, compression: what is decided without a socket or a database.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "gateway/api/compression.hpp"
#include "gateway/api/entity_tag.hpp"
#include "gateway/api/fields.hpp"
#include "gateway/api/idempotency.hpp"
#include "gateway/api/rate_limiter.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const route& route_of(std::string_view method, std::string_view pattern) {
  for (const route& each : routes())
    if (each.method == method && each.pattern == pattern) return each;
  throw std::logic_error("no such route");
}

reply body(std::string text) {
  reply out;
  out.body = std::move(text);
  return out;
}

TEST(EntityTag, TellsWhatCanBeSetFromWhatIsAlive) {
  const route& account = route_of("GET", "/v1/accounts/{}");
  const auto poor = tag_of(account, body(R"({"name":"a","available":"0.00"})"));
  const auto rich = tag_of(account, body(R"({"name":"a","available":"9.00"})"));
  const auto other = tag_of(account, body(R"({"name":"b","available":"0.00"})"));
  ASSERT_TRUE(poor && rich && other);
  EXPECT_EQ(poor->settable, rich->settable);
  EXPECT_NE(poor->whole, rich->whole);
  EXPECT_NE(poor->settable, other->settable);
  EXPECT_TRUE(may_change({to_string(*poor), ""}, true, rich));
  EXPECT_FALSE(may_change({to_string(*poor), ""}, true, other));
  EXPECT_FALSE(is_unchanged(to_string(*poor), *rich));
  EXPECT_TRUE(is_unchanged(to_string(*poor, true), *poor)) << "whichever coding";
  EXPECT_TRUE(is_unchanged("W/" + to_string(*poor), *poor));
}

TEST(EntityTag, ConditionsAreReadAsTheRfcHasThem) {
  const entity_tag now{"aa", "bb"};
  struct row {
    const char* if_match;
    const char* if_none_match;
    bool exists, may;
  };
  for (const auto& one : {row{"\"aa.bb\"", "", true, true}, row{"\"aa.cc\"", "", true, true}, row{"\"ab.bb\"", "", true, false},
                          row{"\"x\", \"aa.bb\"", "", true, true}, row{"W/\"aa.bb\"", "", true, false}, row{"*", "", true, true},
                          row{"*", "", false, false}, row{"aa.bb", "", true, false}, row{"\"aa.bb", "", true, false},
                          row{"", "*", true, false}, row{"", "*", false, true}, row{"", "\"aa.bb\"", true, false},
                          row{"", "\"ab.bb\"", true, true}, row{"\"aa.bb\"", "", false, false}})
    EXPECT_EQ(may_change({one.if_match, one.if_none_match}, one.exists, one.exists ? std::optional(now) : std::nullopt), one.may)
        << one.if_match << " " << one.if_none_match << " " << one.exists;
}

TEST(EntityTag, IsThatOfTheNearestResourceAbove) {
  const auto reader = [](const char* target) {
    request question;
    EXPECT_TRUE(parse_target(target, question));
    const route* const found = tagging_route(question);
    return found == nullptr ? std::string() : std::string(found->pattern);
  };
  EXPECT_EQ(reader("/v1/trunks/7"), "/v1/trunks/{}");
  EXPECT_EQ(reader("/v1/tax_rates/DE/topup"), "/v1/tax_rates");
  EXPECT_EQ(reader("/v1/numbers/+1/prices/EUR/3"), "/v1/numbers/{}");
  EXPECT_EQ(reader("/v1/sessions/current"), "");
  EXPECT_FALSE(is_tagged(route_of("GET", "/v1/calls/{}")));
}

TEST(IdempotencyKey, IsReadFromTheField) {
  EXPECT_EQ(read_idempotency_key("8e03978e-40d5-43e8-bc93-6894a57f9324"), "8e03978e-40d5-43e8-bc93-6894a57f9324");
  EXPECT_EQ(read_idempotency_key("\"quoted\""), "quoted");
  for (const std::string& bad : {std::string(), std::string("\"\""), std::string("a b"), std::string("a\"b"), std::string(256, 'a'),
                                 std::string("\xc3\xa4")})
    EXPECT_FALSE(read_idempotency_key(bad)) << bad;
}

TEST(IdempotencyKey, KeptAnswersHaveNoSecrets) {
  const auto kept = without_unkept(
      boost::json::parse(R"({"id":"1","token":"tga_x","pins":[{"serial":1,"pin":"1234"}],"has_pin":true,"in":{"pin":"9","n":1}})"), 1'000);
  const std::string text = boost::json::serialize(kept);
  for (const char* secret : {"tga_x", "1234", "9", "serial"})
    EXPECT_THAT(text, Not(HasSubstr(secret)));
  EXPECT_THAT(text, HasSubstr(R"("has_pin":true)"));
  EXPECT_THAT(text, HasSubstr(R"("n":1)"));
  const auto& names = kept.at("left_out").as_array();
  EXPECT_EQ(names.size(), 3U) << text;
  const auto plain = boost::json::parse(R"({"id":"1","list":[1,2,3]})");
  EXPECT_EQ(without_unkept(plain, 1'000), plain);
  EXPECT_EQ(boost::json::serialize(without_unkept(plain, 10)), R"({"id":"1","left_out":["list"]})");
}

TEST(RateLimiter, CountsInWindowsOfEachClient) {
  rate_limiter limiter(2);
  const rate_limiter::time_point start{};
  EXPECT_EQ(limiter.take("a", start).remaining, 1U);
  EXPECT_TRUE(limiter.take("a", start + 1s).allowed);
  const auto refused = limiter.take("a", start + 10s);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.reset, 50s);
  EXPECT_EQ(refused.limit, 2U);
  EXPECT_FALSE(limiter.look("a", start + 59s).allowed);
  EXPECT_TRUE(limiter.take("b", start + 10s).allowed);
  EXPECT_TRUE(limiter.take("a", start + 60s).allowed) << "another window";
  EXPECT_TRUE(rate_limiter(0).take("a", start).allowed);
  EXPECT_EQ(rate_limiter(0).take("a", start).limit, 0U);
}

TEST(RateLimiter, IsBoundedInMemory) {
  rate_limiter limiter(1, 100);
  const rate_limiter::time_point start{};
  for (int i = 0; i < 10'000; ++i)
    limiter.take(std::to_string(i), start + std::chrono::milliseconds(i));
  EXPECT_EQ(limiter.clients(), 100U);
  EXPECT_FALSE(limiter.look("9999", start + 10s).allowed) << "the latest are remembered";
  limiter.take("one", start + 200s);
  EXPECT_EQ(limiter.clients(), 1U);
}

TEST(RateLimiter, AnIpv6SubscriberHasAWholePrefix) {
  EXPECT_EQ(client_of_address("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(client_of_address("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(client_of_address("2001:db8:1:2:3:4:5:6"), client_of_address("2001:db8:1:2::1"));
  EXPECT_NE(client_of_address("2001:db8:1:2::1"), client_of_address("2001:db8:1:3::1"));
}

TEST(Compression, IsDoneForThoseWhoTakeIt) {
  for (const char* yes : {"gzip", "deflate, gzip;q=0.5", "*", "br;q=1.0, *;q=0.1", "x-gzip"})
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  for (const char* no : {"", "identity", "gzip;q=0", "gzip;q=0.000, *", "*;q=0", "gzipped", "br"})
    EXPECT_FALSE(accepts_gzip(no)) << no;
  EXPECT_TRUE(is_compressible("text/csv; charset=utf-8"));
  EXPECT_FALSE(is_compressible("audio/ogg; codecs=opus"));
}

TEST(Compression, CanBeUndone) {
  const std::string plain(100'000, 'x');
  const std::string packed = gzip(plain);
  EXPECT_LT(packed.size(), 1'000U);
  std::string back(plain.size() + 1, '\0');
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string input = packed;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(back.data());
  stream.avail_out = static_cast<uInt>(back.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  back.resize(stream.total_out);
  inflateEnd(&stream);
  EXPECT_EQ(back, plain);
}

request json(std::string text) {
  request out;
  out.content_type = "application/json";
  out.body = std::move(text);
  return out;
}

TEST(Pointers, LeadToEveryBadField) {
  const request from = json(R"({"a":1,"o":{"x/y":1,"~":2},"l":["p",2],"n":[1,99]})");
  auto fields = field_reader::of_body(from);
  fields.text("a");
  auto inner = fields.object("o");
  fields.adopt("o", *inner);
  fields.texts("l");
  fields.integers("n", 0, 9);
  fields.needed_text("gone");
  const auto refusal = fields.refusal();
  ASSERT_TRUE(refusal);
  for (const char* pointer : {"/a", "/o/x~1y", "/o/~0", "/l/1", "/n/1", "/gone"})
    EXPECT_THAT(refusal->body, HasSubstr("\"pointer\":\"" + std::string(pointer) + "\""));
  request query;
  ASSERT_TRUE(parse_target("/x?odd=1", query));
  EXPECT_THAT(field_reader::of_query(query).refusal()->body, HasSubstr(R"("parameter":"odd")"));
}

TEST(Pointers, AreBoundedAndKeepToUtf8) {
  std::string many = R"({"first":1)";
  for (int i = 0; i < 1'000; ++i)
    many += ",\"" + std::to_string(i) + "\":1";
  const auto refusal = field_reader::of_body(json(many + "}")).refusal();
  EXPECT_EQ(boost::json::parse(refusal->body).at("errors").as_array().size(), 100U);
  std::string name;
  for (int i = 0; i < 100; ++i)
    name += "\xe2\x82\xac";
  const auto told = field_reader::of_body(json("{\"" + name + "\":1}")).refusal();
  boost::system::error_code error;
  boost::json::parse(told->body, error);
  EXPECT_FALSE(error) << "what is told is UTF-8";
  EXPECT_EQ(field_reader::of_body(json(std::string(100, '[') + std::string(100, ']'))).refusal()->code, "json_too_deep");
}

TEST(Problem, OfOurModulesPointsAtTheField) {
  reply out = problem(422, "invalid_amount", "too much");
  out.about = {"amount", "value"};
  point_at(out, json(R"({"value_micros":-1})"));
  EXPECT_THAT(out.body, HasSubstr(R"("pointer":"/value_micros")"));
  name_request(out, uuid{});
  const auto told = boost::json::parse(out.body);
  EXPECT_EQ(told.at("request_id").as_string(), "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(told.at("code").as_string(), "invalid_amount");
}

}  // namespace
}  // namespace tollgate::gateway::api
