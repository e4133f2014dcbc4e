// SPDX-License-Identifier: Apache-2.0
// Numbers as products, from the outside: what they cost, who may rent them, their owners' own steps, the first PIN.
#include <gmock/gmock.h>

#include <pqxx/result>

#include "fixture.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Numbers : public Api {
 protected:
  void SetUp() override {
    Api::SetUp();
    alice_ = create_account("alice");
    ASSERT_EQ(post("/v1/payments", R"({"id":"p-1","amount":"100.00","account_id":")" + alice_ + "\"}").status, 201U);
    for (const char* number : {"+16505550100", "+16505550101", "+442079460900"})
      ASSERT_EQ(post("/v1/numbers", R"({"area":"Palo Alto","number":")" + std::string(number) + "\"}").status, 201U);
  }

  answer order(const std::string& last, const std::string& number = "+16505550100", int months = 3) {
    return post("/v1/number_orders", R"({"id":"0190a0b0-0000-7000-8000-00000000000)" + last + R"(","number":")" + number +
                                         R"(","term_months":)" + std::to_string(months) + R"(,"account_id":")" + alice_ + "\"}");
  }

  std::vector<std::string> found(const std::string& query) {
    std::vector<std::string> numbers;
    const answer list = get("/v1/numbers?" + query);
    EXPECT_EQ(list.status, 200U) << list.text;
    if (list.status != 200) return numbers;
    for (const auto& each : list.at("items").as_array())
      numbers.emplace_back(each.at("number").as_string());
    return numbers;
  }

  // From here on requests are the subscriber's.
  void become_alice() {
    const answer session = post("/v1/sessions", R"({"name":"alice","passphrase":"correct horse"})");
    ASSERT_EQ(session.status, 201U) << session.text;
    token_ = session.string("token");
  }

  void sql(const std::string& text) {
    ASSERT_FALSE(pool_->run_blocking([&](pqxx::work& tx) { tx.exec(text); }).has_error());
  }

  std::string alice_;
};

TEST_F(Numbers, HavePricesOfTheirOwn) {
  const std::string path = "/v1/numbers/+16505550100/prices/EUR/3";
  ASSERT_EQ(send("PUT", path, R"({"price":"25.00"})").integer("price_micros"), 25'000'000);
  EXPECT_EQ(get("/v1/numbers/+16505550100").at("prices").at(0).at("price").as_string(), "25.00");
  EXPECT_TRUE(get("/v1/numbers/+16505550101").at("prices").as_array().empty());
  const answer terms = get("/v1/number_prices?number=%2B16505550100");
  EXPECT_EQ(terms.at("items").at(0).at("price").as_string(), "25.00");
  EXPECT_EQ(terms.at("items").at(1).at("price").as_string(), "30.00");
  EXPECT_EQ(get("/v1/number_prices").at("items").at(0).at("price").as_string(), "10.00");
  EXPECT_EQ(get("/v1/number_prices?number=%2B16505550199").status, 404U);

  EXPECT_THAT(found("price_most=10"), ElementsAre("+16505550101", "+442079460900"));
  EXPECT_THAT(found("price_least=10.01&price_most=25"), ElementsAre("+16505550100"));
  EXPECT_THAT(found("price_most=30&term_months=12&country=US"), ElementsAre("+16505550100", "+16505550101"));
  EXPECT_THAT(found("price_most=1000&currency=USD"), ElementsAre());
  for (const char* wrong : {"price_most=ten", "price_most=1&term_months=0", "price_most=1&currency=", "price_most=1&currency=EURO"})
    EXPECT_EQ(get(std::string("/v1/numbers?") + wrong).status, 422U) << wrong;

  EXPECT_EQ(order("1").string("price"), "25.00");
  EXPECT_EQ(send("DELETE", path).status, 204U);
  EXPECT_EQ(send("DELETE", path).string("code"), "price_unknown");
  EXPECT_EQ(order("2", "+16505550101").string("price"), "10.00");
  EXPECT_EQ(get("/v1/accounts/" + alice_ + "/balance").string("available"), "65.00");
  struct row {
    const char* target;
    const char* body;
    unsigned status;
    const char* code;
  };
  for (const auto& one :
       {row{"/v1/numbers/+16505550199/prices/EUR/3", R"({"price":"1"})", 404, "number_unknown"},
        row{"/v1/numbers/1/prices/EUR/3", R"({"price":"1"})", 404, "number_unknown"},
        row{"/v1/numbers/+16505550100/prices/ZZZ/3", R"({"price":"1"})", 422, "currency_unknown"},
        row{"/v1/numbers/+16505550100/prices/EUR/0", R"({"price":"1"})", 422, "term_unknown"},
        row{"/v1/numbers/+16505550100/prices/EUR/three", R"({"price":"1"})", 422, "term_unknown"},
        row{"/v1/numbers/+16505550100/prices/EUR/3", R"({"price":"0"})", 422, "invalid"},
        row{"/v1/numbers/+16505550100/prices/EUR/3", R"({"price":"-1"})", 422, "invalid"},
        row{"/v1/numbers/+16505550100/prices/EUR/3", R"({"price":"1","colour":1})", 422, "invalid"}}) {
    const answer refused = send("PUT", one.target, one.body);
    EXPECT_EQ(refused.status, one.status) << one.target << one.body;
    if (std::string(one.code) != "invalid") {
      EXPECT_EQ(refused.string("code"), one.code) << one.target << one.body;
    }
  }
  EXPECT_TRUE(get("/v1/ledger/violations").at("items").as_array().empty());
}

