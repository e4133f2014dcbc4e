// SPDX-License-Identifier: Apache-2.0
// Clients that ask too often, too slowly, or not at all; pages of other origins; and what every problem tells.
#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <array>
#include <list>
#include <sstream>

#include "fixture.hpp"
#include "gateway/api/webhook_signature.hpp"
#include "gateway/logging/line_formatter.hpp"

namespace tollgate::gateway::api {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view health = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

// One connection, blocking.
class client {
 public:
  client(asio::io_context& context, std::uint16_t port) : socket_(context) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), port});
  }
  void say(std::string_view bytes) {
    boost::system::error_code ignored;
    asio::write(socket_, asio::buffer(bytes), ignored);
  }
  // The header of the next answer; empty: the server has closed.
  std::string hear() {
    std::string got;
    boost::system::error_code error;
    asio::read_until(socket_, asio::dynamic_buffer(got), "\r\n\r\n", error);
    return error ? std::string() : got;
  }
  bool hears_something() {
    std::array<char, 16> some{};
    boost::system::error_code error;
    return socket_.read_some(asio::buffer(some), error) > 0;
  }
  bool serves() {
    say(health);
    return hear().starts_with("HTTP/1.1 200");
  }

 private:
  asio::ip::tcp::socket socket_;
};

// What is logged while it lives, as one JSON object a line.
class log_watch {
 public:
  log_watch() {
    auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
    logger->set_formatter(std::make_unique<logging::line_formatter>(logging::line_format::json));
    spdlog::set_default_logger(std::move(logger));
  }
  ~log_watch() { end(); }
  void end() {
    if (before_) spdlog::set_default_logger(std::exchange(before_, nullptr));
  }
  std::string text() const { return text_.str(); }
  // Those of one event; every line must be an object.
  std::vector<boost::json::object> lines(std::string_view event) const {
    std::vector<boost::json::object> out;
    std::istringstream all(text_.str());
    for (std::string line; std::getline(all, line);)
      if (auto one = boost::json::parse(line).as_object(); one.at("event").as_string() == event) out.push_back(std::move(one));
    return out;
  }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

TEST_F(Api, EachRequestHasOneLineAboutWhoAndWhatWithoutNumbersAndSecrets) {
  const std::string alice = create_account("alice");
  const std::string secret = post("/v1/api_tokens", R"({"role":"support","label":"desk"})").string("token");
  log_watch log;
  const answer found = get("/v1/numbers/+442079460958");
  const answer hostile = send("GET", "/v1/accounts/%0Aevent=forged%22?limit=1&secret=hidden", "");
  token_.clear();
  const answer stranger = get("/v1/accounts/" + alice);
  token_ = secret;
  const answer allowed = get("/v1/accounts/" + alice);
  log.end();
  const auto lines = log.lines("api_request");
  ASSERT_EQ(lines.size(), 4U) << log.text();
  const auto line_of = [&](const answer& of) {
    for (const auto& each : lines)
      if (each.at("request_id").as_string() == of.field("X-Request-Id")) return each;
    return boost::json::object();
  };
  for (const auto& [one, path] : {std::pair(found, "/v1/numbers/{}"), std::pair(hostile, "/v1/accounts/{}"), std::pair(stranger, "/v1/accounts/{}"),
                                  std::pair(allowed, "/v1/accounts/{}")}) {
    const auto line = line_of(one);
    ASSERT_FALSE(line.empty()) << log.text();
    EXPECT_EQ(line.at("method").as_string(), "GET");
    EXPECT_EQ(line.at("path").as_string(), path);
    EXPECT_EQ(line.at("status").as_int64(), static_cast<std::int64_t>(one.status));
    EXPECT_GE(line.at("duration_ms").as_int64(), 0);
  }
  EXPECT_EQ(line_of(found).at("role").as_string(), "admin");
  EXPECT_EQ(line_of(allowed).at("role").as_string(), "support");
  EXPECT_NE(line_of(allowed).at("token_id"), line_of(found).at("token_id"));
  EXPECT_FALSE(line_of(stranger).contains("token_id"));
  for (const std::string& hidden : {std::string("442079460958"), std::string("hidden"), std::string("forged"), secret, alice})
    EXPECT_THAT(log.text(), Not(HasSubstr(hidden)));
}

TEST_F(Api, ProblemsTellTheRequestAndSoDoesItsLog) {
  log_watch log;
  const answer refused = post("/v1/payments", R"({"account_id":1,"colour":true})");
  log.end();
  ASSERT_EQ(refused.status, 422U);
  const std::string id = refused.string("request_id");
  EXPECT_EQ(refused.field("X-Request-Id"), id);
  const auto lines = log.lines("api_request");
  ASSERT_EQ(lines.size(), 1U) << log.text();
  EXPECT_EQ(lines.front().at("request_id").as_string(), id);
  EXPECT_EQ(lines.front().at("code").as_string(), "invalid_request");
  for (const char* pointer : {"/account_id", "/colour", "/id", "/amount"})
    EXPECT_THAT(refused.text, HasSubstr("\"pointer\":\"" + std::string(pointer) + "\""));
  for (const answer& other : {get("/v1/nothing"), send("PUT", "/v1/accounts", "{}"), get("/v1/accounts?limit=x")})
    EXPECT_EQ(other.string("request_id"), other.field("X-Request-Id"));
  const answer weak = post("/v1/accounts", R"({"name":"bob","passphrase":"short"})");
  EXPECT_THAT(weak.text, HasSubstr(R"("pointer":"/passphrase")"));
  EXPECT_THAT(get("/v1/rates?number=12x").text, HasSubstr(R"("parameter":"number")"));
}

TEST_F(Api, PagesOfOtherOriginsGetNothing) {
  headers_ = "Origin: https://evil.example\r\nAccess-Control-Request-Method: GET\r\n";
  for (const answer& got : {get("/v1/accounts"), send("OPTIONS", "/v1/accounts"), send("OPTIONS", "/v1/sessions"), get("/health")})
    EXPECT_THAT(got.header, Not(HasSubstr("Access-Control")));
  EXPECT_EQ(send("OPTIONS", "/v1/accounts").status, 405U);
}

class Limited : public Api {
 protected:
  void adjust(server_options& options) override {
    options.requests_per_minute = 5;
    options.open_requests_per_minute = 3;
  }
};

TEST_F(Limited, AToken) {
  for (int left = 4; left >= 0; --left) {
    const answer got = get("/v1/carriers");
    EXPECT_EQ(got.status, 200U);
    EXPECT_EQ(got.field("RateLimit-Limit"), "5");
    EXPECT_EQ(got.field("RateLimit-Remaining"), std::to_string(left));
    EXPECT_FALSE(got.field("RateLimit-Reset").empty());
  }
  const answer refused = get("/v1/carriers");
  EXPECT_EQ(refused.status, 429U);
  EXPECT_EQ(refused.string("code"), "too_many_requests");
  EXPECT_EQ(refused.field("Retry-After"), refused.field("RateLimit-Reset"));
  EXPECT_EQ(get("/health").status, 200U) << "counted by themselves";
}

TEST_F(Limited, ASubscriberHoweverManySessionsThereAre) {
  const std::string alice = create_account("alice"), bob = create_account("bob");
  const auto token_of = [&](const std::string& account) {
    return post("/v1/api_tokens", R"({"label":"test","role":"subscriber","account_id":")" + account + "\"}").string("token");
  };
  const std::string other = token_of(alice), of_bob = token_of(bob);
  const std::string one = post("/v1/sessions", R"({"name":"alice","passphrase":"correct horse"})").string("token");
  const auto ask = [&](const std::string& secret, const std::string& account) {
    token_ = secret;
    return get("/v1/accounts/" + account).status;
  };
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(ask(i % 2 == 0 ? one : other, alice), 200U);
  EXPECT_EQ(ask(one, alice), 429U);
  EXPECT_EQ(ask(other, alice), 429U);
  EXPECT_EQ(ask(of_bob, bob), 200U) << "at the same address";
}

