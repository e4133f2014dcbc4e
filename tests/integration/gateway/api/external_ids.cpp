// SPDX-License-Identifier: Apache-2.0
// What an operator's own systems look things up by: their names for our resources, lists of mailboxes and of imports, and
// the numbers that can be ordered.
#include <gmock/gmock.h>

#include <boost/json/object.hpp>
#include <chrono>
#include <future>
#include <pqxx/result>
#include <thread>

#include "fixture.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class LookedUp : public Api {
 protected:
  void become(const std::string& name) {
    const answer session = post("/v1/sessions", R"({"name":")" + name + R"(","passphrase":"correct horse"})");
    ASSERT_EQ(session.status, 201U) << session.text;
    token_ = session.string("token");
  }
  std::vector<std::string> found(const std::string& target, const char* member = "id") {
    std::vector<std::string> out;
    const answer list = get(target);
    EXPECT_EQ(list.status, 200U) << list.text;
    if (list.status == 200)
      for (const auto& each : list.at("items").as_array())
        out.emplace_back(each.at(member).as_string());
    return out;
  }
};

struct kind_row {
  const char* list;    // "/v1/accounts"
  const char* member;  // its id
  const char* first;   // what makes one, without the end of the object
  const char* second;  // another one
  const char* change;  // the method by which it is changed; none: it cannot be
  const char* whole;   // what such a change needs beside
};

