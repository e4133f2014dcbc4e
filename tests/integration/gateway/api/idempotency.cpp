// SPDX-License-Identifier: Apache-2.0
// Requests with an Idempotency-Key: sent twice, at once, with another body, and after a node that ended in between.
#include <gmock/gmock.h>

#include <future>
#include <pqxx/connection>
#include <pqxx/transaction>

#include "fixture.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class Idempotency : public Api {
 protected:
  void SetUp() override {
    Api::SetUp();
    account_ = create_account("alice");
  }
  void TearDown() override {
    EXPECT_TRUE(get("/v1/ledger/violations").at("items").as_array().empty());
    Api::TearDown();
  }
  answer keyed(const std::string& key, const std::string& target, const std::string& body, const std::string& type = "application/json") {
    headers_ = "Idempotency-Key: " + key + "\r\n";
    answer got = send("POST", target, body, type);
    headers_.clear();
    return got;
  }
  std::string payment(const std::string& amount) const {
    return R"({"account_id":")" + account_ + R"(","amount":")" + amount + "\"}";
  }
  std::string available() { return get("/v1/accounts/" + account_ + "/balance").string("available"); }
  void execute(const std::string& sql) {
    ASSERT_FALSE(pool_->run_blocking([&](pqxx::work& tx) { tx.exec(sql); }).has_error());
  }
  int count(const std::string& sql) {
    return *pool_->run_blocking([&](pqxx::work& tx) { return tx.exec1("SELECT count(*) FROM " + sql)[0].as<int>(); });
  }
  // As if the node had ended between its work and the note of the answer.
  void lose_answers() {
    execute("UPDATE gateway.idempotent_request SET status = NULL, body = NULL, location = NULL, busy_until = now() - interval '1 s'");
  }

  std::string account_;
};

TEST_F(Idempotency, TheSameIsDoneOnceAndAnsweredTheSame) {
  const answer first = keyed("k-1", "/v1/payments", payment("20"));
  ASSERT_EQ(first.status, 201U) << first.text;
  EXPECT_EQ(first.field("Idempotency-Replayed"), "");
  EXPECT_EQ(first.string("id").size(), 36U) << "made by the key";
  const answer again = keyed("k-1", "/v1/payments", payment("20"));
  EXPECT_EQ(again.status, 201U);
  EXPECT_EQ(again.field("Idempotency-Replayed"), "true");
  EXPECT_EQ(again.body, first.body);
  EXPECT_NE(again.field("X-Request-Id"), first.field("X-Request-Id"));
  EXPECT_EQ(available(), "20.00");
  EXPECT_EQ(keyed("k-2", "/v1/payments", payment("20")).status, 201U) << "another key is another payment";
  EXPECT_EQ(available(), "40.00");
  EXPECT_EQ(count("gateway.audit WHERE target = '/v1/payments'"), 2) << "a replay changes nothing";
}

TEST_F(Idempotency, AnotherRequestUnderTheSameKeyIsRefused) {
  ASSERT_EQ(keyed("k-1", "/v1/payments", payment("20")).status, 201U);
  for (const auto& [target, body] :
       {std::pair<std::string, std::string>("/v1/payments", payment("21")),
        std::pair<std::string, std::string>("/v1/accounts/" + account_ + "/reactivation", "")}) {
    const answer refused = keyed("k-1", target, body);
    EXPECT_EQ(refused.status, 422U);
    EXPECT_EQ(refused.string("code"), "idempotency_key_reused");
  }
  const std::string other =
      post("/v1/api_tokens", R"({"label":"other","role":"admin"})").string("token");
  token_ = other;
  EXPECT_EQ(keyed("k-1", "/v1/payments", payment("21")).status, 201U) << "keys are those of a token";
  EXPECT_EQ(available(), "41.00");
  EXPECT_EQ(keyed("a b", "/v1/payments", payment("1")).string("code"), "idempotency_key_malformed");
}

TEST_F(Idempotency, WhatIsWrongInFormDoesNotUseTheKeyUpWhatIsRefusedDoes) {
  EXPECT_EQ(keyed("k-1", "/v1/payments", payment("nonsense")).status, 422U);
  EXPECT_EQ(keyed("k-1", "/v1/payments", payment("20")).status, 201U);
  const std::string refund = R"({"payment_id":"nothing","amount":"1"})";
  EXPECT_EQ(keyed("k-2", "/v1/refunds", refund).status, 404U);
  const answer again = keyed("k-2", "/v1/refunds", refund);
  EXPECT_EQ(again.status, 404U);
  EXPECT_EQ(again.field("Idempotency-Replayed"), "true");
  EXPECT_EQ(again.field("Content-Type"), "application/problem+json");
}

