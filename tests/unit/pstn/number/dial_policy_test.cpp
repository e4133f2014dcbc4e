// SPDX-License-Identifier: Apache-2.0
#include "pstn/number/dial_policy.hpp"

#include <gtest/gtest.h>

#include <random>
#include <span>
#include <string>

namespace tollgate::pstn::number {
namespace {

struct row {
  const char* region;
  const char* text;
  const char* outcome;  // the number, or the code of the error
};

std::string outcome(std::string_view text, std::string_view region, const dial_policy& policy) {
  const auto read = interpret(text, region, policy);
  if (read.has_value()) return read->number.e164();
  return std::string{code(static_cast<dial_error>(read.error().value()))};
}

void expect(std::span<const row> rows, const dial_policy& policy = {}) {
  for (const row& one : rows)
    EXPECT_EQ(outcome(one.text, one.region, policy), one.outcome) << one.region << ' ' << one.text;
}

TEST(DialPolicy, ReadsInternationalForms) {
  constexpr row rows[] = {
      {"US", "+442079460958", "+442079460958"},
      {"US", "+16505550100", "+16505550100"},
      {"US", "+44 20 7946 0958", "+442079460958"},
      {"US", " +44-(0)20-7946.0958 ", "+442079460958"},
      {"US", "+44\u00A020\u20117946\u202F0958\u202C", "+442079460958"},
      {"US", "\uFF0B442079460958", "+442079460958"},
      {"GB", "0044 20 7946 0958", "+442079460958"},
      {"US", "011 44 20 7946 0958", "+442079460958"},
      {"US", "0044 20 7946 0958", "+442079460958"},
      {"GB", "442079460958", "+442079460958"},
      {"US", "16505550100", "+16505550100"},
      {"", "+16505550100", "+16505550100"},
      {"", "0016505550100", "+16505550100"},
      {"XX", "16505550100", "+16505550100"},
      {"IT", "+39 06 6982 1234", "+390669821234"},
  };
  expect(rows);
}

TEST(DialPolicy, ReadsNationalForms) {
  constexpr row rows[] = {
      {"GB", "020 7946 0958", "+442079460958"},
      {"GB", "2079460958", "+442079460958"},
      {"US", "(650) 555-0100", "+16505550100"},
      {"US", "1 650 555 0100", "+16505550100"},
      {"DE", "030/901820", "+4930901820"},
      {"IT", "06 6982 1234", "+390669821234"},
      {"AR", "011 15 2345 6789", "+5491123456789"},
      {"MX", "044 55 1234 5678", "+525512345678"},
      {"BR", "0 15 11 91234 5678", "+5511912345678"},
      {"GG", "255123", "+441481255123"},
      {"RU", "8 495 123 45 67", "+74951234567"},
  };
  expect(rows);
}

TEST(DialPolicy, ReadsTelUris) {
  constexpr row rows[] = {
      {"US", "tel:+44-20-7946-0958", "+442079460958"},
      {"US", "TEL:+442079460958;npdi", "+442079460958"},
      {"US", "tel:7946-0958;phone-context=+44-20", "+442079460958"},
      {"GB", "tel:02079460958;phone-context=example.com", "+442079460958"},
      {"US", "tel:+442079460958;ext=12", "malformed"},
      {"US", "tel:", "empty"},
      {"US", "tel:;;;=;phone-context=", "empty"},
      {"GB", "tel:2079460958;phone-context=+", "too_short"},
  };
  expect(rows);
}

TEST(DialPolicy, TellsWhyItRefuses) {
  constexpr row rows[] = {
      {"GB", "", "empty"},
      {"GB", "  ", "empty"},
      {"GB", "alice", "malformed"},
      {"GB", "+44+20", "malformed"},
      {"GB", "20+7946", "malformed"},
      {"GB", "+", "too_short"},
      {"GB", "+44 20", "too_short"},
      {"GB", "+44207946095812", "too_long"},
      {"GB", "+123456789012345678901234567890123456", "too_long"},
      {"US", "+9991234567", "unknown_country_code"},
      {"US", "+999", "unknown_country_code"},
      {"", "02079460958", "unknown_country_code"},
      {"GB", "+44 11 1111 1111", "not_in_numbering_plan"},
      {"US", "+1 650 155 0100", "not_in_numbering_plan"},
  };
  expect(rows);
  EXPECT_EQ(outcome(std::string(100'000, '1'), "GB", {}), "too_long");
  EXPECT_EQ(outcome(std::string("\0\xFF\x80+44", 6), "GB", {}), "malformed");
}

TEST(DialPolicy, NeverCarriesEmergencyAndShortNumbers) {
  dial_policy open;
  open.premium_rate = open.shared_cost = open.satellite = open.high_risk = open.unlisted = true;
  open.open_prefixes = {"1", "4", "9"};
  constexpr row rows[] = {
      {"GB", "112", "emergency"},        {"GB", "999", "emergency"},    {"US", "911", "emergency"},
      {"US", "9-1-1", "emergency"},      {"", "112", "emergency"},      {"FR", "17", "emergency"},
      {"GB", "+112", "emergency"},       {"GB", "+44999", "emergency"}, {"US", "tel:911", "emergency"},
      {"US", "011 44 999", "emergency"}, {"US", "411", "short_code"},   {"GB", "118118", "short_code"},
      {"GB", "*100#", "short_code"},
  };
  expect(rows, open);
}

TEST(DialPolicy, ShutsWhatIsDear) {
  constexpr row rows[] = {
      {"US", "+1 900 555 0100", "premium_rate"}, {"US", "+1 900 123 4567", "premium_rate"},
      {"US", "900-555-0100", "premium_rate"},    {"GB", "+44 909 879 0123", "premium_rate"},
      {"GB", "0909 879 0123", "premium_rate"},   {"US", "+979 1 2345 6789", "premium_rate"},
      {"FR", "+808 1234 5678", "shared_cost"},   {"US", "+881 6 1234 5678", "satellite"},
      {"US", "+870 773 111 632", "satellite"},   {"US", "+246 370 0000", "high_risk"},
      {"US", "1 473 440 1234", "high_risk"}, {"US", "+252 61 234 5678", "high_risk"},
      {"US", "+960 330 0000", "high_risk"}, {"US", "1 242 322 1234", "+12423221234"},
      {"GB", "+44 70 1234 5678", "high_risk"},
  };
  expect(rows);
}

TEST(DialPolicy, OpensByTypeAndByPrefix) {
  dial_policy policy;
  policy.premium_rate = true;
  EXPECT_EQ(outcome("+19005550100", "US", policy), "+19005550100");
  EXPECT_EQ(outcome("+881612345678", "US", policy), "satellite");
  policy = {};
  policy.open_prefixes = {"246", "44909", "8816"};
  EXPECT_EQ(outcome("+2463700000", "US", policy), "+2463700000");
  EXPECT_EQ(outcome("+449098790123", "US", policy), "+449098790123");
  EXPECT_EQ(outcome("+881612345678", "US", policy), "+881612345678");
  EXPECT_EQ(outcome("+19005550100", "US", policy), "premium_rate");
}

TEST(DialPolicy, LongerPrefixWinsBetweenRiskAndException) {
  dial_policy policy;
  policy.high_risk_prefixes = {"44", "442079460"};
  policy.open_prefixes = {"4420"};
  EXPECT_EQ(outcome("+442079460958", "US", policy), "high_risk");
  EXPECT_EQ(outcome("+442079470958", "US", policy), "+442079470958");
  EXPECT_EQ(outcome("+441612960000", "US", policy), "high_risk");
}

TEST(DialPolicy, LetsUnlistedNumbersPassOnlyWhenTold) {
  dial_policy policy;
  policy.unlisted = true;
  EXPECT_EQ(outcome("+441111111111", "GB", policy), "+441111111111");
  EXPECT_EQ(outcome("+4411", "GB", policy), "too_short");
  EXPECT_EQ(outcome("+441111111111", "GB", {}), "not_in_numbering_plan");
}

TEST(DialPolicy, AnswersAnyTextWithANumberOrAReason) {
  const std::string alphabet = "0123456789+*#() -./;=,tel:phone-context\xC2\xA0\xEF\xBC\x8B\n\x01";
  std::mt19937 random{1};
  const auto all = regions();
  for (int round = 0; round < 20'000; ++round) {
    std::string text = round % 3 == 0 ? "tel:" : round % 3 == 1 ? "+" : "";
    for (auto size = random() % 40; size > 0; --size) {
      // Mostly digits, so that many are read far.
      text += random() % 3 != 0 ? alphabet[random() % 10] : alphabet[random() % alphabet.size()];
    }
    const auto read = interpret(text, all[random() % all.size()], {});
    if (read.has_value()) {
      EXPECT_EQ(phone_number::parse(read->number.e164()).value(), read->number) << text;
      EXPECT_NE(name(read->type), "unknown") << text;
    } else {
      EXPECT_FALSE(code(static_cast<dial_error>(read.error().value())).empty());
    }
  }
}

TEST(DialPolicy, EveryErrorHasACodeAndASentence) {
  for (int value = static_cast<int>(dial_error::empty); value <= static_cast<int>(dial_error::high_risk);
       ++value) {
    const auto error = static_cast<dial_error>(value);
    EXPECT_FALSE(code(error).empty());
    EXPECT_TRUE(sentence(error).ends_with('.'));
    EXPECT_EQ(make_error_code(error).message(), sentence(error));
  }
}

TEST(DialPolicy, ShutsAndOpensPrefixesAndCountries) {
  dial_policy policy;
  policy.shut_prefixes = {"4420", "33"};
  policy.open_prefixes = {"442079"};
  policy.shut_countries = {"IT"};
  constexpr row rows[] = {
      {"US", "+442079460958", "+442079460958"},  // the longer prefix
      {"US", "+442083661177", "barred"},        {"US", "+441212345678", "+441212345678"},
      {"US", "+33142685300", "barred"},         {"US", "+390612345678", "barred"},
  };
  expect(rows, policy);
  policy.open_prefixes = {"4420"};
  policy.shut_countries.clear();
  policy.countries = {"GB", "US"};
  constexpr row named[] = {
      {"US", "+442079460958", "barred"},  // as long as the open one: shut
      {"US", "+441212345678", "+441212345678"},
      {"US", "+16505550100", "+16505550100"},
      {"US", "+390612345678", "barred"},
  };
  expect(named, policy);
  policy.open_prefixes = {"3906"};
  constexpr row opened[] = {{"US", "+390612345678", "+390612345678"}};
  expect(opened, policy);
}

TEST(DialPolicy, AnAccountMayMoreOrLess) {
  dial_policy all;
  all.premium_rate = true;
  all.countries = {"GB"};
  account_dial_policy own;
  constexpr row as_everybody[] = {{"US", "+449098790000", "+449098790000"},
                                  {"US", "+390612345678", "barred"}};
  expect(as_everybody, merged(all, own));
  own.premium_rate = false;
  own.countries = {"GB", "IT"};
  own.shut_prefixes = {"442079"};
  constexpr row otherwise[] = {{"US", "+449098790000", "premium_rate"},
                               {"US", "+390612345678", "+390612345678"},
                               {"US", "+442079460958", "barred"}};
  expect(otherwise, merged(all, own));
  own.open_prefixes = {"44909"};
  constexpr row opened[] = {{"US", "+449098790000", "+449098790000"}};
  expect(opened, merged(all, own));
}

TEST(DialPolicy, KnowsTheEmergencyNumbersOfACountry) {
  EXPECT_EQ(dialled_emergency("112", "DE"), "112");
  EXPECT_EQ(dialled_emergency(" 9 9 9 ", "GB"), "999");
  EXPECT_EQ(dialled_emergency("999", "DE"), std::nullopt);
  EXPECT_EQ(dialled_emergency("+44 999", "DE"), std::nullopt);
  EXPECT_EQ(dialled_emergency("110", "DE"), "110");
  EXPECT_EQ(dialled_emergency("911", ""), "911");
  EXPECT_EQ(dialled_emergency("+442079460958", "GB"), std::nullopt);
  EXPECT_EQ(dialled_emergency("nonsense", "GB"), std::nullopt);
}

}  // namespace
}  // namespace tollgate::pstn::number
