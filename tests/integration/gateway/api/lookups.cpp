// SPDX-License-Identifier: Apache-2.0
// What was made is found again: refunds, adjustments, orders and vouchers by their ids and in lists, page by page both ways.
#include <gmock/gmock.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <pqxx/result>
#include <set>

#include "fixture.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Lookups : public Api {
 protected:
  void SetUp() override {
    Api::SetUp();
    alice_ = create_account("alice");
    bob_ = create_account("bob");
    for (const auto& [id, account] : {std::pair("pay-a", alice_), std::pair("pay-b", bob_)})
      ASSERT_EQ(post("/v1/payments", R"({"id":")" + std::string(id) + R"(","amount":"100.00","account_id":")" + account + "\"}").status, 201U);
  }
  void TearDown() override {
    EXPECT_TRUE(get("/v1/ledger/violations").at("items").as_array().empty());
    Api::TearDown();
  }
  // The ids of all pages of two, and what they are by the list that comes whole.
  std::vector<std::string> walked(const std::string& target, const std::string& id) {
    std::vector<std::string> all;
    std::string next;
    for (int pages = 0; pages == 0 || !next.empty(); ++pages) {
      const answer page = get(target + "&limit=2" + (next.empty() ? "" : "&cursor=" + next));
      EXPECT_EQ(page.status, 200U) << page.text;
      if (page.status != 200 || pages > 50) break;
      for (const auto& item : page.at("items").as_array())
        all.push_back(boost::json::serialize(item.at(id)));
      next.clear();
      if (!page.at("next").is_null())
        for (const char c : page.string("next"))
          next += c == ' ' ? "%20" : c == '+' ? "%2B" : std::string(1, c);
    }
    return all;
  }
  void is_walked_both_ways(const std::string& target, const std::string& order, const std::string& id, std::size_t count) {
    SCOPED_TRACE(target);
    auto there = walked(target + "sort=" + order, id), back = walked(target + "sort=-" + order, id);
    EXPECT_EQ(there.size(), count);
    EXPECT_EQ(std::set<std::string>(there.begin(), there.end()).size(), count);
    std::reverse(back.begin(), back.end());
    EXPECT_EQ(there, back);
  }
  std::string token_of(const std::string& name, const std::string& bound = {}) {
    return post("/v1/api_tokens", R"({"label":"test","role":")" + name + "\"" + bound + "}").string("token");
  }
  answer as(const std::string& secret, const std::string& target) {
    const std::string admin = std::exchange(token_, secret);
    answer got = get(target);
    token_ = admin;
    return got;
  }

  std::string alice_, bob_;
};

TEST_F(Lookups, RefundsByTheirIdAccountAndPayment) {
  for (const char* id : {"r1", "r2", "r3"})
    ASSERT_EQ(post("/v1/refunds", R"({"id":")" + std::string(id) + R"(","payment_id":"pay-a","amount":"1.50","note":"as asked"})").status, 201U);
  const answer one = get("/v1/refunds/r2");
  ASSERT_EQ(one.status, 200U) << one.text;
  EXPECT_EQ(one.string("payment_id"), "pay-a");
  EXPECT_EQ(one.string("account_id"), alice_);
  EXPECT_EQ(one.string("amount"), "1.50");
  EXPECT_EQ(one.string("debited"), "1.50");
  EXPECT_EQ(one.string("note"), "as asked");
  EXPECT_EQ(get("/v1/refunds/r4").string("code"), "no_refund");
  is_walked_both_ways("/v1/refunds?account_id=" + alice_ + "&", "sequence", "id", 3);
  EXPECT_TRUE(get("/v1/refunds?account_id=" + bob_).at("items").as_array().empty());
  EXPECT_EQ(get("/v1/refunds?account_id=" + alice_ + "&payment_id=pay-a").at("items").as_array().size(), 3U);
  EXPECT_TRUE(get("/v1/refunds?account_id=" + alice_ + "&payment_id=other").at("items").as_array().empty());
  EXPECT_EQ(get("/v1/refunds").status, 422U) << "of which account?";
}