TEST_F(Idempotency, TheSecondOfTwoAtOnceIsToldToWait) {
  pqxx::connection other(database());
  pqxx::work lock(other);
  lock.exec("SELECT FROM billing.account WHERE account_id = " + lock.quote(account_) + " FOR UPDATE");
  auto first = std::async(std::launch::async, [this] {
    return exchange("POST /v1/payments HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIdempotency-Key: k-1\r\nAuthorization: Bearer " + token_ +
                    "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(payment("20").size()) + "\r\n\r\n" + payment("20"));
  });
  while (count("gateway.idempotent_request") == 0)
    std::this_thread::yield();
  const answer second = keyed("k-1", "/v1/payments", payment("20"));
  EXPECT_EQ(second.status, 409U) << second.text;
  EXPECT_EQ(second.string("code"), "idempotency_key_in_use");
  EXPECT_EQ(second.field("Retry-After"), "1");
  lock.abort();
  EXPECT_THAT(first.get(), testing::StartsWith("HTTP/1.1 201"));
  EXPECT_EQ(keyed("k-1", "/v1/payments", payment("20")).field("Idempotency-Replayed"), "true");
  EXPECT_EQ(available(), "20.00");
}

TEST_F(Idempotency, NothingHappensTwiceWhenTheAnswerWasLostWithItsNode) {
  const answer first = keyed("k-1", "/v1/payments", payment("20"));
  const std::string carol = R"({"name":"carol","passphrase":"correct horse"})";
  const answer account = keyed("k-2", "/v1/accounts", carol);
  const answer carrier = keyed("k-3", "/v1/carriers", R"({"name":"one"})");
  ASSERT_EQ(carrier.status, 201U);
  const std::string trunk = R"({"name":"t","host":"192.0.2.1","carrier_id":")" + carrier.string("id") + "\"}";
  const answer made_trunk = keyed("k-4", "/v1/trunks", trunk);
  ASSERT_EQ(made_trunk.status, 201U) << made_trunk.text;
  const std::string wanted = R"({"label":"x","role":"auditor"})";
  ASSERT_EQ(keyed("k-5", "/v1/api_tokens", wanted).status, 201U);
  const std::string goodwill = R"({"account_id":")" + account_ + R"(","kind":"goodwill","amount":"1","note":"sorry"})";
  ASSERT_EQ(keyed("k-6", "/v1/adjustments", goodwill).status, 201U);
  const int tokens = count("gateway.api_token");
  lose_answers();
  const answer again = keyed("k-1", "/v1/payments", payment("20"));
  EXPECT_EQ(again.status, 200U) << again.text;
  EXPECT_TRUE(again.at("repeated").as_bool());
  EXPECT_EQ(again.string("id"), first.string("id"));
  EXPECT_EQ(keyed("k-2", "/v1/accounts", carol).string("id"), account.string("id"));
  EXPECT_EQ(keyed("k-3", "/v1/carriers", R"({"name":"one"})").string("id"), carrier.string("id"));
  EXPECT_EQ(keyed("k-4", "/v1/trunks", trunk).string("id"), made_trunk.string("id"));
  EXPECT_EQ(keyed("k-5", "/v1/api_tokens", wanted).status, 201U);
  EXPECT_EQ(keyed("k-6", "/v1/adjustments", goodwill).status, 200U);
  EXPECT_EQ(count("gateway.api_token"), tokens);
  EXPECT_EQ(available(), "21.00");
  EXPECT_EQ(keyed("k-1", "/v1/payments", payment("21")).string("code"), "idempotency_key_reused");
}

