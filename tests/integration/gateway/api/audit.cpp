// SPDX-License-Identifier: Apache-2.0
// Every change has its line, whatever ends in between; strangers have none; clients that send bodies slowly keep nobody out.
#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/serialize.hpp>
#include <algorithm>
#include <list>

#include "fixture.hpp"
#include "gateway/api/audit_months.hpp"

namespace tollgate::gateway::api {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;
using testing::StartsWith;

class Audit : public Api {
 protected:
  boost::json::object newest() { return get("/v1/audit_log?limit=1").at("items").at(0).as_object(); }
  std::int64_t count() {
    return *pool_->run_blocking([](pqxx::work& tx) {
      return tx.exec1("SELECT (SELECT count(*) FROM gateway.audit) + (SELECT count(*) FROM gateway.audit_begun)")[0].as<std::int64_t>();
    });
  }
  void run(const char* sql) { ASSERT_FALSE(pool_->run_blocking([&](pqxx::work& tx) { tx.exec(sql); }).has_error()); }
};

TEST_F(Audit, TellsBeforeAndAfterOfWhatHasNoGetOfItsOwn) {
  struct change {
    std::string path, first, second, member;
    const char *was, *is;
  };
  const std::vector<change> changes{
      {"/v1/number_prices/EUR/3", R"({"price":"11"})", R"({"price":"12"})", "price", "11.00", "12.00"},
      {"/v1/currencies/EUR/least_topup", R"({"amount":"5"})", R"({"amount":"6"})", "least_topup", "5.00", "6.00"},
      {"/v1/tax_rates/US/top_up", R"({"name":"VAT","percent":"20","included":true,"effective_from":"2099-01-01T00:00:00Z"})",
       R"({"name":"VAT","percent":"21","included":true,"effective_from":"2099-01-01T00:00:00Z"})", "percent", "20.00", "21.00"},
      {"/v1/fraud/policy/EUR", R"({"dear_per_minute":"0.50","established_paid":"50.00"})",
       R"({"dear_per_minute":"0.60","established_paid":"50.00"})", "dear_per_minute", "0.50", "0.60"},
  };
  for (const change& each : changes) {
    ASSERT_EQ(send("PUT", each.path, each.first).status, 200U) << each.path;
    ASSERT_EQ(send("PUT", each.path, each.second).status, 200U) << each.path;
    const auto line = newest();
    ASSERT_TRUE(line.at("before").is_object() && line.at("after").is_object()) << each.path << boost::json::serialize(line);
    EXPECT_EQ(line.at("before").at(each.member).as_string(), each.was) << boost::json::serialize(line);
    EXPECT_EQ(line.at("after").at(each.member).as_string(), each.is) << boost::json::serialize(line);
  }
  const std::string limit = "/v1/fraud/limits/all/call_length";
  ASSERT_EQ(send("PUT", limit, R"({"most":900,"action":"event"})").status, 200U);
  ASSERT_LT(send("DELETE", limit).status, 300U);
  const auto removed = newest();
  EXPECT_EQ(removed.at("before").at("most").as_int64(), 900) << boost::json::serialize(removed);
  EXPECT_TRUE(removed.at("after").is_null());
}

TEST_F(Audit, TellsWhatAnActionOnAResourceFound) {
  const std::string alice = create_account("alice");
  ASSERT_EQ(post("/v1/accounts/" + alice + "/fraud/unlock", "{}").status / 100, 2U);
  const auto line = newest();
  EXPECT_TRUE(line.at("before").is_object()) << boost::json::serialize(line);
}

TEST_F(Audit, KeepsTheLineOfAChangeWhoseOutcomeWasNeverNoted) {
  const std::string alice = create_account("alice");
  // As if the gateway had ended between the change and its outcome.
  run("CREATE FUNCTION gateway.audit_breaks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$;"
      "CREATE TRIGGER breaks BEFORE INSERT ON gateway.audit FOR EACH ROW WHEN (NEW.method = 'PATCH') EXECUTE FUNCTION gateway.audit_breaks()");
  ASSERT_EQ(send("PATCH", "/v1/accounts/" + alice, R"({"display_name":"Alice"})").status, 200U);
  run("DROP TRIGGER breaks ON gateway.audit");
  EXPECT_EQ(newest().at("method"), "POST") << "it may be under way still";
  run("UPDATE gateway.audit_begun SET at = now() - interval '21 minutes'");
  const auto line = newest();
  EXPECT_EQ(line.at("method"), "PATCH");
  EXPECT_EQ(line.at("target").as_string(), "/v1/accounts/" + alice);
  EXPECT_TRUE(line.at("status").is_null() && line.at("after").is_null());
  EXPECT_FALSE(line.at("token_id").is_null());
  EXPECT_EQ(line.at("before").at("display_name"), "");
  const auto again = get("/v1/audit_log").at("items").as_array();
  EXPECT_EQ(std::ranges::count_if(again, [](const auto& each) { return each.at("method") == "PATCH"; }), 1);
}

TEST_F(Audit, HasNoMoreThanTheSizeOfWhatIsLarge) {
  const std::string alice = create_account("alice");
  std::string prefixes;
  for (int i = 0; i < 1'000; ++i)
    prefixes += (i == 0 ? "\"442000000" : ",\"442000000") + std::to_string(100'000 + i) + "\"";
  const answer policy = get("/v1/accounts/" + alice + "/calling_policy");
  ASSERT_EQ(policy.status, 200U);
  const answer set = send("PUT", "/v1/accounts/" + alice + "/calling_policy", R"({"shut_prefixes":[)" + prefixes + "]}");
  ASSERT_EQ(set.status, 200U) << set.text.substr(0, 300);
  const auto line = newest();
  EXPECT_EQ(line.at("after").at("left_out"), "too large");
  EXPECT_GT(line.at("after").at("bytes").as_int64(), 16 * 1024);
}

TEST_F(Audit, CannotBeEmptied) {
  create_account("alice");
  for (const char* change : {"TRUNCATE gateway.audit", "DELETE FROM gateway.audit", "UPDATE gateway.audit SET status = 1"})
    EXPECT_TRUE(pool_->run_blocking([&](pqxx::work& tx) { tx.exec(change); }).has_error()) << change;
}

TEST_F(Audit, IsKeptByMonthsAndTheOldestGoAsTables) {
  create_account("alice");
  run("SELECT gateway.add_audit_month('2019-01-01'); SELECT gateway.add_audit_month('2019-02-01');"
      "INSERT INTO gateway.audit (at, request_id, address, method, target, status) VALUES "
      "('2019-01-31 23:59:59+00', gen_random_uuid(), '192.0.2.1', 'POST', '/v1/old', 201), ('2019-02-01 00:00+00', gen_random_uuid(), '192.0.2.1', 'POST', '/v1/newer', 201)");
  EXPECT_EQ(get("/v1/audit_log").at("items").as_array().size(), 3U);
  using namespace std::chrono;
  const auto keep = [&](int months, bool detach) {
    return pool_->run_blocking([&](pqxx::work& tx) { return keep_audit_months(tx, {3, months, detach}, sys_days{March / 1 / 2020}); }).value();
  };
  const auto steps_of = [](const std::vector<audit_month>& all, const char* step) {
    std::vector<std::string> months;
    for (const auto& each : all)
      if (each.step == step) months.push_back(each.month);
    return months;
  };
  EXPECT_THAT(steps_of(keep(0, true), "added"), testing::ElementsAre("2020-03-01", "2020-04-01", "2020-05-01", "2020-06-01"));
  EXPECT_TRUE(keep(14, true).empty()) << "January's last day is not so long ago";
  EXPECT_THAT(steps_of(keep(13, true), "retired"), testing::ElementsAre("2019-01-01"));
  EXPECT_TRUE(keep(13, true).empty());
  EXPECT_THAT(get("/v1/audit_log").text, testing::Not(HasSubstr("/v1/old")));
  EXPECT_EQ(pool_->run_blocking([](pqxx::work& tx) { return tx.exec1("SELECT target FROM gateway_archive.audit_2019_01")[0].as<std::string>(); }).value(), "/v1/old");
  for (const char* change : {"TRUNCATE gateway.audit_2019_02", "DELETE FROM gateway.audit_2019_02", "UPDATE gateway_archive.audit_2019_01 SET status = 1"})
    EXPECT_TRUE(pool_->run_blocking([&](pqxx::work& tx) { tx.exec(change); }).has_error()) << change;
  EXPECT_THAT(steps_of(keep(12, false), "retired"), testing::ElementsAre("2019-02-01"));
  EXPECT_TRUE(pool_->run_blocking([](pqxx::work& tx) { tx.exec("SELECT FROM gateway_archive.audit_2019_02"); }).has_error()) << "dropped";
}

class Strangers : public Audit {
  void adjust(server_options& options) override {
    options.webhook_secret.clear();
    options.open_requests_per_minute = 5;
  }
};

TEST_F(Strangers, HaveNoLinesAndAreCounted) {
  const std::string admin = std::exchange(token_, "");
  const std::int64_t before = count();
  EXPECT_EQ(post("/v1/sessions", "{}").status, 422U);
  EXPECT_EQ(send("POST", "/v1/sessions", "x", "text/plain").status, 415U);
  EXPECT_EQ(post("/v1/sessions", R"({"name":"alice","passphrase":"correct horse"})").status, 401U);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(post("/v1/payment_events", "{}").status, 503U);
  EXPECT_EQ(post("/v1/payment_events", "{}").status, 429U);
  EXPECT_EQ(post("/v1/sessions", std::string(17 << 10, ' ')).status, 413U);
  EXPECT_EQ(count(), before);
}

class Bodies : public Audit {
 protected:
  void adjust(server_options& options) override {
    options.connections = 4;
    options.body_limit_bytes = 2 << 20;
  }
  // A request whose body is announced and does not come; the header of the answer to the announcement.
  struct sender {
    sender(asio::io_context& context, std::uint16_t port, const std::string& head) : socket(context) {
      socket.connect({asio::ip::make_address("127.0.0.1"), port});
      asio::write(socket, asio::buffer(head + "Host: x\r\nExpect: 100-continue\r\n\r\n"));
      boost::system::error_code error;
      asio::read_until(socket, asio::dynamic_buffer(answer), "\r\n\r\n", error);
    }
    asio::ip::tcp::socket socket;
    std::string answer;
  };
};

TEST_F(Bodies, ThatStrangersSendSlowlyKeepNobodyOut) {
  asio::io_context context;
  std::list<sender> all;
  for (int i = 0; i < 6; ++i) {
    all.emplace_back(context, port_, "POST /v1/sessions HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n");
    EXPECT_THAT(all.back().answer, StartsWith("HTTP/1.1 100")) << i;
  }
  EXPECT_EQ(get("/health").status, 200U);
  EXPECT_EQ(get("/v1/accounts").status, 200U);
}

TEST_F(Bodies, AreReadAsRoomAllows) {
  asio::io_context context;
  const std::string head = "POST /v1/rate_imports HTTP/1.1\r\nAuthorization: Bearer " + token_ + "\r\nContent-Type: text/csv\r\nContent-Length: 1500000\r\n";
  auto first = std::make_unique<sender>(context, port_, head);
  EXPECT_THAT(first->answer, StartsWith("HTTP/1.1 100"));
  {
    const sender second(context, port_, head);
    EXPECT_THAT(second.answer, StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(second.answer, HasSubstr("Retry-After: "));
  }
  EXPECT_EQ(get("/v1/accounts").status, 200U);
  first.reset();
  // The server learns of the end when it reads.
  std::string answer;
  for (int i = 0; i < 1'000 && !answer.starts_with("HTTP/1.1 100"); ++i)
    answer = sender(context, port_, head).answer;
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 100"));
}

}  // namespace
}  // namespace tollgate::gateway::api