TEST_F(Lookups, AnAdjustmentsIdIsOneOfItsAccountAndKind) {
  const auto adjust = [&](const std::string& id, const std::string& account, const std::string& kind, const std::string& amount) {
    const answer made = post("/v1/adjustments", R"({"id":")" + id + R"(","account_id":")" + account + R"(","kind":")" + kind + R"(","amount":")" + amount +
                                                    R"(","note":"put right"})");
    EXPECT_EQ(made.status, 201U) << made.text;
  };
  adjust("a1", alice_, "goodwill", "2.00");
  adjust("a1", alice_, "adjustment", "-1.00");
  adjust("a1", bob_, "goodwill", "3.00");
  adjust("a2", alice_, "adjustment", "0.50");
  EXPECT_EQ(get("/v1/adjustments/a2").string("amount"), "0.50");
  EXPECT_EQ(get("/v1/adjustments/a1").string("code"), "adjustment_ambiguous");
  EXPECT_EQ(get("/v1/adjustments/a1?account_id=" + bob_).string("amount"), "3.00");
  EXPECT_EQ(get("/v1/adjustments/a1?account_id=" + alice_).status, 409U);
  EXPECT_EQ(get("/v1/adjustments/a1?account_id=" + alice_ + "&kind=adjustment").string("amount"), "-1.00");
  EXPECT_EQ(get("/v1/adjustments/a3").string("code"), "no_adjustment");
  EXPECT_EQ(get("/v1/adjustments/a1?kind=gift").status, 422U);
  is_walked_both_ways("/v1/adjustments?account_id=" + alice_ + "&", "sequence", "sequence", 3);
}

TEST_F(Lookups, OrdersTellWhatWasPaidAndWhatBecameOfIt) {
  const std::string first = "0190a0b0-0000-7000-8000-000000000d01", of_bob = "0190a0b0-0000-7000-8000-000000000d0b";
  const auto order = [&](const std::string& id, const std::string& account, const std::string& number) {
    ASSERT_EQ(post("/v1/numbers", R"({"number":")" + number + R"(","area":"Palo Alto"})").status, 201U);
    const answer made = post("/v1/number_orders", R"({"id":")" + id + R"(","account_id":")" + account + R"(","number":")" + number + R"(","term_months":3})");
    ASSERT_EQ(made.status, 201U) << made.text;
  };
  order(first, alice_, "+16505550100");
  order("0190a0b0-0000-7000-8000-000000000d02", alice_, "+16505550101");
  order("0190a0b0-0000-7000-8000-000000000d03", alice_, "+16505550102");
  order(of_bob, bob_, "+16505550103");
  const answer one = get("/v1/number_orders/" + first);
  ASSERT_EQ(one.status, 200U) << one.text;
  EXPECT_EQ(one.string("number"), "+16505550100");
  EXPECT_EQ(one.integer("term_months"), 3);
  EXPECT_EQ(one.string("price"), "10.00");
  EXPECT_EQ(one.string("state"), "assigned");
  EXPECT_TRUE(one.at("paid_until").is_string());
  EXPECT_EQ(get("/v1/number_orders/0190a0b0-0000-7000-8000-000000000d09").string("code"), "no_order");
  is_walked_both_ways("/v1/number_orders?account_id=" + alice_ + "&", "sequence", "id", 3);

  // The rental is over: the order is still there.
  ASSERT_FALSE(pool_->run_blocking([](pqxx::work& tx) {
                        tx.exec("UPDATE voicemail.number SET state = 'available', account_id = NULL, order_id = NULL, term_months = NULL, anchor = NULL, "
                                "paid_periods = 0, paid_until = NULL WHERE number = '+16505550100'");
                      })
                   .has_error());
  const answer over = get("/v1/number_orders/" + first);
  EXPECT_EQ(over.string("state"), "ended");
  EXPECT_TRUE(over.at("paid_until").is_null());
  EXPECT_EQ(over.string("price"), "10.00");

  const std::string own = token_of("subscriber", R"(,"account_id":")" + alice_ + "\"");
  EXPECT_EQ(as(own, "/v1/number_orders").at("items").as_array().size(), 3U) << "its own, unasked";
  EXPECT_EQ(as(own, "/v1/number_orders/" + first).status, 200U);
  EXPECT_EQ(as(own, "/v1/number_orders/" + of_bob).status, 404U);
  EXPECT_EQ(as(own, "/v1/number_orders?account_id=" + bob_).status, 403U);
}

