// SPDX-License-Identifier: Apache-2.0
// HTTP itself: tokens, malformed and oversized requests, keep-alive, a database that is away, the first
// token.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "fixture.hpp"
#include "gateway/api/api_token.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(Api, TokenIsNeededEverywhereBelowV1) {
  token_ = "tga_wrong_wrong_wrong_wrong";
  for (const char* target : {"/v1/accounts", "/v1/status", "/v1/nothing", "/nothing"}) {
    const answer refused = get(target);
    EXPECT_EQ(refused.status, 401U) << target;
    EXPECT_THAT(refused.header, HasSubstr("WWW-Authenticate: Bearer"));
    EXPECT_THAT(refused.header, HasSubstr("application/problem+json"));
  }
  EXPECT_EQ(get("/health").status, 200U);
  EXPECT_EQ(get("/metrics").status, 200U);
}

TEST_F(Api, UnknownResourcesAndMethods) {
  EXPECT_EQ(get("/v1/nothing").status, 404U);
  const answer refused = send("PUT", "/v1/accounts", "{}");
  EXPECT_EQ(refused.status, 405U);
  EXPECT_THAT(refused.header, HasSubstr("Allow: GET, HEAD, POST"));
  const answer foreign = send("OPTIONS", "/v1/accounts");
  EXPECT_EQ(foreign.status, 405U);
  EXPECT_THAT(foreign.header, Not(HasSubstr("Access-Control")));
}

TEST_F(Api, HeadIsAnsweredAsGetWithoutItsBody) {
  create_account("alice");
  for (const char* target : {"/health", "/v1/accounts", "/v1/accounts?limit=1", "/v1/openapi.json", "/v1/nothing", "/v1/accounts?limit=x"}) {
    const answer whole = get(target), head = send("HEAD", target);
    EXPECT_EQ(head.status, whole.status) << target;
    EXPECT_EQ(head.text, "") << target;
    for (const char* name : {"Content-Type", "Content-Length", "ETag"})
      EXPECT_EQ(head.field(name), whole.field(name)) << target << " " << name;
    EXPECT_NE(whole.text, "") << target;
  }
  EXPECT_EQ(send("HEAD", "/v1/drain").status, 405U) << "there is no GET";
  headers_ = "Accept: text/event-stream\r\n";
  const answer stream = send("HEAD", "/v1/events");  // it ends
  EXPECT_EQ(stream.status, 200U);
  EXPECT_EQ(stream.field("Content-Type"), "text/event-stream");
  EXPECT_EQ(stream.field("Content-Length"), "");
  headers_.clear();
  const std::string two = exchange("HEAD /health HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(two.find("{"), two.rfind("{")) << "the first has no body, the second follows: " << two;
}

TEST_F(Api, ListsThatAreNoTextAreRefused) {
  for (const char* bytes : {"\x83\x0f\xea", "\xff", "\xc3"})
    for (const auto& [method, target, head] :
         {std::tuple("POST", "/v1/number_imports", "number,area\n+442079460000,"), std::tuple("POST", "/v1/number_withdrawals", "number,replacement\n+442079460000,"),
          std::tuple("PUT", "/v1/country_rules", "country,address,note\nDE,any,"), std::tuple("POST", "/v1/rate_imports", "prefix,price,region\n44,0.01,")}) {
      const answer refused = send(method, target, std::string(head) + bytes + "\n", "text/csv");
      EXPECT_EQ(refused.status, 400U) << target << " " << refused.text;
      EXPECT_EQ(refused.string("code"), "malformed_csv") << target;
    }
  EXPECT_EQ(send("POST", "/v1/number_imports", std::string("number,area\n+442079460000,a\0b\n", 30), "text/csv").string("code"), "malformed_csv");
}

TEST_F(Api, ParametersThatTheDocumentDoesNotNameAreRefused) {
  for (const auto& [method, target] : {std::pair("GET", "/health?x=1"), std::pair("GET", "/v1/nodes?limit=1&x=1"), std::pair("POST", "/v1/accounts?x=1"),
                                       std::pair("GET", "/v1/accounts/0190a0b0-0000-7000-8000-000000000000?fields=id&x=1")}) {
    const answer refused = send(method, target, "{}");
    ASSERT_EQ(refused.status, 422U) << target;
    EXPECT_EQ(refused.string("code"), "invalid_request");
    EXPECT_EQ(refused.at("errors").as_array().back().at("parameter"), "x") << refused.text;
  }
  EXPECT_EQ(get("/v1/accounts?limit=1&limit=2").status, 400U) << "which of the two?";
}

TEST_F(Api, MalformedRequestsAreRefusedAndTheServerGoesOn) {
  EXPECT_THAT(exchange("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(exchange(std::string("\x16\x03\x01\x00\xff\x00", 6) + std::string(300, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(exchange("GET /" + std::string(40'000, 'a') + " HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(exchange("GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  const std::string authorized =
      "POST /v1/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token_ + "\r\n";
  EXPECT_THAT(exchange(authorized + "Content-Length: 99999999999\r\n\r\n"), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(exchange(authorized + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(get("/health").status, 200U);
}

TEST_F(Api, BodyIsNotReadWithoutAToken) {
  EXPECT_THAT(exchange("POST /v1/rate_imports HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"),
              StartsWith("HTTP/1.1 401"));
}

TEST_F(Api, ConnectionServesSeveralRequests) {
  const std::string one = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string last = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const std::string received = exchange(one + one + last);
  std::size_t count = 0;
  for (std::size_t at = received.find("HTTP/1.1 200"); at != std::string::npos;
       at = received.find("HTTP/1.1 200", at + 1))
    ++count;
  EXPECT_EQ(count, 3U);
}

TEST_F(Api, ContinueIsSentToThoseWhoWaitForIt) {
  const std::string body = R"({"name":"alice","passphrase":"correct horse"})";
  const std::string received = exchange(
      "POST /v1/accounts HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n"
      "Content-Type: application/json\r\nAuthorization: Bearer " +
      token_ + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_THAT(received, StartsWith("HTTP/1.1 100"));
  EXPECT_THAT(received, HasSubstr("HTTP/1.1 201"));
}

TEST_F(Api, LiveCallsCanBeEndedWhileTheDatabaseIsAway) {
  EXPECT_EQ(get("/v1/status").status, 200U);
  pool_->stop();
  EXPECT_EQ(get("/v1/calls").status, 200U);
  EXPECT_EQ(send("POST", "/v1/drain").status, 202U);
  EXPECT_EQ(get("/v1/accounts").status, 503U);
  EXPECT_EQ(get("/ready").status, 200U) << "it asks the node, whose watch has not told of it";
  gateway_.why_not_ready = {"database"};
  EXPECT_EQ(get("/ready").status, 503U);
  EXPECT_EQ(get("/health").status, 200U);
}

TEST_F(Api, FirstTokenIsMadeOnceAndKeptPrivate) {
  std::string pattern = "/tmp/tollgate-token-XXXXXX";
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  const std::filesystem::path file = std::filesystem::path(pattern) / "admin.token";
  ensure_admin_token(*pool_, file);
  struct stat found {};
  ASSERT_EQ(stat(file.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  std::ifstream(file) >> token_;
  EXPECT_EQ(token_.size(), 47U);
  EXPECT_EQ(get("/v1/accounts").status, 200U);
  ensure_admin_token(*pool_, file);
  std::string again;
  std::ifstream(file) >> again;
  EXPECT_EQ(again, token_);
  std::filesystem::remove_all(pattern);
}

}  // namespace
}  // namespace tollgate::gateway::api