TEST_F(Limited, GuessesOfTokensAndWhatNeedsNone) {
  EXPECT_EQ(get("/v1/carriers").status, 200U);
  const std::string good = std::exchange(token_, "tga_wrong_wrong_wrong_wrong");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(get("/v1/carriers").status, 401U);
  EXPECT_EQ(get("/v1/carriers").status, 429U);
  EXPECT_EQ(post("/v1/sessions", R"({"name":"x","passphrase":"correct horse"})").status, 429U);
  for (const char* watched : {"/health", "/ready", "/metrics"})
    EXPECT_EQ(get(watched).status, 200U) << watched;
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(get("/metrics").status, 200U) << "has a limit of its own";
  EXPECT_EQ(get("/metrics").status, 429U);
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(get("/ready").status, 200U) << "likewise";
  EXPECT_EQ(get("/ready").status, 429U);
  EXPECT_EQ(get("/health").status, 200U) << "has none";
  // Payments are kept out by wrong signatures alone.
  const auto pay = [&](const std::string& secret) {
    const std::string body = R"({"type":"nothing"})";
    headers_ = "Tollgate-Signature: " + make_signature(body, secret, std::chrono::system_clock::now()) + "\r\n";
    const unsigned status = post("/v1/payment_events", body).status;
    headers_.clear();
    return status;
  };
  EXPECT_EQ(pay(webhook_secret), 422U);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(pay("a guess"), 401U);
  EXPECT_EQ(pay(webhook_secret), 429U);
  token_ = good;
  EXPECT_EQ(get("/v1/carriers").status, 200U) << "of the same address";
}

