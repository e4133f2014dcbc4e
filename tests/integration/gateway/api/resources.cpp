// SPDX-License-Identifier: Apache-2.0
// What the resources do, from the outside.
#include <gmock/gmock.h>

#include <boost/uuid/uuid_io.hpp>
#include <pqxx/result>

#include "fixture.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* deck =
    "prefix,destination,price_per_minute,connection_fee,initial_increment_s,next_increment_s\n"
    "44,United Kingdom,0.017,0,60,60\n"
    "4420,London,0.02,0,60,60\n";

TEST_F(Api, AccountsAreCreatedReadListedAndChanged) {
  const answer made = post("/v1/accounts", R"({"name":"Alice","passphrase":"correct horse","region":"GB"})");
  ASSERT_EQ(made.status, 201U) << made.text;
  const std::string id = made.string("id");
  EXPECT_EQ(made.string("name"), "alice");
  EXPECT_EQ(made.string("currency"), "EUR");
  EXPECT_EQ(made.integer("available_micros"), 0);
  EXPECT_EQ(made.string("available"), "0.00");
  EXPECT_THAT(made.header, HasSubstr("Location: /v1/accounts/" + id));
  EXPECT_THAT(made.text, testing::Not(HasSubstr("argon2")));
  EXPECT_EQ(post("/v1/accounts", R"({"name":"alice","passphrase":"correct horse"})").string("code"),
            "name_taken");
  EXPECT_EQ(post("/v1/accounts", R"({"name":"bob","passphrase":"short"})").string("code"),
            "passphrase_unsuitable");
  EXPECT_EQ(post("/v1/accounts", R"({"name":"bob","passphrase":"correct horse","colour":1})").status, 422U);

  create_account("bob");
  const answer page = get("/v1/accounts?limit=1");
  EXPECT_EQ(page.at("items").as_array().size(), 1U);
  EXPECT_EQ(page.string("next"), "alice");
  EXPECT_EQ(get("/v1/accounts?name=ALICE").at("items").as_array().size(), 1U);
  EXPECT_EQ(get("/v1/accounts/" + id).string("region"), "GB");
  EXPECT_EQ(get("/v1/accounts/nonsense").status, 404U);

  EXPECT_EQ(send("PATCH", "/v1/accounts/" + id, R"({"ring_timeout_s":45})").integer("ring_timeout_s"), 45);
  EXPECT_THAT(gateway_.take(), ElementsAre("account"));
  EXPECT_EQ(send("PATCH", "/v1/accounts/" + id, R"({"status":"blocked"})").string("status"), "blocked");
  EXPECT_THAT(gateway_.take(), ElementsAre("revoked"));
  EXPECT_TRUE(get("/v1/accounts/" + id + "/balance").at("blocked").as_bool());
}

TEST_F(Api, PaymentsCountOnce) {
  const std::string id = create_account("alice");
  const std::string payment = R"({"id":"p-1","amount":"20.00","currency":"EUR","account_id":")" + id + "\"}";
  const answer first = post("/v1/payments", payment);
  ASSERT_EQ(first.status, 201U) << first.text;
  EXPECT_EQ(first.integer("balance_after_micros"), 20'000'000);
  const answer again = post("/v1/payments", payment);
  EXPECT_EQ(again.status, 200U);
  EXPECT_TRUE(again.at("repeated").as_bool());
  const answer other =
      post("/v1/payments", R"({"id":"p-1","amount_micros":30000000,"account_id":")" + id + "\"}");
  EXPECT_EQ(other.status, 409U);
  EXPECT_EQ(other.string("code"), "payment_amount_conflict");
  const answer small = post("/v1/payments", R"({"id":"p-2","amount":"1","account_id":")" + id + "\"}");
  EXPECT_EQ(small.status, 422U);
  EXPECT_EQ(small.string("code"), "below_minimum");
  EXPECT_EQ(get("/v1/accounts/" + id + "/balance").string("available"), "20.00");
  const answer entries = get("/v1/accounts/" + id + "/entries");
  EXPECT_EQ(entries.at("items").as_array().size(), 1U);
  EXPECT_TRUE(get("/v1/ledger/violations").at("items").as_array().empty());
}