TEST_F(Numbers, AreRentedByTheRulesOfTheirCountry) {
  const std::string csv = "country,address,identity,note\r\nUS,area,no,\"as the supplier wants it\"\r\nGB,any,yes,\r\n";
  const answer tried = send("PUT", "/v1/country_rules?dry_run=true", csv, "text/csv");
  EXPECT_EQ(tried.string("outcome"), "valid") << tried.text;
  EXPECT_TRUE(get("/v1/country_rules").at("items").as_array().empty());
  ASSERT_EQ(send("PUT", "/v1/country_rules", csv, "text/csv").string("outcome"), "done");
  EXPECT_EQ(get("/v1/country_rules").at("items").at(1).at("address").as_string(), "area");
  const std::string written = get("/v1/country_rules?format=csv").text;
  EXPECT_THAT(written, HasSubstr("US,area,no,1,,as the supplier wants it\r\n"));
  EXPECT_EQ(send("PUT", "/v1/country_rules", written, "text/csv").string("outcome"), "done");
  const answer refused = send("PUT", "/v1/country_rules", "country,address\nUS,moon\nus,any\n", "text/csv");
  EXPECT_EQ(refused.status, 422U);
  EXPECT_EQ(refused.at("errors").at(1).at("line").as_int64(), 3);
  EXPECT_EQ(get("/v1/country_rules?format=csv").text, written) << "all or none";
  EXPECT_EQ(send("PUT", "/v1/country_rules", "{}").status, 415U);

  const answer early = order("1");
  EXPECT_EQ(early.status, 422U);
  EXPECT_EQ(early.string("code"), "address_required");
  EXPECT_THAT(early.text, HasSubstr("address"));
  const std::string address = "/v1/accounts/" + alice_ + "/address";
  EXPECT_EQ(get(address).string("city"), "");
  const auto move = [&](const std::string& city, const std::string& country, const std::string& more = "") {
    return send("PUT", address, R"({"name":"Alice A.","street":"1 Main Street","postal_code":"94301","city":")" + city +
                                    R"(","country":")" + country + "\"" + more + "}");
  };
  ASSERT_EQ(move("Paris", "FR").status, 200U);
  EXPECT_EQ(order("1").string("code"), "address_elsewhere");
  ASSERT_EQ(move("Reno", "US").status, 200U);
  EXPECT_EQ(order("1").string("code"), "address_out_of_area");
  ASSERT_EQ(move("Palo Alto", "US").status, 200U);
  EXPECT_EQ(order("1").status, 201U);
  EXPECT_EQ(order("2", "+442079460900").string("code"), "identity_required");
  EXPECT_FALSE(move("Palo Alto", "US", R"(,"identified":true)").at("identified_at").is_null());
  EXPECT_EQ(order("2", "+442079460900").status, 201U);
  for (const char* wrong : {R"({"name":"A","street":"1","city":"X"})", R"({"name":"A","street":"1","city":"X","country":"us"})",
                            R"({"name":"","street":"1","city":"X","country":"US"})"})
    EXPECT_EQ(send("PUT", address, wrong).status, 422U) << wrong;
  EXPECT_EQ(get("/v1/accounts/0190a0b0-0000-7000-8000-000000000001/address").status, 404U);

  become_alice();
  EXPECT_EQ(move("Palo Alto", "US", R"(,"identified":true)").status, 403U) << "that is for the operator to say";
  EXPECT_EQ(move("Reno", "US").string("city"), "Reno");
  EXPECT_TRUE(get(address).at("identified_at").is_null());
}

