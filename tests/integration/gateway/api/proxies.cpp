// SPDX-License-Identifier: Apache-2.0
// Clients behind proxies: whose requests count for whom, in limits, lock-outs and the audit.
#include "fixture.hpp"

namespace tollgate::gateway::api {
namespace {

class Proxies : public Api {
 protected:
  void adjust(server_options& options) override {
    options.open_requests_per_minute = 3;
    options.trusted_proxies = trusted_;
  }
  // What needs no token, as so many may ask for as one address may.
  unsigned ask(const std::string& fields) {
    headers_ = fields;
    const unsigned status = get("/v1/openapi.json").status;
    headers_.clear();
    return status;
  }
  unsigned ask_for(const std::string& clients) { return ask("X-Forwarded-For: " + clients + "\r\n"); }

  address_set trusted_;
};

class Trusted : public Proxies {
 protected:
  Trusted() { trusted_ = address_set({"127.0.0.0/8", "10.0.0.1", "2001:db8::/32"}); }
};

TEST_F(Trusted, ClientsAreToldApart) {
  token_.clear();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(ask_for("192.0.2.1"), 200U);
  EXPECT_EQ(ask_for("192.0.2.1"), 429U);
  EXPECT_EQ(ask_for("192.0.2.9, 192.0.2.1, 10.0.0.1"), 429U) << "what a client writes itself moves nothing";
  EXPECT_EQ(ask("Forwarded: for=192.0.2.9, for=\"192.0.2.1:4711\";proto=https\r\n"), 429U);
  EXPECT_EQ(ask_for("192.0.2.2"), 200U);
  EXPECT_EQ(ask_for("192.0.2.1, 192.0.2.2"), 200U);
  EXPECT_EQ(ask("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n"), 200U) << "two fields are one list";
  EXPECT_EQ(ask_for("192.0.2.2"), 429U);
  EXPECT_EQ(ask(""), 200U) << "the proxy asks for itself";
}

TEST_F(Trusted, AnIpv6ClientHasAWholePrefix) {
  token_.clear();
  for (const char* each : {"2001:db9:1:2::1", "2001:db9:1:2::2, 2001:db8::5", "[2001:db9:1:2::3]:443"})
    EXPECT_EQ(ask_for(each), 200U) << each;
  EXPECT_EQ(ask("Forwarded: for=\"[2001:db9:1:2:3:4:5:6]\"\r\n"), 429U);
  EXPECT_EQ(ask_for("2001:db9:1:3::1"), 200U);
}

TEST_F(Trusted, WhatCannotBeReadIsRefusedAndKeepsNobodyElseOut) {
  token_.clear();
  headers_ = "X-Forwarded-For: garbage\r\n";
  const answer refused = get("/v1/openapi.json");
  EXPECT_EQ(refused.status, 400U);
  EXPECT_EQ(refused.string("code"), "forwarded_malformed");
  EXPECT_EQ(ask("Forwarded: for=\"\r\n"), 400U);
  EXPECT_EQ(ask("X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.2\r\n"), 400U) << "one of them is not the proxy's";
  EXPECT_EQ(ask_for("192.0.2.1, garbage"), 429U) << "they count for the proxy";
  EXPECT_EQ(ask_for("garbage, 192.0.2.1"), 200U);
}

TEST_F(Trusted, TheAuditHasTheClientsAddress) {
  headers_ = "X-Forwarded-For: 198.51.100.9, 192.0.2.7\r\n";
  create_account("alice");
  EXPECT_EQ(get("/v1/audit_log?limit=1").at("items").at(0).at("address").as_string(), "192.0.2.7");
  headers_.clear();
  create_account("bob");
  EXPECT_EQ(get("/v1/audit_log?limit=1").at("items").at(0).at("address").as_string(), "127.0.0.1");
}

TEST_F(Trusted, AKeptConnectionServesOneClientAfterTheOther) {
  std::string all;
  for (const char* client : {"192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1"})
    all += "GET /v1/openapi.json HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: " + std::string(client) + "\r\n\r\n";
  const std::string heard = exchange(all);  // the last is refused, and the connection closed
  std::vector<std::string> statuses;
  for (auto at = heard.find("HTTP/1.1 "); at != std::string::npos; at = heard.find("HTTP/1.1 ", at + 1))
    statuses.push_back(heard.substr(at + 9, 3));
  EXPECT_EQ(statuses, (std::vector<std::string>{"200", "200", "200", "200", "429"}));
}

class LockOuts : public Trusted {
 protected:
  void adjust(server_options& options) override {
    Trusted::adjust(options);
    options.open_requests_per_minute = 0;
  }
  unsigned log_in(const std::string& client, const char* passphrase) {
    headers_ = "X-Forwarded-For: " + client + "\r\n";
    const answer got = post("/v1/sessions", R"({"name":"alice","passphrase":")" + std::string(passphrase) + "\"}");
    headers_.clear();
    return got.status;
  }
};

TEST_F(LockOuts, AreOfTheClientAndNotOfAllWhoComeByTheProxy) {
  create_account("alice");
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(log_in("192.0.2.1", "a wrong one"), 401U);
  EXPECT_EQ(log_in("192.0.2.1", "correct horse"), 429U);
  EXPECT_EQ(log_in("192.0.2.2, 192.0.2.1", "correct horse"), 429U) << "as whoever it may call itself";
  EXPECT_EQ(log_in("192.0.2.2", "correct horse"), 201U);
}

TEST_F(Proxies, WhoIsNotTrustedForwardsForNobody) {
  token_.clear();
  EXPECT_EQ(ask_for("192.0.2.1"), 200U);
  EXPECT_EQ(ask("Forwarded: for=192.0.2.2\r\n"), 200U);
  EXPECT_EQ(ask_for("garbage"), 200U) << "it is not looked at";
  EXPECT_EQ(ask_for("192.0.2.3"), 429U);
}

}  // namespace
}  // namespace tollgate::gateway::api