TEST_F(Api, RateDecksAreImportedWholeOrNotAtAllAndPriceNumbers) {
  EXPECT_EQ(get("/v1/rates?number=%2B442079460958").status, 404U);
  const answer refused =
      send("POST", "/v1/rate_imports", std::string(deck) + "xx,Nowhere,1,0,60,60\n", "text/csv");
  EXPECT_EQ(refused.status, 422U);
  EXPECT_THAT(refused.text, HasSubstr("line 4"));
  const answer checked = send("POST", "/v1/rate_imports?dry_run=true", deck, "text/csv");
  EXPECT_EQ(checked.string("outcome"), "checked");
  EXPECT_TRUE(gateway_.take().empty());
  const answer imported = send("POST", "/v1/rate_imports", deck, "text/csv; charset=utf-8");
  ASSERT_EQ(imported.status, 201U) << imported.text;
  EXPECT_EQ(imported.integer("rates"), 2);
  EXPECT_THAT(gateway_.take(), ElementsAre("rates"));
  EXPECT_EQ(send("POST", "/v1/rate_imports", deck, "text/csv").string("outcome"), "unchanged");

  const answer rate = get("/v1/rates?number=+442079460958");
  ASSERT_EQ(rate.status, 200U) << rate.text;
  EXPECT_EQ(rate.string("prefix"), "4420");
  EXPECT_EQ(rate.integer("price_per_minute_micros"), 20'000);
  EXPECT_EQ(get("/v1/rates?number=020%207946%200958&region=GB").string("number"), "+442079460958");
  EXPECT_EQ(get("/v1/rates?number=+4930123456").string("code"), "no_rate");
  EXPECT_EQ(get("/v1/rates?number=hello").status, 422U);
  EXPECT_EQ(get("/v1/rate_decks").at("items").as_array().size(), 1U);
  EXPECT_THAT(get("/v1/rate_decks/default/1").text, HasSubstr("4420,London"));
}

TEST_F(Api, ADryRunTellsWhatADeckWouldChange) {
  send("POST", "/v1/rate_imports", deck, "text/csv");
  const std::string csv = "prefix;region;price\n44;United Kingdom;0,02\n33;France;0,017\n";
  const answer checked = send("POST", "/v1/rate_imports?dry_run=true", csv, "text/csv");
  ASSERT_EQ(checked.status, 200U) << checked.text;
  const auto& difference = checked.at("difference");
  EXPECT_EQ(difference.at("dearer").at("count").as_int64(), 1);
  EXPECT_EQ(difference.at("dearer").at("first").at(0).at("before").at("price_per_minute").as_string(),
            "0.017");
  EXPECT_EQ(difference.at("new").at("first").at(0).at("prefix").as_string(), "33");
  EXPECT_EQ(difference.at("gone").at("first").at(0).at("prefix").as_string(), "4420");
  const answer overlapping =
      send("POST", "/v1/rate_imports?dry_run=true", csv + "33;France;0,03\n", "text/csv");
  EXPECT_EQ(overlapping.status, 422U);
  EXPECT_EQ(overlapping.at("difference").at("overlapping").at("count").as_int64(), 1);
  EXPECT_THAT(overlapping.text, HasSubstr("line 4"));
  for (const char* bad : {"44;UK;NaN", "4x;UK;1", "4412345678901234567890123456789012345678;UK;1"}) {
    const answer refused = send("POST", "/v1/rate_imports", csv + bad + "\n", "text/csv");
    EXPECT_EQ(refused.status, 422U) << bad;
    EXPECT_THAT(refused.text, HasSubstr("line 4")) << bad;
  }
  EXPECT_EQ(get("/v1/rate_decks").at("items").as_array().size(), 1U);
  const answer later = send("POST", "/v1/rate_imports?effective_from=2099-01-01T00:00:00Z", csv, "text/csv");
  ASSERT_EQ(later.status, 201U) << later.text;
  EXPECT_EQ(get("/v1/rates?number=+442079460958").string("price_per_minute"), "0.02");
  EXPECT_EQ(get("/v1/rates?number=+442079460958&at=2099-01-02T00:00:00Z").string("prefix"), "44");
  EXPECT_EQ(get("/v1/rate_decks/default/current").text, get("/v1/rate_decks/default/1").text);
  EXPECT_EQ(
      send("POST", "/v1/rate_imports?deck=copy", get("/v1/rate_decks/default/2").text, "text/csv").status,
      201U);
  EXPECT_EQ(get("/v1/rate_decks/copy/current").text, get("/v1/rate_decks/default/2").text);
}

TEST_F(Api, AnAccountsOwnDeckGoesBeforeItsPlanAndTheDefault) {
  const std::string id = create_account("alice");
  const auto import = [&](const char* name, const char* csv) {
    EXPECT_EQ(send("POST", std::string("/v1/rate_imports?deck=") + name,
                   std::string("prefix,region,price\n") + csv, "text/csv")
                  .status,
              201U);
  };
  import("default", "44,UK,0.03\n33,France,0.03\n1,US,0.03\n");
  import("gold", "4420,London,0.02\n33,France,0.02\n");
  import("alice", "44,UK,0.01\n");
  const auto deck_of = [&](const char* number) {
    return get("/v1/rates?duration_s=61&account_id=" + id + "&number=" + number).string("deck");
  };
  EXPECT_EQ(deck_of("+442079460958"), "default");
  const answer changed =
      send("PATCH", "/v1/accounts/" + id, R"({"rate_deck":"gold","own_rate_deck":"alice"})");
  ASSERT_EQ(changed.status, 200U) << changed.text;
  EXPECT_EQ(changed.string("own_rate_deck"), "alice");
  EXPECT_EQ(deck_of("+442079460958"), "alice");  // although the plan has the longer prefix
  EXPECT_EQ(deck_of("+33123456789"), "gold");
  EXPECT_EQ(deck_of("+16505550100"), "default");
  const answer price = get("/v1/rates?duration_s=61&account_id=" + id + "&number=+442079460958");
  EXPECT_EQ(price.integer("billed_s"), 120);
  EXPECT_EQ(price.string("price"), "0.02");
  EXPECT_EQ(price.at("decks").as_array().size(), 3U);
  EXPECT_EQ(send("PATCH", "/v1/accounts/" + id, R"({"own_rate_deck":"none"})").string("code"), "no_deck");
  EXPECT_TRUE(send("PATCH", "/v1/accounts/" + id, R"({"own_rate_deck":""})").at("own_rate_deck").is_null());
  EXPECT_EQ(deck_of("+442079460958"), "gold");
}

TEST_F(Api, WhatIsNoLinesFaultIsNotToldAsALineOfTheDeck) {
  ASSERT_EQ(send("POST", "/v1/rate_imports", deck, "text/csv").status, 201U);
  for (const auto& [query, field, text] :
       {std::tuple("currency=USD", "currency", "the deck is in EUR, not in USD"),
        std::tuple("currency=eur", "currency", "three capital letters"),
        std::tuple("kind=cost", "kind", "the deck is of kind sell")}) {
    const answer refused = send("POST", std::string("/v1/rate_imports?") + query, deck, "text/csv");
    EXPECT_EQ(refused.status, 422U) << query;
    EXPECT_EQ(refused.at("errors").at(0).at("field").as_string(), field) << refused.text;
    EXPECT_THAT(refused.string("detail"), HasSubstr(text));
    EXPECT_THAT(refused.text, testing::Not(HasSubstr("line")));
  }
}

TEST_F(Api, CostDecksBelongToCarriersAndWarnOfLosses) {
  send("POST", "/v1/rate_imports", deck, "text/csv");
  const answer cost = send("POST", "/v1/rate_imports?deck=acme-cost&kind=cost",
                           "prefix,region,price\n44,UK,0.018\n", "text/csv");
  ASSERT_EQ(cost.status, 201U) << cost.text;
  EXPECT_EQ(cost.at("sold_below_cost").at("count").as_int64(), 1);
  EXPECT_EQ(cost.at("sold_below_cost").at("first").at(0).at("sell_deck").as_string(), "default");
  const std::string path =
      "/v1/carriers/" + post("/v1/carriers", R"({"name":"acme"})").string("id") + "/cost_deck";
  EXPECT_EQ(get(path).status, 404U);
  EXPECT_EQ(send("PUT", path, R"({"deck":"default"})").string("code"), "no_deck");
  gateway_.take();
  EXPECT_EQ(send("PUT", path, R"({"deck":"acme-cost"})").status, 200U);
  EXPECT_THAT(gateway_.take(), ElementsAre("rates"));
  EXPECT_EQ(get(path).string("deck"), "acme-cost");
  EXPECT_EQ(
      send("PUT", "/v1/carriers/0190a0b0-0000-7000-8000-000000000001/cost_deck", R"({"deck":"acme-cost"})")
          .status,
      404U);
  const answer rate = get("/v1/rates?number=+442079460958&duration_s=60");
  EXPECT_EQ(rate.at("costs").at(0).at("price").as_string(), "0.018");
  EXPECT_EQ(send("DELETE", path).status, 204U);
  EXPECT_EQ(get(path).status, 404U);
  EXPECT_EQ(send("POST", "/v1/rate_imports?kind=gift", deck, "text/csv").status, 422U);
}

TEST_F(Api, CarriersAndTrunksKeepTheirSecrets) {
  const answer carrier = post("/v1/carriers", R"({"name":"acme"})");
  ASSERT_EQ(carrier.status, 201U) << carrier.text;
  const std::string body =
      R"({"name":"acme-1","host":"127.0.0.1","port":5080,"codecs":["PCMU"],"inbound_sources":["127.0.0.0/8"],
    "digest":{"username":"u","password":"secret"},"carrier_id":")" +
      carrier.string("id") + "\"}";
  const answer trunk = post("/v1/trunks", body);
  ASSERT_EQ(trunk.status, 201U) << trunk.text;
  EXPECT_THAT(trunk.text, testing::Not(HasSubstr("secret")));
  EXPECT_THAT(gateway_.take(), ElementsAre("trunks", "trunks"));
  const std::string path = "/v1/trunks/" + trunk.string("id");
  EXPECT_EQ(get(path).integer("port"), 5080);
  EXPECT_EQ(
      send("PUT", path,
           R"({"name":"acme-1","host":"127.0.0.1","port":5090,"carrier_id":")" + carrier.string("id") + "\"}")
          .integer("port"),
      5090);
  EXPECT_EQ(get("/v1/trunks").at("items").as_array().size(), 1U);
  EXPECT_EQ(post("/v1/trunks", R"({"name":"x","host":"a b","carrier_id":")" + carrier.string("id") + "\"}")
                .string("code"),
            "bad_host");
  EXPECT_EQ(post("/v1/trunks", R"({"name":"x","host":"a","transport":"pigeon","carrier_id":")" +
                                   carrier.string("id") + "\"}")
                .status,
            422U);
  EXPECT_EQ(send("DELETE", "/v1/carriers/" + carrier.string("id")).string("code"), "carrier_in_use");
  EXPECT_EQ(send("DELETE", path).status, 204U);
  EXPECT_EQ(send("DELETE", path).status, 404U);
  EXPECT_EQ(send("DELETE", "/v1/carriers/" + carrier.string("id")).status, 204U);
}