TEST_F(Numbers, AreSearchedKeptRentedAndRenewedByTheirSubscribers) {
  ASSERT_EQ(order("1", "+16505550101").status, 201U);
  become_alice();
  EXPECT_THAT(found("state=assigned"), ElementsAre("+16505550100", "+442079460900")) << "what is in stock, whatever is asked for";
  EXPECT_THAT(found("account_id=" + alice_), ElementsAre("+16505550101"));
  EXPECT_THAT(found("account_id=0190a0b0-0000-7000-8000-000000000001"), ElementsAre("+16505550101")) << "one's own";
  const std::string mine = R"({"account_id":")" + alice_ + "\"}", others = R"({"account_id":"0190a0b0-0000-7000-8000-000000000001"})";
  EXPECT_EQ(post("/v1/numbers/+16505550100/reservation", mine).string("state"), "reserved");
  EXPECT_EQ(post("/v1/numbers/+16505550100/reservation", others).status, 403U);
  EXPECT_EQ(order("2").status, 201U);
  EXPECT_FALSE(send("PATCH", "/v1/numbers/+16505550100", R"({"auto_renew":false})").at("auto_renew").as_bool());
  EXPECT_EQ(send("PATCH", "/v1/numbers/+442079460900", R"({"auto_renew":false})").status, 403U);

  EXPECT_EQ(post("/v1/numbers/+16505550100/renewal", mine).integer("paid_periods"), 1) << "the term is not over";
  sql("UPDATE voicemail.number SET anchor = anchor - interval '4 months', paid_until = now() - interval '1 day', state = 'grace', "
      "grace_until = now() + interval '13 days' WHERE number = '+16505550100'");
  const answer renewed = post("/v1/numbers/+16505550100/renewal", mine);
  EXPECT_EQ(renewed.string("state"), "assigned") << renewed.text;
  EXPECT_EQ(renewed.integer("paid_periods"), 2);
  EXPECT_EQ(get("/v1/accounts/" + alice_ + "/balance").string("available"), "70.00");
  EXPECT_EQ(post("/v1/numbers/+16505550100/release", others).status, 403U);
  EXPECT_EQ(post("/v1/numbers/+16505550100/release", mine).string("state"), "quarantined");
  EXPECT_EQ(order("3").status, 201U) << "won back";
}

TEST_F(Numbers, OfWhichASubscriberKeepsFiveAtOnce) {
  for (int each = 0; each < 6; ++each)
    ASSERT_EQ(post("/v1/numbers", R"({"number":"+1650555011)" + std::to_string(each) + "\"}").status, 201U);
  const std::string mine = R"({"account_id":")" + alice_ + "\"}";
  become_alice();
  for (int each = 0; each < 5; ++each)
    EXPECT_EQ(post("/v1/numbers/+1650555011" + std::to_string(each) + "/reservation", mine).status, 200U);
  const answer refused = post("/v1/numbers/+16505550115/reservation", mine);
  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(refused.string("code"), "reservations_exhausted");
  EXPECT_EQ(post("/v1/numbers/+16505550110/reservation", mine).status, 200U);
}

TEST_F(Numbers, GiveAMailboxItsFirstPinWhichIsShownOnce) {
  const answer first = order("1");
  ASSERT_EQ(first.status, 201U) << first.text;
  const std::string pin = first.string("voicemail_pin");
  EXPECT_THAT(pin, testing::MatchesRegex("[0-9]{6}"));
  EXPECT_TRUE(get("/v1/mailboxes/" + alice_).at("has_pin").as_bool());
  EXPECT_THAT(order("1").text, Not(HasSubstr("voicemail_pin"))) << "a repetition";
  EXPECT_THAT(order("2", "+16505550101").text, Not(HasSubstr("voicemail_pin"))) << "it has one already";
  sql("DO $$ BEGIN IF EXISTS (SELECT FROM gateway.audit a WHERE a::text LIKE '%" + pin +
      "%') THEN RAISE 'the PIN is in the audit log'; END IF; "
      "IF NOT EXISTS (SELECT FROM gateway.audit WHERE after->>'voicemail_pin' = '(left out)') THEN RAISE 'nothing of it'; END IF; END $$");
  const auto hash = pool_->run_blocking([&](pqxx::work& tx) {
    return tx.exec("SELECT pin_hash FROM voicemail.mailbox")[0][0].as<std::string>();
  });
  EXPECT_THAT(*hash, HasSubstr("$argon2id$"));
}

TEST_F(Numbers, WhoseOrderIsRefusedGiveNoPin) {
  EXPECT_EQ(order("1", "+16505550199").status, 404U);
  EXPECT_EQ(order("1", "+16505550100", 5).string("code"), "term_unknown");
  EXPECT_FALSE(get("/v1/mailboxes/" + alice_).at("has_pin").as_bool());
}

}  // namespace
}  // namespace tollgate::gateway::api