TEST_F(Lookups, VouchersByTheirSerialsAndNeverByTheirPins) {
  const std::string batch = "/v1/voucher_batches/0190a0b0-0000-7000-8000-0000000000b1";
  const answer made = post("/v1/voucher_batches", R"({"id":"0190a0b0-0000-7000-8000-0000000000b1","value":"10.00","vouchers":5,"expires_at":"2099-01-01T00:00:00Z"})");
  ASSERT_EQ(made.status, 201U) << made.text;
  const std::string pin(made.at("pins").at(2).at("pin").as_string());
  ASSERT_EQ(made.at("pins").at(2).at("serial").as_int64(), 3);
  const std::string own = token_of("subscriber", R"(,"account_id":")" + alice_ + "\"");
  const std::string admin = std::exchange(token_, own);
  ASSERT_EQ(post("/v1/accounts/" + alice_ + "/vouchers", R"({"pin":")" + pin + "\"}").status, 201U);
  token_ = admin;
  const answer used = get(batch + "/vouchers/3");
  ASSERT_EQ(used.status, 200U) << used.text;
  EXPECT_EQ(used.string("state"), "redeemed");
  EXPECT_EQ(used.string("account_id"), alice_);
  EXPECT_TRUE(used.at("redeemed_at").is_string());
  EXPECT_EQ(used.string("value"), "10.00");
  const answer fresh = get(batch + "/vouchers/4");
  EXPECT_EQ(fresh.string("state"), "valid");
  EXPECT_TRUE(fresh.at("account_id").is_null());
  const answer all = get(batch + "/vouchers");
  for (const auto& each : made.at("pins").as_array())
    EXPECT_THAT(all.text, Not(HasSubstr(std::string(each.at("pin").as_string()))));
  EXPECT_THAT(walked(batch + "/vouchers?sort=-serial", "serial"), ElementsAre("5", "4", "3", "2", "1"));
  is_walked_both_ways(batch + "/vouchers?", "serial", "serial", 5);
  for (const char* bad : {"/vouchers/6", "/vouchers/0", "/vouchers/-1", "/vouchers/3x", "/vouchers/99999999999"})
    EXPECT_EQ(get(batch + bad).status, 404U) << bad;
  EXPECT_EQ(get("/v1/voucher_batches/0190a0b0-0000-7000-8000-0000000000b2/vouchers").string("code"), "no_batch");
  ASSERT_EQ(post(batch + "/revocation", "{}").status, 200U);
  EXPECT_EQ(get(batch + "/vouchers/4").string("state"), "revoked");
  EXPECT_EQ(get(batch + "/vouchers/3").string("state"), "redeemed");
}

TEST_F(Lookups, BatchesAccountEventsAndReachedLimitsComePageByPageBothWays) {
  for (const char* id : {"b1", "b2", "b3", "b4", "b5"})
    ASSERT_EQ(post("/v1/voucher_batches", R"({"id":"0190a0b0-0000-7000-8000-0000000000)" + std::string(id) +
                                              R"(","value":"10.00","vouchers":1,"expires_at":"2099-01-01T00:00:00Z"})").status,
              201U);
  // Some of one moment: what tells them apart does.
  ASSERT_FALSE(pool_->run_blocking([&](pqxx::work& tx) {
                        tx.exec("UPDATE billing.voucher_batch SET made_at = '2026-01-01' WHERE batch_id::text < '0190a0b0-0000-7000-8000-0000000000b4'");
                        tx.exec_params("INSERT INTO billing.event (account_id, event_key, kind, at) SELECT $1, 'key ' || i || '/+.x', 'credit_lapse_notice', "
                                       "'2026-01-01'::timestamptz + make_interval(hours => i / 3) FROM generate_series(1, 7) i",
                                       alice_);
                        tx.exec("INSERT INTO billing.fraud_event (scope, measure, currency, hour, first_at, last_at, figure, most, action) "
                                "SELECT 'all', 'spend_hour', c, '2026-01-01'::timestamptz + make_interval(hours => i), now(), now(), 2, 1, 'event' "
                                "FROM generate_series(1, 3) i, (VALUES ('EUR'), ('USD'), ('')) v (c)");
                      })
                   .has_error());
  is_walked_both_ways("/v1/voucher_batches?", "made_at", "id", 5);
  is_walked_both_ways("/v1/accounts/" + alice_ + "/events?", "at", "key", 7);
  EXPECT_EQ(walked("/v1/fraud/events?sort=hour", "hour").size(), 9U);
  auto there = walked("/v1/fraud/events?sort=hour", "currency"), back = walked("/v1/fraud/events?sort=-hour", "currency");
  std::reverse(back.begin(), back.end());
  EXPECT_EQ(there, back);
  for (const char* bad : {"/v1/fraud/events?cursor=x", "/v1/fraud/events?sort=scope", "/v1/voucher_batches?cursor=x"})
    EXPECT_EQ(get(bad).status, 422U) << bad;
  EXPECT_EQ(get("/v1/accounts/" + alice_ + "/events?cursor=x").status, 422U);
}