TEST_F(Api, NumbersAreAddedAndRented) {
  const std::string id = create_account("alice");
  ASSERT_EQ(post("/v1/numbers", R"({"number":"+16505550100","area":"Palo Alto"})").status, 201U);
  EXPECT_EQ(post("/v1/numbers", R"({"number":"+16505550100"})").string("code"), "number_exists");
  EXPECT_EQ(post("/v1/numbers", R"({"number":"12"})").status, 422U);
  const std::string order =
      R"({"id":"0190a0b0-0000-7000-8000-000000000001","number":"+16505550100","term_months":3,"account_id":")" +
      id + "\"}";
  const answer poor = post("/v1/number_orders", order);
  EXPECT_EQ(poor.status, 402U) << poor.text;
  ASSERT_EQ(post("/v1/payments", R"({"id":"p-1","amount":"20.00","account_id":")" + id + "\"}").status, 201U);
  const answer rented = post("/v1/number_orders", order);
  ASSERT_EQ(rented.status, 201U) << rented.text;
  EXPECT_EQ(rented.integer("price_micros"), 10'000'000);
  EXPECT_EQ(post("/v1/number_orders", order).status, 200U);
  EXPECT_EQ(get("/v1/accounts/" + id + "/balance").integer("available_micros"), 10'000'000);
  EXPECT_EQ(get("/v1/numbers/+16505550100").string("state"), "assigned");
  EXPECT_EQ(send("PATCH", "/v1/numbers/+16505550100", R"({"ring_timeout_s":30})").integer("ring_timeout_s"),
            30);
  EXPECT_EQ(get("/v1/numbers?account_id=" + id).at("items").as_array().size(), 1U);
  EXPECT_EQ(get("/v1/number_prices").at("items").as_array().size(), 2U);
  EXPECT_EQ(post("/v1/numbers/+16505550100/refund", "{}").status, 422U);
  const answer kept = post("/v1/numbers/+16505550100/refund", R"({"release":false})");
  ASSERT_EQ(kept.status, 200U) << kept.text;
  EXPECT_GT(kept.integer("amount_micros"), 9'000'000);
  EXPECT_LT(kept.integer("amount_micros"), 10'000'000);
  EXPECT_TRUE(post("/v1/numbers/+16505550100/refund", R"({"release":false})").at("repeated").as_bool());
  EXPECT_EQ(post("/v1/numbers/+16505550100/release", R"({"account_id":")" + id + "\"}").string("state"),
            "quarantined");
  EXPECT_TRUE(get("/v1/ledger/violations").at("items").as_array().empty());
}

