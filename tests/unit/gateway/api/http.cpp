// SPDX-License-Identifier: Apache-2.0
// Targets, routes, tokens and problems.
#include "gateway/api/http.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "billing/error.hpp"
#include "gateway/api/authority.hpp"
#include "gateway/api/router.hpp"
#include "gateway/db/error.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(Target, IsSplitAndDecoded) {
  request out;
  ASSERT_TRUE(parse_target("/v1/numbers/%2B16505550100?limit=5&after=%2B1&q=a+b", out));
  EXPECT_THAT(out.path, ElementsAre("v1", "numbers", "+16505550100"));
  EXPECT_THAT(out.query, ElementsAre(Pair("after", "+1"), Pair("limit", "5"), Pair("q", "a+b")));
}

TEST(Target, MalformedOnesAreRefused) {
  for (const char* bad : {"", "v1", "*", "http://x/", "/%", "/%4", "/%zz", "/a%00b", "/%ff", "/%c0%af",
                          "/\xff", "/%ed%a0%80", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"}) {
    request out;
    EXPECT_FALSE(parse_target(bad, out)) << bad;
  }
  std::string many = "/?";
  for (int i = 0; i < 40; ++i)
    many += "a" + std::to_string(i) + "=1&";
  request out;
  EXPECT_FALSE(parse_target(many, out));
}

TEST(Router, FindsTheResourceItsParametersAndItsMethods) {
  request to;
  to.method = "GET";
  ASSERT_TRUE(parse_target("/v1/accounts/7/calls/8", to));
  const routing found = choose_route(routes(), to);
  ASSERT_NE(found.found, nullptr);
  EXPECT_THAT(to.parameters, ElementsAre("7", "8"));

  request other;
  other.method = "PUT";
  ASSERT_TRUE(parse_target("/v1/accounts", other));
  const routing refused = choose_route(routes(), other);
  EXPECT_EQ(refused.found, nullptr);
  EXPECT_EQ(refused.allowed, "GET, HEAD, POST");

  for (const char* unknown : {"/", "/v1", "/v1/accounts/7/nothing", "/v2/accounts"}) {
    request wrong;
    wrong.method = "GET";
    ASSERT_TRUE(parse_target(unknown, wrong));
    const routing none = choose_route(routes(), wrong);
    EXPECT_EQ(none.found, nullptr) << unknown;
  }
}

TEST(Router, OnlyHealthReadyMetricsAndWhatIsSignedOrLogsInAreOpen) {
  for (const route& each : routes())
    EXPECT_EQ(each.who.open, !each.pattern.starts_with("/v1/") || each.pattern == "/v1/openapi.json" || each.pattern == "/v1/payment_events" ||
                                 each.pattern == "/v1/sessions" || each.pattern.starts_with("/v1/docs"))
        << each.pattern;
}

TEST(BearerToken, IsTakenFromTheField) {
  EXPECT_EQ(bearer_token("Bearer abc"), "abc");
  EXPECT_EQ(bearer_token("bearer   abc"), "abc");
  for (const char* bad : {"", "Basic abc", "Bearerabc", "Bearer"})
    EXPECT_THAT(std::string(bearer_token(bad)), IsEmpty()) << bad;
}

TEST(Problem, CarriesStatusCodeAndFields) {
  const reply told = problem(422, "invalid_request", "port is odd", {{"port", "is odd"}});
  EXPECT_EQ(told.status, 422U);
  EXPECT_EQ(told.content_type, "application/problem+json");
  EXPECT_THAT(told.body, HasSubstr(R"("code":"invalid_request")"));
  EXPECT_THAT(told.body, HasSubstr(R"("errors":[{"field":"port","detail":"is odd"}])"));
}

TEST(Problem, EveryModuleErrorHasAStatus) {
  EXPECT_EQ(problem(make_error_code(billing::error::insufficient_credit)).status, 402U);
  EXPECT_EQ(problem(make_error_code(billing::error::payment_amount_conflict)).status, 409U);
  EXPECT_EQ(problem(make_error_code(boost::system::errc::io_error)).status, 500U);
  const reply busy = problem(db::make_error_code(db::errc::overloaded));
  EXPECT_EQ(busy.status, 503U);
  EXPECT_EQ(busy.code, "database_busy") << "the database can be reached";
  ASSERT_EQ(busy.headers.size(), 1U);
  EXPECT_EQ(busy.headers[0].second, "5");
}

TEST(Range, GivesWhatIsAskedForOrAll) {
  struct row {
    const char* range;
    unsigned status;
    const char* body;
    const char* content_range;
  };
  for (const auto& one :
       {row{"", 200, "0123456789", ""}, row{"bytes=0-3", 206, "0123", "bytes 0-3/10"},
        row{"bytes=7-", 206, "789", "bytes 7-9/10"}, row{"bytes=-2", 206, "89", "bytes 8-9/10"},
        row{"bytes=-99", 206, "0123456789", "bytes 0-9/10"}, row{"bytes=5-99", 206, "56789", "bytes 5-9/10"},
        row{"bytes=10-", 416, nullptr, "bytes */10"}, row{"bytes=-0", 416, nullptr, "bytes */10"},
        row{"bytes=3-1", 200, "0123456789", ""}, row{"bytes=0-1,4-5", 200, "0123456789", ""},
        row{"bytes=a-b", 200, "0123456789", ""}, row{"bytes=-", 200, "0123456789", ""},
        row{"bytes=18446744073709551616-", 200, "0123456789", ""}, row{"lines=0-1", 200, "0123456789", ""}}) {
    request from;
    from.range = one.range;
    const auto out = ranged_reply(from, "audio/ogg", "0123456789");
    EXPECT_EQ(out.status, one.status) << one.range;
    if (one.body != nullptr) {
      EXPECT_EQ(out.body, one.body) << one.range;
    }
    std::string told;
    for (const auto& [name, value] : out.headers)
      if (name == "Content-Range") told = value;
    EXPECT_EQ(told, one.content_range) << one.range;
  }
  request from;
  from.range = "bytes=0-";
  EXPECT_EQ(ranged_reply(from, "audio/ogg", "").status, 416U);
}

}  // namespace
}  // namespace tollgate::gateway::api
