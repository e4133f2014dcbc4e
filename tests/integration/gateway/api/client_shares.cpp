// SPDX-License-Identifier: Apache-2.0
// Clients that ask for much of the database at once, while it does not answer: they keep others waiting no longer than themselves, and
// calls not at all.
#include <list>
#include <memory>
#include <set>
#include <thread>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/transaction>

#include "fixture.hpp"

namespace tollgate::gateway::api {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// The fixture's pool has three connections, and the share of the server is that of a pool of eight: six, of which one client has two.
class ClientShares : public Api {
 protected:
  static constexpr int part = 2;

  void adjust(server_options& options) override { options.requests_per_minute = options.open_requests_per_minute = 0; }
  void SetUp() override {
    Api::SetUp();
    other_ = std::make_unique<pqxx::connection>(database());
  }
  // Until the end of what it returns nobody reads or writes the table.
  std::unique_ptr<pqxx::work> lock(const std::string& table) {
    auto held = std::make_unique<pqxx::work>(*other_);
    held->exec("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE");
    return held;
  }
  int waiting() {
    pqxx::connection look(database());
    pqxx::nontransaction tx(look);
    return tx.exec1("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")[0].as<int>();
  }
  // Sends the request so many times, each on a connection of its own, and awaits that the part of one client is used up and that all of
  // them have come.
  void flood(int times, const std::string& token, const std::string& method, const std::string& target, const std::string& body = {}) {
    for (int i = 0; i < times; ++i) {
      flood_.emplace_back(own_);
      flood_.back().connect({asio::ip::make_address("127.0.0.1"), port_});
      std::string text = method + " " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n";
      if (!token.empty()) text += "Authorization: Bearer " + token + "\r\n";
      if (!body.empty()) text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
      asio::write(flood_.back(), asio::buffer(text + "\r\n" + body));
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (waiting() < part || open_connections() < times) {
      ASSERT_LT(std::chrono::steady_clock::now(), until) << waiting() << " wait of " << open_connections();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  std::int64_t open_connections() {
    const std::string text = get("/metrics").text;
    const std::string name = "\ntollgate_api_connections ";
    const auto at = text.find(name);
    return at == std::string::npos ? -1 : std::stoll(text.substr(at + name.size()));
  }
  // The statuses of the flood's answers.
  std::set<std::string> answers() {
    std::set<std::string> all;
    for (auto& each : flood_) {
      std::string head(12, ' ');
      boost::system::error_code error;
      asio::read(each, asio::buffer(head), error);
      all.insert(error ? error.message() : head.substr(9));
    }
    flood_.clear();
    return all;
  }
  std::string token_of(const std::string& account) {
    return post("/v1/api_tokens", R"({"label":"test","role":"subscriber","account_id":")" + account + "\"}").string("token");
  }
  bool calls_find_a_connection() {
    return !pool_->run_blocking([](pqxx::work& tx) { tx.exec("SELECT 1"); }).has_error();
  }

  std::unique_ptr<pqxx::connection> other_;
  asio::io_context own_;
  std::list<tcp::socket> flood_;
};

TEST_F(ClientShares, ASubscriberWithManyConnectionsKeepsNobodyElseWaiting) {
  const std::string alice = create_account("alice"), bob = create_account("bob");
  const std::string first = token_of(alice), second = token_of(alice), of_bob = token_of(bob);
  auto held = lock("billing.entry");
  flood(20, first, "GET", "/v1/accounts/" + alice + "/entries");
  flood(20, second, "GET", "/v1/accounts/" + alice + "/entries");
  EXPECT_EQ(waiting(), part) << "however many tokens there are";
  EXPECT_EQ(get("/v1/accounts/" + alice).status, 200U) << "an admin, at once";
  EXPECT_TRUE(calls_find_a_connection());
  const std::string admin = std::exchange(token_, of_bob);
  EXPECT_EQ(get("/v1/accounts/" + bob).status, 200U) << "another subscriber";
  token_ = first;
  const answer late = get("/v1/accounts/" + alice);
  EXPECT_EQ(late.status, 503U) << "waits for its own";
  EXPECT_EQ(late.string("code"), "database_busy");
  EXPECT_EQ(waiting(), part);
  held.reset();
  const auto heard = answers();
  EXPECT_EQ(heard.count("200"), 1U);
  for (const std::string& each : heard)
    EXPECT_TRUE(each == "200" || each == "503") << each;
  EXPECT_EQ(get("/v1/accounts/" + alice).status, 200U) << "all places are given back";
  token_ = admin;
}

TEST_F(ClientShares, WhoeverGuessesTokensKeepsNoKnownOneWaiting) {
  create_account("alice");
  auto held = lock("gateway.api_token");
  flood(20, "tga_wrong_wrong_wrong_wrong", "GET", "/v1/accounts");
  EXPECT_EQ(waiting(), part);
  EXPECT_EQ(get("/v1/accounts").status, 200U) << "known a moment ago, from the same address";
  EXPECT_TRUE(calls_find_a_connection());
  held.reset();
  const auto heard = answers();
  EXPECT_EQ(heard.count("401"), 1U);
  for (const std::string& each : heard)
    EXPECT_TRUE(each == "401" || each == "503") << each;
}

TEST_F(ClientShares, LogInsHaveTheirPart) {
  create_account("alice");
  auto held = lock("gateway.login_failure");
  flood(20, "", "POST", "/v1/sessions", R"({"name":"alice","passphrase":"correct horse"})");
  EXPECT_EQ(waiting(), part);
  EXPECT_EQ(get("/v1/accounts").status, 200U);
  EXPECT_TRUE(calls_find_a_connection());
  held.reset();
  const auto heard = answers();
  EXPECT_EQ(heard.count("201"), 1U);
  for (const std::string& each : heard)
    EXPECT_TRUE(each == "201" || each == "503" || each == "429") << each;  // tries at once count as if they had failed
}

// What the gateway reads for a request has a place, too.
TEST_F(ClientShares, TracesHaveAPlace) {
  const std::string alice = create_account("alice"), trace = "/v1/traces/0190a0b0-0000-7000-8000-00000000ca11";
  EXPECT_EQ(get(trace).status, 404U);
  auto held = lock("billing.entry");
  flood(2, token_, "GET", "/v1/accounts/" + alice + "/entries");
  EXPECT_EQ(get(trace).string("code"), "database_busy");
  held.reset();
  EXPECT_EQ(answers(), std::set<std::string>{"200"});
  EXPECT_EQ(get(trace).status, 404U);
}

}  // namespace
}  // namespace tollgate::gateway::api
