// SPDX-License-Identifier: Apache-2.0
// Longest prefix, also against a plain search over random tables.
#include "billing/rating.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace tollgate::billing {
namespace {

std::vector<rate> rates_of(std::initializer_list<const char*> prefixes) {
  std::vector<rate> rates;
  for (const char* prefix : prefixes)
    rates.push_back({.rate_id = static_cast<std::int64_t>(rates.size() + 1), .prefix = prefix});
  return rates;
}

std::string found(const rate_table& table, std::string_view digits) {
  const auto* hit = table.find(digits);
  return hit == nullptr ? "none" : hit->prefix;
}

TEST(Rating, LongestPrefixWins) {
  const rate_table table(
      "EUR", rates_of({"44", "4420", "447", "1", "1650", "16505", "99890", "441", "4412345678901"}));
  struct row {
    const char* digits;
    const char* prefix;
  };
  for (const auto& [digits, prefix] :
       {row{"442079460958", "4420"}, row{"447700900123", "447"}, row{"443000000000", "44"},
        row{"16505550100", "16505"}, row{"16515550100", "1"}, row{"44", "44"}, row{"4", "none"},
        row{"9989", "none"}, row{"998901", "99890"}, row{"2", "none"}, row{"9999999", "none"},
        row{"4412345678901999", "4412345678901"}, row{"441234567890", "441"}})
    EXPECT_EQ(found(table, digits), prefix) << digits;
}

TEST(Rating, NothingIsFoundForWhatIsNoNumber) {
  const rate_table table("EUR", rates_of({"44"}));
  for (const char* text : {"", "+44", "44x", " 44", "sip:44"})
    EXPECT_EQ(table.find(text), nullptr) << text;
  EXPECT_EQ(rate_table().find("44"), nullptr);
}

TEST(Rating, InvalidPrefixesAreLeftOutAndTheCheaperOfTwoStays) {
  auto rates = rates_of({"44", "44", "", "4a", "12345678901234567"});
  rates[0].price_per_minute = {200};
  rates[1].price_per_minute = {100};
  const rate_table table("EUR", rates);
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.find("449")->price_per_minute.micros, 100);
}

TEST(Rating, AgreesWithPlainSearch) {
  std::mt19937 random(11);
  const auto digits = [&](std::size_t least, std::size_t most) {
    std::string text;
    const auto length = std::uniform_int_distribution<std::size_t>(least, most)(random);
    while (text.size() < length)
      text += static_cast<char>('0' + std::uniform_int_distribution<int>(0, 3)(random));
    return text;
  };
  for (int round = 0; round < 20; ++round) {
    std::set<std::string> prefixes;
    for (int i = 0; i < 400; ++i)
      prefixes.insert(digits(1, 15));
    std::vector<rate> rates;
    for (const auto& prefix : prefixes)
      rates.push_back({.prefix = prefix});
    std::shuffle(rates.begin(), rates.end(), random);
    const rate_table table("EUR", rates);
    for (int i = 0; i < 1000; ++i) {
      const auto number = digits(1, 16);
      std::string expected = "none";
      for (std::size_t length = 1; length <= number.size(); ++length)
        if (prefixes.contains(number.substr(0, length))) expected = number.substr(0, length);
      EXPECT_EQ(found(table, number), expected) << number;
    }
  }
}

std::shared_ptr<const rate_table> table_of(const char* currency,
                                           std::initializer_list<const char*> prefixes) {
  return std::make_shared<const rate_table>(currency, rates_of(prefixes));
}

TEST(RateChain, TheMostSpecificDeckWithAnyPrefixDecides) {
  const auto own = table_of("EUR", {"44"});
  const auto plan = table_of("EUR", {"4420", "33"});
  const auto standard = table_of("EUR", {"4", "331", "1"});
  const rate_chain chain({own, plan, standard});
  EXPECT_EQ(chain.find("442079460958"), own->find("44"));  // not the plan's longer 4420
  EXPECT_EQ(chain.find("33123"), plan->find("33"));
  EXPECT_EQ(chain.find("1650"), standard->find("1"));
  EXPECT_EQ(chain.find("49"), standard->find("4"));
  EXPECT_EQ(chain.find("99"), nullptr);
  EXPECT_EQ(chain.currency(), "EUR");
}

TEST(RateChain, EmptyDecksAndOtherCurrenciesAreLeftOut) {
  const auto plan = table_of("USD", {"44"});
  const rate_chain chain({nullptr, table_of("EUR", {}), plan, table_of("EUR", {"1"})});
  EXPECT_EQ(chain.currency(), "USD");
  EXPECT_EQ(chain.find("44"), plan->find("44"));
  EXPECT_EQ(chain.find("1"), nullptr);
  EXPECT_EQ(rate_chain().find("1"), nullptr);
  EXPECT_EQ(rate_chain().currency(), "");
}

TEST(StandardDecks, AreReadByCurrency) {
  const std::vector<std::string> good{"USD=default-usd", "JPY=yen"};
  const standard_decks decks{"default", parse_currency_decks(good).value()};
  EXPECT_EQ(decks.of("EUR", "EUR"), "default");
  EXPECT_EQ(decks.of("USD", "EUR"), "default-usd");
  EXPECT_EQ(decks.of("GBP", "EUR"), std::nullopt);
  for (const char* bad : {"", "USD", "USD=", "usd=x", "USDX=x", "US=x"})
    EXPECT_EQ(parse_currency_decks(std::vector<std::string>{bad}).error(), error::malformed) << bad;
  EXPECT_EQ(parse_currency_decks(std::vector<std::string>{"USD=a", "USD=b"}).error(), error::malformed);
}

}  // namespace
}  // namespace tollgate::billing