TEST_F(Lookups, NumbersMessagesAndWebhooksComeBothWays) {
  for (const char* last : {"0", "1", "2", "3", "4"}) {
    ASSERT_EQ(post("/v1/numbers", R"({"number":"+1650555010)" + std::string(last) + R"(","area":"x"})").status, 201U);
    ASSERT_EQ(post("/v1/webhooks", R"({"url":"https://example.com/)" + std::string(last) + "\"}").status, 201U);
  }
  is_walked_both_ways("/v1/numbers?", "number", "number", 5);
  EXPECT_EQ(walked("/v1/numbers?sort=-number", "number").front(), "\"+16505550104\"");
  is_walked_both_ways("/v1/webhooks?", "id", "id", 5);
  ASSERT_FALSE(pool_->run_blocking([&](pqxx::work& tx) {
                        tx.exec_params("INSERT INTO voicemail.message (account_id, message_id, call_id, caller, called, received_at, duration_ms, level_dbov, audio, "
                                       "sha256, size_bytes) SELECT $1, ('01a20320-a200-7000-8000-00000000000' || i)::uuid, gen_random_uuid(), '', '', "
                                       "'2026-01-01'::timestamptz + make_interval(mins => i), 1000, -20, '\\x01', '\\x', 1 FROM generate_series(1, 5) i",
                                       alice_);
                      })
                   .has_error());
  is_walked_both_ways("/v1/mailboxes/" + alice_ + "/voicemails?", "received_at", "id", 5);
  EXPECT_THAT(walked("/v1/mailboxes/" + alice_ + "/voicemails?sort=received_at", "id").front(), HasSubstr("8000-000000000001"));
}

TEST_F(Lookups, TokensComeBothWays) {
  const auto id_of = [&](const std::string& role, const std::string& bound = {}) {
    return boost::json::serialize(post("/v1/api_tokens", R"({"label":"test","role":")" + role + "\"" + bound + "}").at("id"));
  };
  std::vector<std::string> made, of_alice;
  for (int i = 0; i < 4; ++i) {
    made.push_back(id_of("auditor"));
    of_alice.push_back(id_of("subscriber", R"(,"account_id":")" + alice_ + "\""));
  }
  is_walked_both_ways("/v1/api_tokens?", "created_at", "id", 5);
  auto there = walked("/v1/api_tokens?sort=created_at", "id");
  EXPECT_THAT(std::vector(there.begin() + 1, there.end()), testing::ElementsAreArray(made)) << "oldest first, after the one that asks";
  EXPECT_EQ(get("/v1/api_tokens?limit=1").at("items").at(0).at("id").as_string(), boost::json::parse(made.back()).as_string()) << "newest first";
  for (const std::string filter : {"role=subscriber", "account_id="}) {
    const std::string target = "/v1/api_tokens?" + filter + (filter.ends_with('=') ? alice_ : "") + "&";
    EXPECT_EQ(walked(target + "sort=created_at", "id"), of_alice);
    is_walked_both_ways(target, "created_at", "id", 4);
  }
  EXPECT_EQ(get("/v1/api_tokens?sort=label").status, 422U);
}

TEST_F(Lookups, ARouteIsSimulatedByItsOwnNameAlone) {
  const answer told = post("/v1/route_simulations", R"({"number":"+442079460958","region":"GB"})");
  ASSERT_EQ(told.status, 200U) << told.text;
  EXPECT_THAT(gateway_.take(), testing::Contains(HasSubstr("simulate +442079460958 from GB")));
  EXPECT_EQ(post("/v1/route_simulations", "{}").status, 422U);
  EXPECT_EQ(post("/v1/route_simulations", R"({"number":"+442079460958","region":"GB","account_id":")" + alice_ + "\"}").status, 422U);
  EXPECT_EQ(get("/v1/call_simulation?number=%2B442079460958").status, 404U);
}

}  // namespace
}  // namespace tollgate::gateway::api