TEST_F(LookedUp, ByTheNamesThatTheyHaveElsewhere) {
  const std::string carrier = post("/v1/carriers", R"({"name":"c"})").string("id");
  const std::string trunk = R"("host":"192.0.2.1","carrier_id":")" + carrier + "\"";
  const std::string trunks[] = {R"({"name":"t1",)" + trunk, R"({"name":"t2",)" + trunk};
  const kind_row rows[] = {
      {"/v1/accounts", "id", R"({"passphrase":"correct horse","name":"alice")", R"({"passphrase":"correct horse","name":"bob")", "PATCH", "{"},
      {"/v1/carriers", "id", R"({"name":"c1")", R"({"name":"c2")", "PUT", R"({"name":"c1",)"},
      {"/v1/trunks", "id", trunks[0].c_str(), trunks[1].c_str(), "PATCH", "{"},
      {"/v1/numbers", "number", R"({"number":"+16505550100")", R"({"number":"+16505550101")", "PATCH", "{"},
      {"/v1/voucher_batches", "id", R"({"id":"0190a0b0-0000-7000-8000-000000000001","vouchers":1,"value":"10.00","expires_at":"2099-01-01T00:00:00Z")",
       R"({"id":"0190a0b0-0000-7000-8000-000000000002","vouchers":1,"value":"10.00","expires_at":"2099-01-01T00:00:00Z")", nullptr, nullptr},
      {"/v1/webhooks", "id", R"({"url":"https://hooks.example/1")", R"({"url":"https://hooks.example/2")", "PATCH", "{"}};
  const std::string name = R"("external_id":"crm/1 \u00e4")", query = "?external_id=crm/1%20%C3%A4";
  for (const auto& row : rows) {
    SCOPED_TRACE(row.list);
    const answer one = post(row.list, std::string(row.first) + "," + name + "}");
    ASSERT_EQ(one.status, 201U) << one.text;
    EXPECT_EQ(one.string("external_id"), "crm/1 \u00e4");
    const std::string id = one.string(row.member), path = std::string(row.list) + "/" + id;
    EXPECT_EQ(get(path).string("external_id"), "crm/1 \u00e4");
    EXPECT_THAT(found(row.list + query, row.member), ElementsAre(id));
    const answer taken = post(row.list, std::string(row.second) + "," + name + "}");
    EXPECT_EQ(taken.status, 409U) << taken.text;
    EXPECT_EQ(taken.string("code"), "external_id_taken");
    EXPECT_EQ(taken.at("errors").at(0).at("pointer").as_string(), "/external_id");
    const answer other = post(row.list, std::string(row.second) + "}");
    ASSERT_EQ(other.status, 201U) << "nothing of the refused one was made: " << other.text;
    EXPECT_TRUE(other.at("external_id").is_null());
    EXPECT_EQ(post(row.list, std::string(row.second) + R"(,"external_id":""})").status, 422U);
    EXPECT_THAT(found(std::string(row.list) + "?external_id=nobody"), ElementsAre());
    if (row.change == nullptr) continue;
    EXPECT_EQ(send(row.change, path, std::string(row.whole) + R"("external_id":"new"})").string("external_id"), "new");
    EXPECT_THAT(found(row.list + query, row.member), ElementsAre());
    const answer removed = send(row.change, path, std::string(row.whole) + R"("external_id":null})");
    ASSERT_EQ(removed.status, 200U) << removed.text;
    EXPECT_TRUE(removed.at("external_id").is_null());
    EXPECT_TRUE(get(path).at("external_id").is_null());
  }
}

TEST_F(LookedUp, NamesAreTheOperatorsButForASubscribersWebhooks) {
  const std::string id = create_account("alice");
  EXPECT_EQ(send("PATCH", "/v1/accounts/" + id, R"({"external_id":"crm-1"})").status, 200U);
  ASSERT_EQ(post("/v1/numbers", R"({"number":"+16505550100","external_id":"n-1"})").status, 201U);
  ASSERT_EQ(post("/v1/webhooks", R"({"url":"https://ops.example/","external_id":"w"})").status, 201U);
  const std::string operators = std::exchange(token_, token_);
  become("alice");
  EXPECT_THAT(get("/v1/accounts/" + id).text, Not(HasSubstr("external_id")));
  const answer stock = get("/v1/numbers");
  EXPECT_THAT(stock.text, Not(HasSubstr("external_id")));
  EXPECT_THAT(stock.text, Not(HasSubstr("trunk_id")));
  EXPECT_EQ(get("/v1/numbers?external_id=n-1").status, 403U);
  const answer own = post("/v1/webhooks", R"({"url":"https://alice.example/","external_id":"w"})");
  ASSERT_EQ(own.status, 201U) << own.text;
  EXPECT_EQ(post("/v1/webhooks", R"({"url":"https://alice.example/2","external_id":"w"})").string("code"), "external_id_taken");
  EXPECT_THAT(found("/v1/webhooks?external_id=w"), ElementsAre(own.string("id")));
  EXPECT_EQ(send("DELETE", "/v1/webhooks/" + own.string("id")).status, 204U);
  EXPECT_EQ(post("/v1/webhooks", R"({"url":"https://alice.example/2","external_id":"w"})").status, 201U);
  token_ = operators;
  EXPECT_EQ(found("/v1/webhooks?external_id=w").size(), 1U);
}

TEST_F(LookedUp, ATrunkIsChangedWithoutItsPasswords) {
  const std::string carrier = post("/v1/carriers", R"({"name":"c"})").string("id");
  const answer made = post("/v1/trunks", R"({"name":"t","host":"192.0.2.1","external_id":"t-1","digest":{"username":"u","password":"secret"},)"
                                         R"("inbound_digest":{"username":"in","password":"secret two"},"carrier_id":")" + carrier + "\"}");
  ASSERT_EQ(made.status, 201U) << made.text;
  const std::string path = "/v1/trunks/" + made.string("id");
  const auto passwords = [&] {
    const auto read = pool_->run_blocking([](pqxx::work& tx) {
      const auto row = tx.exec1("SELECT digest_password, inbound_password FROM pstn.trunk");
      return std::string(row[0].c_str()) + " " + row[1].c_str();
    });
    return read ? *read : "";
  };
  const answer changed = send("PATCH", path, R"({"priority":7,"enabled":false})");
  ASSERT_EQ(changed.status, 200U) << changed.text;
  EXPECT_EQ(changed.integer("priority"), 7);
  EXPECT_EQ(changed.string("host"), "192.0.2.1");
  EXPECT_EQ(changed.string("external_id"), "t-1");
  EXPECT_EQ(passwords(), "secret secret two");
  EXPECT_EQ(send("PUT", path, get(path).text).status, 200U) << "what was read may be written back";
  EXPECT_EQ(passwords(), "secret secret two");
  EXPECT_EQ(send("PATCH", path, R"({"digest":{"username":"v"}})").at("errors").at(0).at("pointer").as_string(), "/digest/password");
  EXPECT_EQ(send("PATCH", path, R"({"digest":{"username":"v","password":"new"}})").status, 200U);
  EXPECT_EQ(passwords(), "new secret two");
  EXPECT_EQ(send("PATCH", path, R"({"digest":null,"registers":false})").at("digest"), nullptr);
  for (const char* wrong : {R"({"priority":-1})", R"({"colour":"red"})", "[]", R"({"id":"0190a0b0-0000-7000-8000-000000000001"})"})
    EXPECT_GE(send("PATCH", path, wrong).status, 400U) << wrong;
  EXPECT_EQ(send("PATCH", "/v1/trunks/0190a0b0-0000-7000-8000-000000000001", "{}").status, 404U);
}

TEST_F(LookedUp, TwoWhoChangeATrunkAtOnceLoseNothing) {
  const std::string carrier = post("/v1/carriers", R"({"name":"c"})").string("id");
  const answer made = post("/v1/trunks", R"({"name":"t","host":"192.0.2.1","carrier_id":")" + carrier + "\"}");
  ASSERT_EQ(made.status, 201U) << made.text;
  gateway_.take();
  // Another one's change that has not been committed when this one is asked for.
  std::promise<void> written;
  auto other = std::async(std::launch::async, [&] {
    return pool_->run_blocking([&](pqxx::work& tx) {
      tx.exec("UPDATE pstn.trunk SET enabled = false");
      written.set_value();
      constexpr const char* look = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))";
      for (int i = 0; i < 1'000 && !tx.exec(look)[0][0].as<bool>(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    });
  });
  written.get_future().wait();
  const answer changed = send("PATCH", "/v1/trunks/" + made.string("id"), R"({"priority":3})");
  EXPECT_TRUE(other.get().has_value());
  ASSERT_EQ(changed.status, 200U) << changed.text;
  EXPECT_EQ(changed.integer("priority"), 3);
  EXPECT_FALSE(changed.at("enabled").as_bool()) << "it was switched off meanwhile";
  EXPECT_THAT(gateway_.take(), ElementsAre("trunks"));
  EXPECT_EQ(send("PATCH", "/v1/trunks/" + made.string("id"), R"({"priority":-1})").status, 422U);
  EXPECT_THAT(gateway_.take(), ElementsAre()) << "nothing was changed";
}

TEST_F(LookedUp, NumbersThatCanBeOrderedAreToldWithWhatAnOrderNeeds) {
  const std::string id = create_account("alice");
  const answer taken = send("POST", "/v1/number_imports",
                            "number,area,currency,price_3_months\n+442079460900,London,,\n+442079460911,London,EUR,25.00\n+16505550100,Palo Alto,,\n", "text/csv");
  ASSERT_EQ(taken.status, 200U) << taken.text;
  send("PUT", "/v1/country_rules", "country,address,identity,least_term_months\nGB,area,yes,12\n", "text/csv");
  send("POST", "/v1/numbers/+16505550100/reservation", R"({"account_id":")" + id + "\"}");
  become("alice");
  const answer all = get("/v1/available_numbers?limit=1");
  ASSERT_EQ(all.status, 200U) << all.text;
  const auto& first = all.at("items").at(0);
  EXPECT_EQ(first.at("number").as_string(), "+442079460900") << "the other one is reserved";
  EXPECT_EQ(first.at("address").as_string(), "area");
  EXPECT_TRUE(first.at("identity").as_bool());
  EXPECT_EQ(first.at("least_term_months").as_int64(), 12);
  EXPECT_EQ(first.at("prices").at(0).at("price").as_string(), "10.00");
  EXPECT_EQ(first.at("prices").at(1).at("price").as_string(), "30.00");
  const auto second = get("/v1/available_numbers?cursor=" + all.string("next"));
  EXPECT_EQ(second.at("items").at(0).at("prices").at(0).at("price").as_string(), "25.00");
  EXPECT_THAT(found("/v1/available_numbers?prefix=4420&contains=11", "number"), ElementsAre("+442079460911"));
  EXPECT_THAT(found("/v1/available_numbers?country=GB&price_most=10", "number"), ElementsAre("+442079460900"));
  EXPECT_THAT(found("/v1/available_numbers?area=london&prefix=1", "number"), ElementsAre());
  EXPECT_TRUE(get("/v1/available_numbers?currency=JPY").at("items").at(0).at("prices").as_array().empty());
  for (const char* wrong : {"prefix=%2B44", "contains=4a", "prefix=44&pattern=4*", "state=reserved", "price_most=x"})
    EXPECT_EQ(get(std::string("/v1/available_numbers?") + wrong).status, 422U) << wrong;
}

TEST_F(LookedUp, ImportsOfNumbersAreOnRecord) {
  const std::string csv = "number,area\n+16505550100,Palo Alto\n+16505550101,Palo Alto\n";
  headers_ = "Idempotency-Key: list\r\n";
  const answer done = send("POST", "/v1/number_imports", csv, "text/csv");
  ASSERT_EQ(done.status, 200U) << done.text;
  // The node ended before it noted its answer.
  pool_->run_blocking([](pqxx::work& tx) {
    tx.exec("UPDATE gateway.idempotent_request SET status = NULL, body = NULL, location = NULL, busy_until = NULL");
  });
  EXPECT_EQ(send("POST", "/v1/number_imports", csv, "text/csv").text, done.text);
  headers_.clear();
  EXPECT_EQ(send("POST", "/v1/number_imports", csv, "text/csv").status, 422U);
  EXPECT_EQ(send("POST", "/v1/number_imports?dry_run=true", "number\n+16505550102\n", "text/csv").string("outcome"), "valid");
  const answer list = get("/v1/number_imports");
  ASSERT_EQ(list.at("items").as_array().size(), 3U) << list.text;
  EXPECT_EQ(list.at("items").at(1).at("outcome").as_string(), "refused");
  EXPECT_EQ(list.at("items").at(2).at("id").as_string(), done.string("id"));
  EXPECT_THAT(std::string(list.at("items").at(2).at("actor").as_string()), testing::StartsWith("admin:"));
  const answer refused = get("/v1/number_imports/" + std::string(list.at("items").at(1).at("id").as_string()));
  EXPECT_EQ(refused.at("errors").at(0).at("code").as_string(), "number_exists");
  EXPECT_TRUE(refused.at("imported").as_array().empty());
  const answer kept = get("/v1/number_imports/" + done.string("id"));
  EXPECT_EQ(kept.text, done.text);
  EXPECT_EQ(kept.at("imported").at(1).as_string(), "+16505550101");
  EXPECT_EQ(get("/v1/number_imports?limit=1&cursor=" + get("/v1/number_imports?limit=1").string("next")).at("items").at(0).at("outcome").as_string(),
            "refused");
  EXPECT_EQ(get("/v1/number_imports/x").string("code"), "no_import");
}

TEST_F(LookedUp, PaymentsAndRoutes) {
  const std::string id = create_account("alice");
  for (const char* payment : {"p/1", "p-2"})
    ASSERT_EQ(post("/v1/payments", R"({"note":"by cheque","amount":"20.00","id":")" + std::string(payment) + R"(","account_id":")" + id + "\"}").status, 201U);
  ASSERT_EQ(post("/v1/refunds", R"({"id":"r-1","payment_id":"p/1","amount":"5.00"})").status, 201U);
  EXPECT_THAT(found("/v1/payments?account_id=" + id), ElementsAre("p-2", "p/1"));
  EXPECT_THAT(found("/v1/payments?account_id=" + id + "&limit=1&cursor=" + get("/v1/payments?limit=1&account_id=" + id).string("next")), ElementsAre("p/1"));
  const answer one = get("/v1/payments/p%2F1");
  ASSERT_EQ(one.status, 200U) << one.text;
  EXPECT_EQ(one.string("account_id"), id);
  EXPECT_EQ(one.string("refunded"), "5.00");
  EXPECT_EQ(one.string("note"), "by cheque");
  EXPECT_EQ(get("/v1/payments/none").string("code"), "no_payment");
  EXPECT_EQ(get("/v1/payments").status, 422U);

  const std::string carrier = post("/v1/carriers", R"({"name":"c"})").string("id");
  for (const char* trunk : {R"("name":"a","priority":2,"served_prefixes":["44","4420"])", R"("name":"b","priority":1,"served_prefixes":["44"])", R"("name":"world")"})
    ASSERT_EQ(post("/v1/trunks", "{" + std::string(trunk) + R"(,"host":"192.0.2.1","carrier_id":")" + carrier + "\"}").status, 201U);
  EXPECT_THAT(found("/v1/routes", "prefix"), ElementsAre("", "44", "4420"));
  EXPECT_THAT(found("/v1/routes?sort=-prefix&number=%2B447700900123", "prefix"), ElementsAre("44", ""));
  const answer routes = get("/v1/routes?number=%2B447700900123");
  EXPECT_EQ(routes.at("items").at(1).at("trunks").at(0).at("name").as_string(), "b");
}

TEST_F(LookedUp, MailboxesAreListedWithoutWhatIsInThem) {
  const std::string first = create_account("alice"), second = create_account("bob");
  pool_->run_blocking([&](pqxx::work& tx) {
    tx.exec_params(
        "INSERT INTO voicemail.message (account_id, message_id, call_id, caller, called, received_at, duration_ms, level_dbov, size_bytes, sha256, audio) "
        "VALUES ($1, $2, $2, '+442079460958', '+16505550100', now(), 4000, -30, 3, sha256('abc'), 'abc')",
        second, "0190a0b0-0000-7000-8000-000000000001");
  });
  ASSERT_EQ(send("POST", "/v1/mailboxes/" + second + "/pin", "{}").status, 200U);
  const answer page = get("/v1/mailboxes?limit=1");
  ASSERT_EQ(page.status, 200U) << page.text;
  EXPECT_EQ(page.at("items").at(0).at("account_id").as_string(), first);
  EXPECT_EQ(page.at("items").at(0).at("has_pin").as_bool(), false);
  const answer rest = get("/v1/mailboxes?cursor=" + page.string("next"));
  ASSERT_EQ(rest.at("items").as_array().size(), 1U) << rest.text;
  const auto& full = rest.at("items").at(0);
  EXPECT_EQ(full.at("name").as_string(), "bob");
  EXPECT_EQ(full.at("new").as_int64(), 1);
  EXPECT_EQ(full.at("duration_ms").as_int64(), 4'000);
  EXPECT_EQ(full.at("size_bytes").as_int64(), 3);
  EXPECT_TRUE(full.at("has_pin").as_bool());
  EXPECT_THAT(rest.text, Not(HasSubstr("+442079460958")));
  EXPECT_TRUE(get("/v1/mailboxes/" + first + "/greetings").at("items").as_array().empty());
  EXPECT_EQ(get("/v1/mailboxes/0190a0b0-0000-7000-8000-000000000009/greetings").status, 404U);
}

}  // namespace
}  // namespace tollgate::gateway::api
