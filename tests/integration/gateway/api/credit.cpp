// SPDX-License-Identifier: Apache-2.0
// Credit over REST: refunds, goodwill, vouchers, reactivation, and a payment provider that signs what it
// tells.
#include <gmock/gmock.h>

#include <pqxx/result>

#include "fixture.hpp"
#include "gateway/api/webhook_signature.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::HasSubstr;

constexpr const char* batch = "0190a0b0-0000-7000-8000-0000000000b1";

// Sends its events over HTTP as a payment provider would, without a token.
class fake_provider {
 public:
  fake_provider(std::function<std::string(const std::string&)> exchange, std::string secret)
      : exchange_(std::move(exchange)), secret_(std::move(secret)) {}

  std::string tell(const std::string& body, std::chrono::seconds clock_error = std::chrono::seconds(0)) {
    return replay(body, make_signature(body, secret_, std::chrono::system_clock::now() + clock_error));
  }
  std::string replay(const std::string& body, const std::string& signature) {
    last_signature_ = signature;
    return exchange_(
        "POST /v1/payment_events HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: "
        "application/json\r\nTollgate-Signature: " +
        signature + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  const std::string& last_signature() const { return last_signature_; }

 private:
  std::function<std::string(const std::string&)> exchange_;
  std::string secret_, last_signature_;
};

class CreditApi : public Api {
 protected:
  void SetUp() override {
    Api::SetUp();
    account_ = create_account("alice");
  }
  void pay(const std::string& id, const std::string& amount) {
    ASSERT_EQ(post("/v1/payments",
                   R"({"id":")" + id + R"(","amount":")" + amount + R"(","account_id":")" + account_ + "\"}")
                  .status,
              201U);
  }
  std::string available() { return get("/v1/accounts/" + account_ + "/balance").string("available"); }
  void execute(const std::string& sql) {
    ASSERT_FALSE(pool_->run_blocking([&](pqxx::work& tx) { tx.exec(sql); }).has_error());
  }
  void TearDown() override {
    EXPECT_TRUE(get("/v1/ledger/violations").at("items").as_array().empty());
    Api::TearDown();
  }

  std::string account_;
  fake_provider provider_{[this](const std::string& bytes) { return exchange(bytes); }, webhook_secret};
};

TEST_F(CreditApi, PaymentsAreRefundedInParts) {
  pay("p-1", "20.00");
  const std::string refund = R"({"id":"r-1","payment_id":"p-1","amount":"15"})";
  const answer first = post("/v1/refunds", refund);
  ASSERT_EQ(first.status, 201U) << first.text;
  EXPECT_EQ(first.string("left"), "5.00");
  EXPECT_EQ(post("/v1/refunds", refund).status, 200U);
  const answer much = post("/v1/refunds", R"({"id":"r-2","payment_id":"p-1","amount":"6"})");
  EXPECT_EQ(much.status, 409U);
  EXPECT_EQ(much.string("code"), "refund_exceeds_payment");
  EXPECT_EQ(post("/v1/refunds", R"({"id":"r-2","payment_id":"p-9","amount":"6"})").status, 404U);
  EXPECT_EQ(available(), "5.00");
}

TEST_F(CreditApi, GoodwillAndAdjustmentsNeedAReason) {
  const auto adjust = [&](const std::string& rest) {
    return post("/v1/adjustments", R"({"account_id":")" + account_ + "\"," + rest + "}");
  };
  EXPECT_EQ(adjust(R"("id":"g","kind":"goodwill","amount":"2","note":"sorry")").status, 201U);
  EXPECT_EQ(adjust(R"("id":"g","kind":"goodwill","amount":"2","note":"sorry")").status, 200U);
  EXPECT_EQ(adjust(R"("id":"g","kind":"goodwill","amount":"3","note":"sorry")").string("code"),
            "reference_conflict");
  EXPECT_EQ(adjust(R"("id":"a","kind":"adjustment","amount":"-0.5","note":"typing")").status, 201U);
  EXPECT_EQ(adjust(R"("id":"b","kind":"adjustment","amount":"-5","note":"typing")").status, 402U);
  EXPECT_EQ(adjust(R"("id":"c","kind":"adjustment","amount":"1")").status, 422U);
  EXPECT_EQ(adjust(R"("id":"c","kind":"present","amount":"1","note":"x")").status, 422U);
  EXPECT_EQ(available(), "1.50");
  const answer houses = get("/v1/ledger/house_accounts");
  EXPECT_THAT(houses.text, HasSubstr(R"("name":"goodwill")"));
  EXPECT_THAT(houses.text, HasSubstr(R"("balance":"-2.00")"));
}

