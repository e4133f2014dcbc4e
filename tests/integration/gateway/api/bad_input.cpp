// SPDX-License-Identifier: Apache-2.0
// What is wrong with rates, amounts and numbers is refused with its reason, and not one row of billing is
// another afterwards.
#include <gmock/gmock.h>

#include <pqxx/result>

#include "fixture.hpp"

namespace tollgate::gateway::api {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

const std::string forty_digits(40, '4');

class BadInput : public Api {
 protected:
  void SetUp() override {
    Api::SetUp();
    account_ = create_account("alice");
    ASSERT_EQ(post("/v1/payments", R"({"id":"p-1","amount":"20","account_id":")" + account_ + "\"}").status,
              201U);
    ASSERT_EQ(send("POST", "/v1/rate_imports", "prefix,region,price\n44,UK,0.017\n", "text/csv").status,
              201U);
    before_ = fingerprint();
  }
  void TearDown() override {
    EXPECT_EQ(fingerprint(), before_) << "something has changed";
    Api::TearDown();
  }
  // Of every row of every table.
  std::string fingerprint() {
    return *pool_->run_blocking([](pqxx::work& tx) {
      std::string out;
      for (const auto& table :
           tx.exec("SELECT table_name FROM information_schema.tables WHERE table_schema = 'billing' AND "
                   "table_type = 'BASE TABLE' ORDER BY 1"))
        out += tx.exec1("SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM billing." +
                        table[0].as<std::string>() + " t")[0]
                   .as<std::string>();
      return out;
    });
  }

  std::string account_, before_;
};

TEST_F(BadInput, RatesOfADeckAreRefusedByTheirLine) {
  const std::string header =
      "prefix;region;price;setup_fee;initial_increment;next_increment;free_start;included;valid_from;valid_"
      "until\n"
      "33;France;0,02;;;;;;2026-01-01;2026-06-01\n";
  struct row {
    const char* name;
    std::string line;
    const char* column;  // by its first name
  };
  for (const auto& [name, line, column] :
       {row{"NaN price", "44;UK;NaN;;;;;;;", "price_per_minute"},
        row{"infinite", "44;UK;inf;;;;;;;", "price_per_minute"},
        row{"exponent", "44;UK;1e3;;;;;;;", "price_per_minute"},
        row{"negative price", "44;UK;-1;;;;;;;", "price_per_minute"},
        row{"no price", "44;UK;;;;;;;;", "price_per_minute"},
        row{"NaN fee", "44;UK;1;nan;;;;;;", "connection_fee"},
        row{"negative increment", "44;UK;1;;-60;;;;;", "initial_increment_s"},
        row{"no increment", "44;UK;1;;;0;;;;", "next_increment_s"},
        row{"half an increment", "44;UK;1;;;0,5;;;;", "next_increment_s"},
        row{"negative free start", "44;UK;1;;;;-4;;;", "free_start_s"},
        row{"too much included", "44;UK;1;;;;;3601;;", "included_s"},
        row{"letters", "44a;UK;1;;;;;;;", "prefix"}, row{"plus", "+44;UK;1;;;;;;;", "prefix"},
        row{"forty digits", forty_digits + ";UK;1;;;;;;;", "prefix"},
        row{"nothing", ";UK;1;;;;;;;", "prefix"}, row{"overlap", "33;France;0,03;;;;;;2026-05-31;", "prefix"},
        row{"no such day", "44;UK;1;;;;;;2026-02-29;", "effective_from"},
        row{"ends before", "44;UK;1;;;;;;2026-02-02;2026-02-02", "effective_until"}}) {
    for (const char* dry_run : {"true", "false"}) {
      const answer refused =
          send("POST", std::string("/v1/rate_imports?dry_run=") + dry_run, header + line + "\n", "text/csv");
      ASSERT_EQ(refused.status, 422U) << name;
      EXPECT_EQ(refused.string("code"), "deck_invalid") << name;
      ASSERT_EQ(refused.at("errors").as_array().size(), 1U) << name << refused.text;
      const auto& error = refused.at("errors").at(0);
      EXPECT_EQ(error.at("field").as_string(), std::string("line 3, ") + column) << name;
      EXPECT_FALSE(error.at("detail").as_string().empty()) << name;
    }
  }
  EXPECT_THAT(gateway_.take(), testing::ElementsAre("account", "rates")) << "of the set-up";
}

TEST_F(BadInput, EveryMistakeOfADeckIsToldHoweverManyThereAre) {
  std::string csv = "prefix,region,price\n";
  constexpr int mistakes = 1'500;
  for (int i = 0; i < mistakes; ++i)
    csv += i % 2 == 0 ? "44x,UK,1\n" : "44,UK,NaN\n";
  const answer refused = send("POST", "/v1/rate_imports", csv, "text/csv");
  ASSERT_EQ(refused.status, 422U);
  EXPECT_THAT(refused.string("detail"), HasSubstr("1500 mistakes"));
  const auto& errors = refused.at("errors").as_array();
  ASSERT_EQ(errors.size(), std::size_t{mistakes});
  EXPECT_EQ(errors.back().at("field").as_string(), "line 1501, price_per_minute");
}