TEST_F(Api, APostIsNotDoneByACondition) {
  headers_ = "If-Match: \"nothing\"\r\n";
  const answer refused = post("/v1/carriers", R"({"name":"acme"})");
  EXPECT_EQ(refused.status, 400U);
  EXPECT_EQ(refused.string("code"), "condition_unsupported");
  headers_.clear();
  EXPECT_TRUE(get("/v1/carriers").at("items").as_array().empty());
}

TEST_F(Api, BodiesAreAsLargeAsTheirResourceNeeds) {
  EXPECT_EQ(post("/v1/carriers", R"({"name":")" + std::string(70 << 10, 'x') + "\"}").status, 413U);
  EXPECT_EQ(send("POST", "/v1/rate_imports?deck=default", std::string(70 << 10, 'x'), "text/csv").status, 422U);
}

class Slow : public Api {
 protected:
  void adjust(server_options& options) override { options.slow_client = std::chrono::milliseconds(200); }
};

TEST_F(Slow, ClientsAreCutAndIdleOnesAreNot) {
  asio::io_context context;
  client idle(context, port_), of_header(context, port_), of_body(context, port_);
  of_header.say("GET /health HTTP/1.1\r\nHos");
  of_body.say("POST /v1/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token_ + "\r\nContent-Length: 100\r\n\r\n{");
  EXPECT_EQ(of_header.hear(), "");
  EXPECT_EQ(of_body.hear(), "");
  EXPECT_TRUE(idle.serves());
}

class Few : public Api {
 protected:
  void adjust(server_options& options) override { options.connections = 4; }
};

// They would be cut after half a minute: nobody waits so long.
TEST_F(Few, WhoeverDoesNotReadMakesRoomForOthers) {
  asio::io_context context;
  const std::string much = "GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
  std::string all;
  for (int i = 0; i < 60; ++i)
    all += much;  // more than the buffers of both ends take
  std::list<client> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back(context, port_);
    readers.back().say(all);
    EXPECT_TRUE(readers.back().hears_something());
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  bool served = false;
  while (!served && std::chrono::steady_clock::now() < deadline)
    served = client(context, port_).serves();
  EXPECT_TRUE(served);
}

TEST_F(Few, BodiesOfOneAddressKeepNobodyOut) {
  asio::io_context context;
  std::list<client> senders;
  for (int i = 0; i < 4; ++i) {
    senders.emplace_back(context, port_);
    senders.back().say("POST /v1/carriers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token_ + "\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_THAT(senders.back().hear(), StartsWith("HTTP/1.1 100")) << i;
  }
  EXPECT_EQ(get("/v1/carriers").status, 200U);
  EXPECT_EQ(senders.front().hear(), "") << "the body that was on its way for longest has gone";
}

class Crowded : public Api {
 protected:
  static constexpr std::size_t crowd = 2'000;
  void adjust(server_options& options) override {
    rlimit files{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
    ASSERT_GT(files.rlim_max, 2 * crowd + 100) << "both ends of the connections are in this process";
    options.connections = most();
  }
  virtual std::size_t most() const { return crowd + 10; }
  std::list<client> gather(asio::io_context& context) {
    std::list<client> all;
    for (std::size_t i = 0; i < crowd; ++i)
      all.emplace_back(context, port_);
    return all;
  }
};

TEST_F(Crowded, IdleConnectionsLeaveOthersServed) {
  asio::io_context context;
  auto all = gather(context);
  EXPECT_EQ(get("/v1/carriers").status, 200U);
  EXPECT_TRUE(all.front().serves());
  EXPECT_TRUE(all.back().serves());
}

class Small : public Crowded {
  std::size_t most() const override { return 20; }
};

TEST_F(Small, AsDoThoseBeyondTheMostAllowed) {
  asio::io_context context;
  auto all = gather(context);
  all.back().say("GET /hea");  // a header that does not end keeps nobody out
  EXPECT_EQ(get("/v1/carriers").status, 200U);
  EXPECT_TRUE(std::prev(all.end(), 2)->serves());
  EXPECT_EQ(all.front().hear(), "") << "the one that was idle for longest has gone";
}

}  // namespace
}  // namespace tollgate::gateway::api
