// SPDX-License-Identifier: Apache-2.0
// Clients that go while their request is being carried out: what was read for them is given up, what changes something is not.
#include <thread>

#include <boost/asio/read.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/transaction>

#include "fixture.hpp"

namespace tollgate::gateway::api {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class Departures : public Api {
 protected:
  void adjust(server_options& options) override { options.requests_per_minute = options.open_requests_per_minute = 0; }

  // A request whose answer nobody has read yet.
  tcp::socket ask(const std::string& method, const std::string& target, const std::string& body = {}) {
    tcp::socket client(own_);
    client.connect({asio::ip::make_address("127.0.0.1"), port_});
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer " + token_ + "\r\n";
    if (!body.empty()) text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    asio::write(client, asio::buffer(text + "\r\n" + body));
    return client;
  }

  // Statements of the server that wait for a lock.
  int waiting() {
    pqxx::connection look(database());
    pqxx::nontransaction tx(look);
    return tx.exec1("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")[0].as<int>();
  }
  std::int64_t metric(const std::string& name) {
    const std::string text = get("/metrics").text;
    const auto at = text.find("\ntollgate_" + name + " ");
    return at == std::string::npos ? -1 : std::stoll(text.substr(at + 11 + name.size()));
  }
  template <class Condition>
  testing::AssertionResult within_reason(Condition is_true) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!is_true()) {
      if (std::chrono::steady_clock::now() > until) return testing::AssertionFailure() << "in 30 s";
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return testing::AssertionSuccess();
  }

  asio::io_context own_;
};

TEST_F(Departures, AReadIsCancelledInTheDatabase) {
  pqxx::connection other(database());
  pqxx::work lock(other);
  lock.exec("LOCK TABLE billing.entry IN ACCESS EXCLUSIVE MODE");
  tcp::socket client = ask("GET", "/v1/ledger/violations");
  ASSERT_TRUE(within_reason([&] { return waiting() == 1; }));
  client.close();
  EXPECT_TRUE(within_reason([&] { return waiting() == 0; })) << "while the lock is held";
  EXPECT_TRUE(within_reason([&] { return pool_->read_statistics().busy == 0; }));
  EXPECT_EQ(metric("api_clients_gone_total"), 1);
  EXPECT_TRUE(within_reason([&] { return get("/metrics").text.find("route=\"/v1/ledger/violations\",code=\"4xx\"} 1\n") != std::string::npos; }));
  lock.abort();
  EXPECT_EQ(get("/v1/ledger/violations").status, 200U) << "its connection and its place are there for others";
}

TEST_F(Departures, WhoWaitsForItsTurnGivesItBack) {
  pqxx::connection other(database());
  pqxx::work lock(other);
  lock.exec("LOCK TABLE billing.entry IN ACCESS EXCLUSIVE MODE");
  std::vector<tcp::socket> clients;
  for (int i = 0; i < 6; ++i)
    clients.push_back(ask("GET", "/v1/ledger/violations"));
  ASSERT_TRUE(within_reason([&] { return waiting() > 0 && metric("api_connections") >= 6; }));
  clients.clear();
  EXPECT_TRUE(within_reason([&] { return metric("api_connections") <= 1 && waiting() == 0; })) << "all of them, while the lock is held";
  EXPECT_EQ(metric("api_clients_gone_total"), 6);
  lock.abort();
}

TEST_F(Departures, WhoStaysIsAnswered) {
  pqxx::connection other(database());
  pqxx::work lock(other);
  lock.exec("LOCK TABLE billing.entry IN ACCESS EXCLUSIVE MODE");
  tcp::socket client = ask("GET", "/v1/ledger/violations");
  asio::write(client, asio::buffer(std::string("GET /health HTTP/1.1\r\nHost: test\r\n\r\n")));  // the next one already
  ASSERT_TRUE(within_reason([&] { return waiting() == 1; }));
  tcp::socket gone = ask("GET", "/v1/ledger/violations");
  gone.close();
  ASSERT_TRUE(within_reason([&] { return metric("api_clients_gone_total") == 1; })) << "they have been looked at";
  EXPECT_TRUE(within_reason([&] { return waiting() == 1; }));
  lock.abort();
  std::string head(12, ' ');
  asio::read(client, asio::buffer(head));
  EXPECT_EQ(head, "HTTP/1.1 200");
}

TEST_F(Departures, MoneyIsMovedAllTheSame) {
  const std::string account = create_account("alice");
  pqxx::connection other(database());
  pqxx::work lock(other);
  lock.exec("LOCK TABLE billing.entry IN ACCESS EXCLUSIVE MODE");
  tcp::socket client = ask("POST", "/v1/payments", R"({"id":"p-1","amount":"20.00","account_id":")" + account + "\"}");
  ASSERT_TRUE(within_reason([&] { return waiting() == 1; }));
  tcp::socket reader = ask("GET", "/v1/ledger/violations");
  ASSERT_TRUE(within_reason([&] { return waiting() == 2; }));
  client.close();
  reader.close();
  ASSERT_TRUE(within_reason([&] { return waiting() == 1; })) << "both have been looked at, and one of them goes on";
  lock.abort();
  EXPECT_TRUE(within_reason([&] { return get("/v1/accounts/" + account + "/balance").integer("posted_micros") == 20'000'000; }));
}

}  // namespace
}  // namespace tollgate::gateway::api
