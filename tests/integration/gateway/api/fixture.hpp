// SPDX-License-Identifier: Apache-2.0
// The API's server on a free port, over a real PostgreSQL and a gateway that only remembers what it was
// asked.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>

#include "gateway/api/operations.hpp"
#include "gateway/api/server.hpp"
#include "gateway/db/database.hpp"
#include "gateway/subscriber/login.hpp"
#include "tests/support/postgres/fixture.hpp"

namespace tollgate::gateway::api {

class remembering_gateway final : public operations {
 public:
  node_status status() override;
  media_status media() override;
  std::vector<live_call> live_calls() override;
  std::vector<trunk_status> trunk_statuses() override;
  bool hang_up(const uuid& call_id) override;
  boost::asio::awaitable<boost::system::result<simulated_call>> simulate(call_question question) override;
  void drain(bool stop) override { remember(stop ? "drain and stop" : "drain"); }
  bool undrain() override {
    remember("undrain");
    return true;
  }
  std::vector<std::string> not_ready() override { return why_not_ready; }
  std::vector<std::string> why_not_ready;
  boost::asio::awaitable<void> rates_changed() override {
    remember("rates");
    co_return;
  }
  boost::asio::awaitable<void> trunks_changed() override {
    remember("trunks");
    co_return;
  }
  boost::asio::awaitable<void> dial_policy_changed() override {
    remember("dial policy");
    co_return;
  }
  void account_changed(const uuid&) override { remember("account"); }
  void account_revoked(const uuid&) override { remember("revoked"); }
  std::vector<attached_device> devices(const uuid& account_id) override;
  bool disconnect(const uuid& account_id, const std::string& id) override;

  std::vector<std::string> take();
  static uuid the_call();

 private:
  void remember(std::string what);
  std::mutex mutex_;
  std::vector<std::string> asked_;
};

struct answer {
  unsigned status = 0;
  std::string header;
  std::string text;
  boost::json::value body;  // null if it is no JSON
  const boost::json::value& at(const char* name) const { return body.as_object().at(name); }
  std::string string(const char* name) const { return std::string(at(name).as_string()); }
  std::string field(const std::string& name) const;  // of the header; empty: there is none
  std::int64_t integer(const char* name) const { return at(name).as_int64(); }
};

inline constexpr const char* webhook_secret = "what the provider shares";

class Api : public tests::postgres_test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Before the server is made.
  virtual void adjust(server_options&) {}

  // Sends these bytes on a new connection, and reads until the server closes it.
  std::string exchange(const std::string& bytes);
  answer send(const std::string& method, const std::string& target, const std::string& body = {},
              const std::string& type = "application/json");
  answer get(const std::string& target) { return send("GET", target); }
  answer post(const std::string& target, const std::string& body) { return send("POST", target, body); }
  std::string create_account(const std::string& name);

  std::string headers_;  // of every request from now on: "Name: value\r\n"
  std::string token_;
  std::string forgotten_;  // no token: swap them
  std::uint16_t port_ = 0;
  remembering_gateway gateway_;
  std::unique_ptr<db::database> pool_;
  std::unique_ptr<subscriber::passphrase_hasher> hasher_;
  std::unique_ptr<subscriber::login_desk> logins_;
  boost::asio::io_context context_;
  std::unique_ptr<api::server> server_;
  std::thread thread_;
};

}  // namespace tollgate::gateway::api