TEST_F(Api, CallsAreListedAndEnded) {
  const std::string id = boost::uuids::to_string(remembering_gateway::the_call());
  const answer live = get("/v1/calls");
  ASSERT_EQ(live.at("items").as_array().size(), 2U);
  const answer one = get("/v1/calls/" + id);
  EXPECT_EQ(one.string("held"), "0.017");
  EXPECT_EQ(one.string("cost"), "0.0085");
  EXPECT_EQ(one.integer("cost_micros"), 8'500);
  EXPECT_EQ(one.string("currency"), "EUR");
  for (const char* member : {"cost", "cost_micros", "currency"})
    EXPECT_TRUE(live.at("items").at(1).at(member).is_null()) << "a call in costs nothing: " << member;
  EXPECT_EQ(send("DELETE", "/v1/calls/" + id).status, 202U);
  EXPECT_EQ(send("DELETE", "/v1/calls/0190a0b0-0000-7000-8000-000000000000").status, 404U);
  EXPECT_EQ(send("DELETE", "/v1/calls/x").status, 404U);
  const std::string account = create_account("alice");
  EXPECT_TRUE(get("/v1/cdrs").at("items").as_array().empty());
  EXPECT_TRUE(get("/v1/accounts/" + account + "/calls").at("items").as_array().empty());
  EXPECT_TRUE(get("/v1/mailboxes/" + account + "/voicemails").at("items").as_array().empty());
  EXPECT_EQ(get("/v1/mailboxes/" + account + "/voicemails/" + id + "/audio").status, 404U);
}

TEST_F(Api, DrainsAndTellsItsState) {
  EXPECT_EQ(send("POST", "/v1/drain").status, 202U);
  EXPECT_EQ(post("/v1/drain", R"({"stop":true})").status, 202U);
  EXPECT_THAT(gateway_.take(), ElementsAre("drain", "drain and stop"));
  EXPECT_EQ(get("/v1/status").string("node"), "test");
  EXPECT_EQ(get("/ready").string("status"), "ready");
  EXPECT_THAT(get("/metrics").text, HasSubstr("\ntollgate_calls_live 1\n"));
}

TEST_F(Api, MetricsTellOfTheMediaWorkers) {
  const std::string text = get("/metrics").text;
  for (const char* line :
       {"# TYPE tollgate_media_load_level gauge", "tollgate_media_load_level{worker=\"1\"} 2",
        "tollgate_media_cpu_share{worker=\"0\"} 0.25", "tollgate_media_calls{worker=\"1\"} 40",
        "tollgate_media_calls_refused_total 5", "tollgate_media_packets_received_total{side=\"overlay\"} 100",
        "tollgate_media_packets_sent_total{side=\"trunk\"} 99",
        "tollgate_media_packets_refused_total{side=\"overlay\",reason=\"srtp_replay\"} 7"})
    EXPECT_THAT(text, HasSubstr("\n" + std::string(line)));
}

TEST_F(Api, MetricsAndStateTellOfEachTrunk) {
  const std::string text = get("/metrics").text;
  for (const char* line :
       {"tollgate_trunk_up{trunk=\"north \\\"1\\\"\"} 1", "tollgate_trunk_registered{trunk=\"north \\\"1\\\"\"} 1",
        "tollgate_trunk_calls{trunk=\"north \\\"1\\\"\"} 3", "tollgate_trunk_attempts_total{trunk=\"north \\\"1\\\"\"} 5",
        "tollgate_trunk_answered_total{trunk=\"north \\\"1\\\"\"} 2",
        "tollgate_trunk_talk_seconds_total{trunk=\"north \\\"1\\\"\"} 61.5",
        "tollgate_trunk_post_dial_delay_seconds_sum{trunk=\"north \\\"1\\\"\"} 2.25",
        "tollgate_trunk_post_dial_delay_seconds_count{trunk=\"north \\\"1\\\"\"} 4",
        "tollgate_trunk_resting{trunk=\"north \\\"1\\\"\"} 1",
        "tollgate_trunk_calls_in_total{trunk=\"north \\\"1\\\"\"} 7",
        "tollgate_trunk_calls_in_refused_total{trunk=\"north \\\"1\\\"\"} 8",
        "tollgate_trunk_answer_seizure_ratio{trunk=\"north \\\"1\\\"\"} 0.25",
        "tollgate_trunk_codes_total{trunk=\"north \\\"1\\\"\",code=\"486\"} 3"})
    EXPECT_THAT(text, HasSubstr("\n" + std::string(line)));
  const auto told = get("/v1/status").at("trunks").as_array().at(0).as_object();
  EXPECT_EQ(told.at("registration"), "registered");
  EXPECT_EQ(told.at("targets").as_array().at(1).at("up"), false);
}

TEST_F(Api, ChangesAreAudited) {
  create_account("alice");
  get("/v1/accounts");
  const auto rows = pool_->run_blocking([](pqxx::work& tx) {
    return tx
        .exec("SELECT method || ' ' || target || ' ' || status FROM gateway.audit WHERE token_id IS NOT NULL")
            [0][0]
        .as<std::string>();
  });
  EXPECT_EQ(*rows, "POST /v1/accounts 201");
  const auto changed = pool_->run_blocking([](pqxx::work& tx) { tx.exec("DELETE FROM gateway.audit"); });
  EXPECT_TRUE(changed.has_error());
}

}  // namespace
}  // namespace tollgate::gateway::api