TEST_F(Idempotency, SecretsAreNotKept) {
  const std::string batch = R"({"value":"10","vouchers":2,"expires_at":"2099-01-01T00:00:00Z"})";
  const answer printed = keyed("k-1", "/v1/voucher_batches", batch);
  ASSERT_EQ(printed.status, 201U) << printed.text;
  const std::string pin(printed.at("pins").at(0).at("pin").as_string());
  const answer again = keyed("k-1", "/v1/voucher_batches", batch);
  EXPECT_EQ(again.status, 201U);
  EXPECT_EQ(again.string("id"), printed.string("id"));
  EXPECT_THAT(again.text, HasSubstr(R"("left_out":["pins"])"));
  EXPECT_EQ(again.field("Location"), printed.field("Location"));
  const answer made = keyed("k-2", "/v1/api_tokens", R"({"label":"x","role":"auditor"})");
  const std::string kept = *pool_->run_blocking([](pqxx::work& tx) {
    return tx.exec1("SELECT string_agg(r::text, '') FROM gateway.idempotent_request r")[0].as<std::string>();
  });
  EXPECT_THAT(kept, Not(HasSubstr(pin)));
  EXPECT_THAT(kept, Not(HasSubstr(made.string("token"))));
}

TEST_F(Idempotency, ARotatedTokenGoesOnWithItsKeys) {
  const answer desk = post("/v1/api_tokens", R"({"label":"billing job","role":"admin"})");
  const std::string own = std::exchange(token_, desk.string("token"));
  const answer first = keyed("k-1", "/v1/payments", payment("20"));
  ASSERT_EQ(first.status, 201U) << first.text;
  const std::string rotation = "/v1/api_tokens/" + desk.string("id") + "/rotation";
  const answer rotated = post(rotation, R"({"overlap_s":0})");
  token_ = rotated.string("token");
  const answer again = keyed("k-1", "/v1/payments", payment("20"));
  EXPECT_EQ(again.field("Idempotency-Replayed"), "true");
  EXPECT_EQ(again.body, first.body);
  token_ = own;
  EXPECT_EQ(keyed("k-1", "/v1/payments", payment("20")).field("Idempotency-Replayed"), "") << "another token's key is another one";
  EXPECT_EQ(available(), "40.00");
}

TEST_F(Idempotency, ARotationWhoseAnswerWasLostIsRepeatedWhole) {
  for (const char* overlap : {R"({"overlap_s":60})", R"({"overlap_s":0})"}) {
    const answer made = post("/v1/api_tokens", R"({"label":"desk","role":"support","expires_in_days":30})");
    const std::string path = "/v1/api_tokens/" + made.string("id") + "/rotation", key = made.string("id").substr(0, 8);
    const answer lost = keyed(key, path, overlap);
    ASSERT_EQ(lost.status, 201U) << lost.text;
    lose_answers();
    const answer again = keyed(key, path, overlap);
    ASSERT_EQ(again.status, 201U) << again.text;
    EXPECT_EQ(again.string("id"), lost.string("id"));
    EXPECT_EQ(again.string("expires_at"), made.string("expires_at")) << "as long as the first one would have lived";
    const std::string own = std::exchange(token_, again.string("token"));
    EXPECT_EQ(get("/v1/status").status, 200U);
    token_ = lost.string("token");
    EXPECT_EQ(get("/v1/status").status, 401U) << "nobody was told that secret";
    token_ = own;
  }
}

TEST_F(Idempotency, AKeyIsForgottenAfterADay) {
  ASSERT_EQ(keyed("k-1", "/v1/payments", payment("20")).status, 201U);
  ASSERT_EQ(keyed("k-2", "/v1/payments", payment("20")).status, 201U);
  execute("UPDATE gateway.idempotent_request SET made_at = made_at - interval '25 hours'");
  const answer fresh = keyed("k-1", "/v1/payments", payment("15"));
  EXPECT_EQ(fresh.status, 201U) << fresh.text;
  EXPECT_EQ(available(), "55.00");
  EXPECT_EQ(count("gateway.idempotent_request"), 1) << "the other is gone as well";
}

TEST_F(Idempotency, ADeckIsImportedOnce) {
  const std::string deck = "prefix,region,price\n44,UK,0.017\n";
  EXPECT_EQ(keyed("k-1", "/v1/rate_imports", deck, "text/csv").status, 201U);
  EXPECT_EQ(keyed("k-1", "/v1/rate_imports", deck, "text/csv").field("Idempotency-Replayed"), "true");
  EXPECT_EQ(keyed("k-1", "/v1/rate_imports?note=x", deck, "text/csv").status, 422U) << "the query counts as well";
}

}  // namespace
}  // namespace tollgate::gateway::api