TEST_F(BadInput, AmountsAreRefused) {
  struct resource {
    const char* method;
    std::string target;
    std::string body;  // with % in the place of the amount
    std::string field;
  };
  const std::string whose = R"("account_id":")" + account_ + "\",";
  const resource resources[] = {
      {"POST", "/v1/payments", R"({"id":"p-2",)" + whose + R"("amount":%})", "amount"},
      {"POST", "/v1/refunds", R"({"id":"r-1","payment_id":"p-1","amount":%})", "amount"},
      {"POST", "/v1/adjustments", R"({"id":"a-1","kind":"goodwill","note":"x",)" + whose + R"("amount":%})",
       "amount"},
      {"POST", "/v1/voucher_batches",
       R"({"id":"0190a0b0-0000-7000-8000-0000000000b1","vouchers":1,"expires_at":"2099-01-01T00:00:00Z","value":%})",
       "value"},
      {"PUT", "/v1/currencies/EUR/least_topup", R"({"amount":%})", "amount"},
      {"PUT", "/v1/number_prices/EUR/3", R"({"price":%})", "price"},
      {"PUT", "/v1/fraud/policy/EUR", R"({"dear_per_minute":"0.5","established_paid":%})", "established_paid"},
  };
  const std::string long_digits = "\"" + forty_digits + "\"";
  for (const auto& one : resources) {
    const auto ask = [&](const std::string& amount, const std::string& suffix = "") {
      std::string body = one.body;
      body.replace(body.find('%'), 1, amount);
      if (!suffix.empty()) body.insert(body.find("\"" + one.field + "\":") + 1 + one.field.size(), suffix);
      return send(one.method, one.target, body);
    };
    for (const std::string& amount :
         {std::string(R"("NaN")"), std::string(R"("Infinity")"), std::string(R"("1e3")"),
          std::string(R"("1,5")"), std::string(R"("0.0000001")"), std::string(R"("")"),
          std::string(R"(" 1")"), std::string("1.5"), std::string("true"), std::string("null"),
          std::string(R"("-5")"), long_digits}) {
      const answer refused = ask(amount);
      EXPECT_EQ(refused.status, 422U) << one.target << " " << amount << " " << refused.text;
      EXPECT_FALSE(refused.string("detail").empty());
    }
    for (const char* micros : {"1.5", "1e300", "\"5\"", "9223372036854775807", "-5"})
      EXPECT_EQ(ask(micros, "_micros").status, 422U) << one.target << " " << micros;
    EXPECT_EQ(ask("NaN").status, 400U) << one.target << ": that is no JSON";
  }
}

TEST_F(BadInput, NumbersOfFortyDigitsAreRefused) {
  EXPECT_EQ(get("/v1/rates?number=%2B" + forty_digits).status, 422U);
  EXPECT_EQ(get("/v1/rates?number=" + forty_digits + "&account_id=" + account_).status, 422U);
  EXPECT_EQ(get("/v1/rates?number=%2B4420abc").status, 422U);
  EXPECT_EQ(post("/v1/numbers", R"({"number":"+)" + forty_digits + "\"}").status, 422U);
  EXPECT_EQ(get("/v1/numbers/+" + forty_digits).status, 404U);
  for (const std::string& prefix : {forty_digits, std::string("44x"), std::string("+44"), std::string("")})
    EXPECT_EQ(send("PUT", "/v1/accounts/" + account_ + "/calling_policy",
                   R"({"open_prefixes":[")" + prefix + "\"]}")
                  .status,
              422U)
        << prefix;
}

TEST_F(BadInput, APaymentRepeatedOtherwiseIsRefused) {
  const std::string bob = create_account("bob");
  before_ = fingerprint();
  const auto pay = [&](const std::string& amount, const std::string& account, const std::string& currency) {
    return post("/v1/payments", R"({"id":"p-1","amount":")" + amount + R"(","currency":")" + currency +
                                    R"(","account_id":")" + account + "\"}");
  };
  EXPECT_EQ(pay("20", account_, "EUR").status, 200U);
  struct row {
    std::string amount, account, currency, code;
  };
  for (const auto& [amount, account, currency, code] :
       {row{"20.000001", account_, "EUR", "payment_amount_conflict"},
        row{"10", account_, "EUR", "payment_amount_conflict"},
        row{"20", bob, "EUR", "payment_account_conflict"},
        row{"20", account_, "USD", "payment_currency_conflict"}}) {
    const answer refused = pay(amount, account, currency);
    EXPECT_EQ(refused.status, 409U) << code;
    EXPECT_EQ(refused.string("code"), code);
    EXPECT_FALSE(refused.string("detail").empty());
  }
}

}  // namespace
}  // namespace tollgate::gateway::api