TEST_F(CreditApi, VouchersArePrintedOnceAndRedeemedOnce) {
  const std::string wanted = std::string(R"({"id":")") + batch +
                             R"(","value":"10","vouchers":2,"expires_at":"2099-01-01T00:00:00Z"})";
  const answer made = post("/v1/voucher_batches", wanted);
  ASSERT_EQ(made.status, 201U) << made.text;
  const auto& pins = made.at("pins").as_array();
  ASSERT_EQ(pins.size(), 2U);
  const std::string pin(pins[0].at("pin").as_string());
  EXPECT_EQ(post("/v1/voucher_batches", wanted).string("code"), "batch_exists");
  const std::string path = "/v1/voucher_batches/" + std::string(batch);
  EXPECT_THAT(get(path).text, testing::Not(HasSubstr("pin")));
  const std::string redeem = "/v1/accounts/" + account_ + "/vouchers";
  const answer redeemed = post(redeem, R"({"pin":")" + pin + "\"}");
  EXPECT_EQ(redeemed.status, 201U) << redeemed.text;
  EXPECT_EQ(post(redeem, R"({"pin":")" + pin + "\"}").status, 200U);
  EXPECT_EQ(available(), "10.00");
  EXPECT_EQ(get(path).integer("redeemed"), 1);
  EXPECT_NE(post(path + "/revocation", "{}").string("revoked_at"), "");
  EXPECT_EQ(post(redeem, R"({"pin":")" + std::string(pins[1].at("pin").as_string()) + "\"}").string("code"),
            "voucher_revoked");
  EXPECT_EQ(post(redeem, R"({"pin":"12"})").status, 422U);
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(post(redeem, R"({"pin":"0000 0000 0000 0000"})").string("code"), "voucher_unknown");
  const answer locked = post(redeem, R"({"pin":")" + pin + "\"}");
  EXPECT_EQ(locked.status, 429U) << "the wrong ones were committed";
  EXPECT_THAT(locked.header, HasSubstr("Retry-After: "));
  EXPECT_EQ(
      post(
          "/v1/voucher_batches",
          R"({"id":"0190a0b0-0000-7000-8000-0000000000b2","value":"10","vouchers":2,"expires_at":"2001-01-01T00:00:00Z"})")
          .status,
      422U);
}

TEST_F(CreditApi, LapsedCreditIsReactivated) {
  pay("p-1", "20.00");
  EXPECT_EQ(post("/v1/accounts/" + account_ + "/reactivation", "").string("code"), "nothing_inactive");
  execute("UPDATE billing.account SET last_used_on = '2020-01-01'");
  execute(R"(SELECT billing.advance_credit(now(), '{"":6}', 10))");
  const answer lapsed = get("/v1/accounts/" + account_ + "/balance");
  EXPECT_EQ(lapsed.string("available"), "0.00");
  EXPECT_EQ(lapsed.string("inactive"), "20.00");
  EXPECT_THAT(get("/v1/accounts/" + account_ + "/events").text, HasSubstr("credit_lapsed"));
  EXPECT_EQ(post("/v1/accounts/" + account_ + "/reactivation", "").string("reactivated"), "20.00");
  EXPECT_EQ(available(), "20.00");
  EXPECT_GT(get("/v1/accounts/" + account_ + "/balance").string("lapses_at"), "2026");
}

