// SPDX-License-Identifier: Apache-2.0
// An account lives in one currency, and what it meets must be in the same.
#include "billing/currency.hpp"

#include "billing/rate_deck.hpp"
#include "billing/subscription.hpp"
#include "billing/voucher.hpp"
#include "fixture.hpp"

namespace tollgate::billing {
namespace {

class Currency : public billing_test {
 protected:
  auto open_account(std::uint32_t number, const std::string& currency, const std::string& deck = "default") {
    return step([&](auto& tx) { return create_account(tx, account_id(number), currency, "US", deck); });
  }
  deck_import_report import(const std::string& name, const std::string& currency,
                            deck_kind kind = deck_kind::sell) {
    return step([&](auto& tx) {
      return import_deck(tx, {.name = name,
                              .kind = kind,
                              .currency = currency,
                              .csv = "prefix,destination,price_per_minute\n44,UK,0.02\n",
                              .effective_from = std::chrono::system_clock::now() - std::chrono::hours{1}});
    });
  }
};

TEST_F(Currency, IsOneOfIso4217) {
  const auto known = step([](auto& tx) { return list_currencies(tx); });
  std::map<std::string, int> decimals;
  for (const auto& each : known)
    decimals[each.code] = each.decimals;
  EXPECT_EQ(decimals.size(), known.size());
  EXPECT_EQ(decimals.at("EUR"), 2);
  EXPECT_EQ(decimals.at("JPY"), 0);
  EXPECT_EQ(decimals.at("KWD"), 3);
  EXPECT_FALSE(decimals.contains("XYZ") || decimals.contains("DEM") || decimals.contains("XAU"));
  EXPECT_EQ(open_account(2, "XYZ").error(), error::unknown_currency);
  EXPECT_EQ(import("other", "DEM").result, deck_import_report::outcome::refused);
  const auto batch = step([](auto& tx) {
    return make_vouchers(tx, voucher_key{},
                         {.batch_id = id_of(1, 1),
                          .currency = "XAU",
                          .value = units(1),
                          .vouchers = 1,
                          .expires_at = std::chrono::system_clock::now()});
  });
  EXPECT_EQ(batch.error(), error::unknown_currency);
}

TEST_F(Currency, OfAnAccountIsForEver) {
  EXPECT_TRUE(open_account(2, "USD").has_value());
  EXPECT_EQ(open_account(2, "EUR").error(), error::account_conflict);
  EXPECT_THROW(execute("UPDATE billing.account SET currency = 'GBP'"), pqxx::sql_error);
}

TEST_F(Currency, DeckMustBeInTheAccountsCurrency) {
  import("default", "EUR");
  import("dollars", "USD");
  import("acme-cost", "USD", deck_kind::cost);
  EXPECT_EQ(open_account(2, "USD").error(), error::wrong_currency);
  EXPECT_EQ(open_account(2, "USD", "acme-cost").error(), error::wrong_currency);
  EXPECT_TRUE(open_account(2, "USD", "dollars").has_value());
  const auto decks = [&](const char* plan) {
    return step([&](auto& tx) { return set_decks(tx, account_id(2), plan, std::nullopt); });
  };
  EXPECT_EQ(decks("default").error(), error::wrong_currency);
  EXPECT_EQ(decks("acme-cost").error(), error::no_deck);
  EXPECT_TRUE(decks("dollars").has_value());
  const auto other = import("dollars", "EUR");
  EXPECT_EQ(other.result, deck_import_report::outcome::refused);
}

TEST_F(Currency, HoldInAnotherIsRefusedForGood) {
  fund(units(10));
  auto request = hold_for(1, units(1));
  request.currency = "USD";
  EXPECT_EQ(open(request).status, hold_status::wrong_currency);
  EXPECT_EQ(open(hold_for(1, units(1))).status, hold_status::wrong_currency);
}

TEST_F(Currency, HasItsOwnLeastTopUp) {
  open_account(2, "JPY").value();
  const auto pay = [&](std::uint32_t account, money amount, money least) {
    static int number = 0;
    return step([&](auto& tx) {
      return top_up(
          tx, {.account_id = account_id(account), .amount = amount, .payment_id = std::to_string(++number)},
          least);
    });
  };
  const auto set = [&](const char* code, std::optional<money> least) {
    return step([&](auto& tx) { return set_least_top_up(tx, code, least); });
  };
  set("JPY", units(1'500)).value();
  EXPECT_EQ(pay(2, units(1'499), units(10)).error(), error::below_minimum);
  EXPECT_TRUE(pay(2, units(1'500), units(10)).has_value());
  EXPECT_TRUE(pay(2, units(10), money{1}).has_value());  // money that came all the same
  EXPECT_TRUE(pay(1, units(10), units(10)).has_value());
  EXPECT_EQ(pay(1, units(9), units(10)).error(), error::below_minimum);
  set("JPY", std::nullopt).value();
  EXPECT_TRUE(pay(2, units(10), units(10)).has_value());
  EXPECT_EQ(set("XYZ", units(1)).error(), error::unknown_currency);
  EXPECT_EQ(set("JPY", units(-1)).error(), error::invalid_amount);
}

TEST_F(Currency, TermsHaveAPriceInEach) {
  const auto set = [&](const char* code, int months, money price) {
    return step([&](auto& tx) { return set_term(tx, code, std::chrono::months{months}, price); });
  };
  EXPECT_TRUE(set("USD", 3, units(11)).has_value());
  EXPECT_EQ(set("XYZ", 3, units(11)).error(), error::unknown_currency);
  EXPECT_EQ(set("USD", 0, units(11)).error(), error::invalid_amount);
  EXPECT_EQ(set("USD", 3, units(-1)).error(), error::invalid_amount);
  open_account(2, "USD").value();
  const auto term_of = [&](int months) {
    return step([&](auto& tx) { return find_term(tx, account_id(2), std::chrono::months{months}); });
  };
  EXPECT_EQ(term_of(3)->price, units(11));
  EXPECT_EQ(term_of(12).error(), error::no_term);
  EXPECT_TRUE(set("USD", 3, money{}).has_value());
  EXPECT_EQ(set("USD", 3, money{}).error(), error::no_term);
  EXPECT_EQ(term_of(3).error(), error::no_term);
}

}  // namespace
}  // namespace tollgate::billing
