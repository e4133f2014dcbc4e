// SPDX-License-Identifier: Apache-2.0
// Currencies and tax over REST.
#include <gmock/gmock.h>

#include "fixture.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::HasSubstr;

class TaxApi : public Api {
 protected:
  void SetUp() override {
    Api::SetUp();
    account_ = create_account("alice");  // in the US, in euros
  }
  void TearDown() override {
    EXPECT_TRUE(get("/v1/ledger/violations").at("items").as_array().empty());
    Api::TearDown();
  }
  answer put(const std::string& target, const std::string& body) { return send("PUT", target, body); }
  answer remove(const std::string& target) { return send("DELETE", target); }

  std::string account_;
};

TEST_F(TaxApi, RatesAreSetAndFrozenOnceInForce) {
  const std::string past =
      R"({"name":"VAT","percent":"19","included":true,"effective_from":"2020-01-01T00:00:00Z"})";
  const answer set = put("/v1/tax_rates/US/top_up", past);
  ASSERT_EQ(set.status, 200U) << set.text;
  EXPECT_EQ(set.string("percent"), "19.00");
  EXPECT_EQ(put("/v1/tax_rates/US/top_up", past).status, 200U);
  const answer other =
      put("/v1/tax_rates/US/top_up",
          R"({"name":"VAT","percent":"8.875","included":true,"effective_from":"2020-01-01T00:00:00Z"})");
  EXPECT_EQ(other.status, 409U);
  EXPECT_EQ(other.string("code"), "tax_rate_in_force");
  const std::string future =
      R"({"name":"VAT","percent":"8.875","included":false,"effective_from":"2120-01-01T00:00:00Z"})";
  EXPECT_EQ(put("/v1/tax_rates/US/top_up", future).status, 200U);
  EXPECT_EQ(get("/v1/tax_rates?country=US").at("items").as_array().size(), 2U);
  EXPECT_TRUE(get("/v1/tax_rates?country=FR").at("items").as_array().empty());
  EXPECT_EQ(remove("/v1/tax_rates/US/top_up/2120-01-01T00:00:00Z").status, 204U);
  EXPECT_EQ(remove("/v1/tax_rates/US/top_up/2120-01-01T00:00:00Z").status, 404U);
  EXPECT_EQ(remove("/v1/tax_rates/US/top_up/2020-01-01T00:00:00Z").status, 409U);
  EXPECT_EQ(put("/v1/tax_rates/US/calls", future).status, 404U);
  for (const char* percent : {"-1", "100.1", "8.87501", "NaN", "1e1", "19%", ""})
    EXPECT_EQ(
        put("/v1/tax_rates/US/top_up", std::string(R"({"name":"VAT","percent":")") + percent +
                                           R"(","included":true,"effective_from":"2120-01-01T00:00:00Z"})")
            .status,
        422U)
        << percent;
}

TEST_F(TaxApi, IsShownWhereverMoneyMoves) {
  put("/v1/tax_rates/US/top_up",
      R"({"name":"VAT","percent":"19","included":false,"effective_from":"2020-01-01T00:00:00Z"})");
  const answer quote = get("/v1/accounts/" + account_ + "/topup_quote?credit=10.00");
  ASSERT_EQ(quote.status, 200U) << quote.text;
  EXPECT_EQ(quote.string("paid"), "11.90");
  EXPECT_EQ(get("/v1/accounts/" + account_ + "/topup_quote?paid=11.90").string("credit"), "10.00");
  EXPECT_EQ(get("/v1/accounts/" + account_ + "/topup_quote").status, 422U);
  EXPECT_EQ(get("/v1/accounts/" + account_ + "/topup_quote?paid=1&credit=1").status, 422U);
  const answer paid = post("/v1/payments", R"({"id":"p","amount":"11.90","account_id":")" + account_ + "\"}");
  ASSERT_EQ(paid.status, 201U) << paid.text;
  EXPECT_EQ(paid.string("credited"), "10.00");
  EXPECT_EQ(paid.string("balance_after"), "10.00");
  EXPECT_EQ(paid.at("tax").at("tax").as_string(), "1.90");
  EXPECT_EQ(paid.at("tax").at("percent").as_string(), "19.00");
  const answer short_by_a_cent =
      post("/v1/payments", R"({"id":"q","amount":"11.89","account_id":")" + account_ + "\"}");
  EXPECT_EQ(short_by_a_cent.string("code"), "below_minimum");
  const answer entries = get("/v1/accounts/" + account_ + "/entries");
  EXPECT_EQ(entries.at("items").at(0).at("tax").at("net").as_string(), "10.00");
  const answer back = post("/v1/refunds", R"({"id":"r","payment_id":"p","amount":"5.95"})");
  EXPECT_EQ(back.string("debited"), "5.00");
  EXPECT_EQ(back.at("tax").at("tax").as_string(), "-0.95");
  const std::string year = "from=2020-01-01T00:00:00Z&until=2120-01-01T00:00:00Z";
  const answer statement = get("/v1/accounts/" + account_ + "/statement?" + year);
  ASSERT_EQ(statement.status, 200U) << statement.text;
  EXPECT_EQ(statement.string("closing"), "5.00");
  EXPECT_EQ(statement.at("taxes").as_array().size(), 2U);
  const answer due = get("/v1/ledger/tax?" + year);
  ASSERT_EQ(due.at("items").as_array().size(), 1U) << due.text;
  EXPECT_EQ(due.at("items").at(0).at("tax").as_string(), "0.95");
  EXPECT_EQ(get("/v1/ledger/tax").status, 422U);
}