TEST_F(CreditApi, APaymentThatWasGivenBackAfterItWasSpentIsBookedOwedAndLocksTheAccount) {
  const std::string of_payment = R"("payment_id":"pay_1","currency":"EUR",)";
  provider_.tell(R"({"type":"payment.succeeded",)" + of_payment + R"("amount":"20.00","account_id":")" + account_ +
                 "\"}");
  const answer spent = post("/v1/adjustments", R"({"id":"spent","account_id":")" + account_ +
                                                   R"(","kind":"adjustment","amount":"-15.00","note":"calls"})");
  ASSERT_EQ(spent.status, 201U) << spent.text;
  const std::string back = R"({"type":"payment.refunded",)" + of_payment + R"("refund_id":"back_1","amount":"20.00"})";
  EXPECT_EQ(post("/v1/refunds", R"({"id":"r","payment_id":"pay_1","amount":"20.00"})").string("code"),
            "insufficient_credit")
      << "an admin's refund gives no more than there is";
  const std::string told = provider_.tell(back);
  EXPECT_THAT(told, HasSubstr(R"("repeated":false)"));
  EXPECT_THAT(told, HasSubstr(R"("owed":"15.00")"));
  const std::string again = provider_.tell(back);
  EXPECT_THAT(again, HasSubstr(R"("repeated":true)"));
  EXPECT_THAT(again, HasSubstr(R"("owed":"15.00")"));
  EXPECT_EQ(available(), "0.00");
  EXPECT_THAT(get("/v1/accounts/" + account_ + "/fraud").text, HasSubstr("payment_taken_back"));
  EXPECT_THAT(get("/v1/fraud/events").text, HasSubstr("payment_taken_back"));
  EXPECT_THAT(get("/v1/accounts/" + account_ + "/events").text, HasSubstr("credit_locked"));
  EXPECT_THAT(get("/metrics").text,
              HasSubstr("tollgate_fraud_events_total{measure=\"payment_taken_back\"} 1\n"));
  EXPECT_TRUE(get("/v1/ledger/violations").at("items").as_array().empty());
  pay("p-2", "30.00");
  const auto settle = [&](const char* amount) {
    return post("/v1/adjustments", R"({"id":"debt/back_1","account_id":")" + account_ +
                                       R"(","kind":"adjustment","note":"paid back","amount":")" + amount + "\"}")
        .status;
  };
  const auto owed = [&] { return get("/v1/accounts/" + account_ + "/balance").string("owed"); };
  EXPECT_EQ(owed(), "15.00");
  EXPECT_EQ(settle("-15.00"), 201U);
  EXPECT_EQ(owed(), "0.00");
  EXPECT_EQ(available(), "15.00");
  EXPECT_EQ(post("/v1/adjustments", R"({"id":"owed/x","account_id":")" + account_ +
                                        R"(","kind":"adjustment","note":"n","amount":"1.00"})")
                .status,
            422U);
  EXPECT_TRUE(get("/v1/ledger/violations").at("items").as_array().empty());
}

TEST_F(CreditApi, ReactivationIsEnteredAsThatOfWhoeverAskedAndNotGivenToABlockedSubscriber) {
  pay("p-1", "20.00");
  const std::string made = post("/v1/api_tokens", R"({"label":"test","role":"subscriber","account_id":")" +
                                                      account_ + "\"}")
                               .string("token");
  const auto lapse = [&] {
    execute("UPDATE billing.account SET last_used_on = '2020-01-01'");
    execute(R"(SELECT billing.advance_credit(now(), '{"":6}', 10))");
  };
  const auto reactivate = [&](std::string by) {
    const std::string before = std::exchange(token_, std::move(by));
    answer got = post("/v1/accounts/" + account_ + "/reactivation", "");
    token_ = before;
    return got;
  };
  const auto note = [&] {
    return std::string(
        get("/v1/accounts/" + account_ + "/entries").at("items").at(0).at("note").as_string());
  };
  lapse();
  execute("UPDATE billing.account SET blocked = true");
  EXPECT_EQ(reactivate(made).string("code"), "account_blocked");
  execute("UPDATE billing.account SET blocked = false");
  EXPECT_EQ(reactivate(made).string("reactivated"), "20.00");
  EXPECT_EQ(note(), "by the subscriber");
  lapse();
  EXPECT_EQ(reactivate(token_).string("reactivated"), "20.00");
  EXPECT_EQ(note(), "by an admin");
}

TEST_F(CreditApi, ProviderCreditsAPaymentOnceHoweverOftenItTells) {
  const std::string event =
      R"({"type":"payment.succeeded","payment_id":"pay_1","amount_micros":3000000,"currency":"EUR","account_id":")" +
      account_ + "\"}";
  EXPECT_THAT(provider_.tell(event), HasSubstr(R"("repeated":false)"));
  EXPECT_THAT(provider_.tell(event), HasSubstr(R"("repeated":true)"));
  EXPECT_THAT(provider_.replay(event, provider_.last_signature()), HasSubstr(R"("repeated":true)"));
  EXPECT_EQ(available(), "3.00");
  std::string other = event;
  other.replace(other.find("3000000"), 7, "4000000");
  EXPECT_THAT(provider_.tell(other), HasSubstr("payment_amount_conflict"));
  other = event;
  other.replace(other.find("EUR"), 3, "USD");
  EXPECT_THAT(provider_.tell(other), HasSubstr("payment_currency_conflict"));
  const std::string refund =
      R"({"type":"payment.refunded","refund_id":"re_1","payment_id":"pay_1","amount":"1","currency":"EUR"})";
  EXPECT_THAT(provider_.tell(refund), HasSubstr(R"("balance_after":"2.00")"));
  EXPECT_THAT(provider_.tell(refund), HasSubstr(R"("repeated":true)"));
  EXPECT_EQ(available(), "2.00");
  EXPECT_THAT(provider_.tell(R"({"type":"payment.dreamt"})"), HasSubstr("type_unknown"));
}

TEST_F(CreditApi, EventsOfNobodyAreRefused) {
  const std::string event =
      R"({"type":"payment.succeeded","payment_id":"pay_1","amount":"3","currency":"EUR","account_id":")" +
      account_ + "\"}";
  EXPECT_THAT(provider_.tell(event, std::chrono::minutes(-6)), HasSubstr("signature_stale"));
  EXPECT_THAT(provider_.tell(event, std::chrono::minutes(6)), HasSubstr("signature_stale"));
  EXPECT_THAT(provider_.replay(event, "t=1,v1=" + std::string(64, '0')), HasSubstr("signature_wrong"));
  EXPECT_THAT(provider_.replay(event, ""), HasSubstr("signature_malformed"));
  std::string dearer = event;
  dearer.replace(dearer.find("\"3\""), 3, "\"9\"");
  provider_.tell("{}");
  EXPECT_THAT(provider_.replay(dearer, provider_.last_signature()), HasSubstr("signature_wrong"));
  EXPECT_EQ(post("/v1/payment_events", event).status, 401U) << "an admin's token signs nothing";
  EXPECT_EQ(available(), "0.00");
}

TEST_F(CreditApi, FraudLimitsAreReadSetAndUnlocked) {
  const std::size_t shipped = get("/v1/fraud/limits").at("items").as_array().size();
  EXPECT_EQ(shipped, 8U + 4U * 24U) << "counts, and sums in 24 currencies";
  const std::string path = "/v1/fraud/limits/" + account_ + "/spend_hour";
  EXPECT_EQ(send("PUT", path, R"({"most":5000000,"action":"cut","currency":"EUR"})").integer("most"),
            5'000'000);
  EXPECT_EQ(send("PUT", path, R"({"most":5000000,"action":"cut"})").status, 422U) << "a sum of no currency";
  EXPECT_EQ(get("/v1/fraud/limits").at("items").as_array().size(), shipped + 1);
  EXPECT_EQ(send("PUT", path, R"({"most":5000000,"action":"bite","currency":"EUR"})").status, 422U);
  EXPECT_EQ(send("PUT", "/v1/fraud/limits/all/call_length", R"({"most":1,"action":"cut"})").status, 200U);
  EXPECT_EQ(send("PUT", "/v1/fraud/limits/all/call_length", R"({"most":1,"action":"refuse"})").string("code"),
            "limit_without_effect");
  EXPECT_EQ(send("PUT", "/v1/fraud/limits/all/calls_length", R"({"most":1,"action":"cut"})").status, 422U);
  EXPECT_EQ(send("DELETE", path).status, 404U) << "it has a currency";
  EXPECT_EQ(send("DELETE", path + "?currency=EUR").status, 204U);
  EXPECT_EQ(send("DELETE", path + "?currency=EUR").status, 404U);
  const std::string fraud = "/v1/accounts/" + account_ + "/fraud";
  EXPECT_EQ(get(fraud).string("level"), "new");
  execute("INSERT INTO billing.fraud_state (scope, locked_at, measure) VALUES ('" + account_ +
          "', now(), 'spend_hour')");
  EXPECT_EQ(get(fraud).string("measure"), "spend_hour");
  EXPECT_TRUE(post(fraud + "/unlock", "").at("was_locked").as_bool());
  EXPECT_TRUE(get(fraud).at("locked_at").is_null());
  EXPECT_FALSE(post("/v1/fraud/unlock", "").at("was_locked").as_bool());
  const std::string amounts = R"({"established_paid":"60","dear_per_minute":"0.5"})";
  EXPECT_EQ(send("PUT", "/v1/fraud/policy/EUR", amounts).string("established_paid"), "60.00");
  EXPECT_EQ(send("PUT", "/v1/fraud/policy/ABC", amounts).status, 422U);
  EXPECT_EQ(send("DELETE", "/v1/fraud/policy/JPY").status, 204U);
  EXPECT_EQ(send("DELETE", "/v1/fraud/policy/JPY").status, 404U);
  const auto policy = send("PUT", "/v1/fraud/policy", R"({"established_days":0,"payment_days":1})");
  EXPECT_EQ(policy.at("amounts").as_array().size(), 23U);
  EXPECT_EQ(get(fraud).string("level"), "established");
  EXPECT_TRUE(get("/v1/fraud/events").at("items").as_array().empty());
}

}  // namespace
}  // namespace tollgate::gateway::api