TEST_F(TaxApi, CurrenciesHaveTheirOwnPricesAndDecks) {
  const auto open = [&](const char* name, const char* rest) {
    return post("/v1/accounts",
                std::string(R"({"passphrase":"correct horse","name":")") + name + "\"," + rest + "}");
  };
  const answer unknown = open("bob", R"("currency":"XYZ","rate_deck":"x")");
  EXPECT_EQ(unknown.status, 422U);
  EXPECT_EQ(unknown.string("code"), "unknown_currency");
  const answer deckless = open("bob", R"("currency":"USD")");
  EXPECT_EQ(deckless.status, 422U);
  EXPECT_THAT(deckless.text, HasSubstr("no deck is configured for accounts in USD"));
  const std::string csv = "prefix,destination,price_per_minute\n44,UK,0.02\n";
  EXPECT_EQ(send("POST", "/v1/rate_imports?deck=dollars&currency=USD", csv, "text/csv").status, 201U);
  EXPECT_EQ(send("POST", "/v1/rate_imports?deck=euros&currency=EUR", csv, "text/csv").status, 201U);
  EXPECT_EQ(open("bob", R"("currency":"USD","rate_deck":"euros")").string("code"), "wrong_currency");
  const answer bob = open("bob", R"("currency":"USD","rate_deck":"dollars")");
  ASSERT_EQ(bob.status, 201U) << bob.text;
  EXPECT_EQ(put("/v1/currencies/USD/least_topup", R"({"amount":"2500"})").status, 200U);  // beyond 2^31 micro-units
  EXPECT_EQ(put("/v1/currencies/USD/least_topup", R"({"amount":"25"})").status, 200U);
  EXPECT_EQ(put("/v1/currencies/XYZ/least_topup", R"({"amount":"25"})").status, 422U);
  const auto pay = [&](const char* id, const char* amount, const char* currency) {
    return post("/v1/payments", std::string(R"({"id":")") + id + R"(","amount":")" + amount +
                                    R"(","currency":")" + currency + R"(","account_id":")" +
                                    bob.string("id") + "\"}");
  };
  EXPECT_EQ(pay("1", "24.99", "USD").string("code"), "below_minimum");
  EXPECT_EQ(pay("1", "25", "EUR").string("code"), "wrong_currency");
  EXPECT_EQ(pay("1", "25", "USD").status, 201U);
  EXPECT_EQ(remove("/v1/currencies/USD/least_topup").status, 204U);
  EXPECT_EQ(pay("2", "10", "USD").status, 201U);
  EXPECT_THAT(get("/v1/currencies").text, HasSubstr(R"({"currency":"JPY","decimals":0,)"));
  EXPECT_EQ(put("/v1/number_prices/USD/3", R"({"price":"11"})").status, 200U);
  EXPECT_EQ(put("/v1/number_prices/USD/0", R"({"price":"11"})").status, 422U);
  EXPECT_EQ(put("/v1/number_prices/USD/3", R"({"price":"0"})").status, 422U);
  EXPECT_EQ(get("/v1/number_prices?currency=USD").at("items").at(0).at("price").as_string(), "11.00");
  EXPECT_EQ(remove("/v1/number_prices/USD/3").status, 204U);
  EXPECT_EQ(remove("/v1/number_prices/USD/3").status, 422U);
}

}  // namespace
}  // namespace tollgate::gateway::api
