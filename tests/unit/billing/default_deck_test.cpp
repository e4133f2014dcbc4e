// SPDX-License-Identifier: Apache-2.0
// The shipped deck is good and prices what the README promises.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "billing/rate_deck.hpp"

namespace tollgate::billing {
namespace {

rate_table default_deck() {
  std::ifstream file(TOLLGATE_SOURCE_DIR "/billing/deck/default.csv", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  const auto deck = parse_deck(text.str());
  for (const auto& problem : deck.problems)
    ADD_FAILURE() << problem.line << " " << problem.column << ": " << problem.text;
  std::vector<rate> rates;
  for (const auto& line : deck.lines)
    rates.push_back(line.terms);
  return rate_table("EUR", std::move(rates));
}

TEST(DefaultDeck, IsReadWithoutProblemsAndHasTheGlobalRate) {
  const auto table = default_deck();
  EXPECT_GT(table.size(), 1000U);
  const auto* london = table.find("442079460958");
  ASSERT_NE(london, nullptr);
  EXPECT_EQ(call_price(*london, std::chrono::seconds{60}).micros, 17'000);
  EXPECT_EQ(call_price(*london, std::chrono::seconds{61}).micros, 34'000);
}

// The list of ITU-T E.164 assigned country codes (annex to ITU Operational Bulletin 1114), ranges closed.
TEST(DefaultDeck, HasEveryCountryCodeOfTheNumberingPlan) {
  const auto table = default_deck();
  constexpr std::pair<int, int> assigned[] = {
      {1, 1},     {7, 7},     {20, 20},   {27, 27},   {30, 34},   {36, 36},   {39, 41},   {43, 49},
      {51, 58},   {60, 66},   {81, 82},   {84, 84},   {86, 86},   {90, 95},   {98, 98},   {211, 213},
      {216, 216}, {218, 218}, {220, 258}, {260, 269}, {290, 291}, {297, 299}, {350, 359}, {370, 383},
      {385, 387}, {389, 389}, {420, 421}, {423, 423}, {500, 509}, {590, 599}, {670, 670}, {672, 683},
      {685, 692}, {800, 800}, {808, 808}, {850, 850}, {852, 853}, {855, 856}, {870, 870}, {878, 878},
      {880, 883}, {886, 886}, {888, 888}, {960, 968}, {970, 977}, {979, 979}, {991, 996}, {998, 998}};
  std::size_t codes = 0;
  for (const auto& [first, last] : assigned)
    for (int code = first; code <= last; ++code, ++codes) {
      const auto* found = table.find(std::to_string(code));
      EXPECT_TRUE(found != nullptr && found->prefix == std::to_string(code)) << code;
    }
  EXPECT_EQ(codes, 217U);
  for (const char* unassigned : {"0", "210", "219", "259", "422", "671", "699", "999"})
    EXPECT_EQ(table.find(unassigned), nullptr) << unassigned;
}

TEST(DefaultDeck, TellsFixedMobilePremiumAndSatelliteApart) {
  const auto table = default_deck();
  struct row {
    const char* digits;
    const char* kind;  // the end of the destination's name; a country: a landline
    bool global;
  };
  for (const auto& [digits, kind, global] : {row{"493012345678", "Germany", true},
                                             row{"4915123456789", "Mobile", false},
                                             row{"499001234567", "Premium rate", false},
                                             row{"442079460958", "United Kingdom", true},
                                             row{"447400123456", "Mobile", false},
                                             row{"33123456789", "France", true},
                                             row{"33612345678", "Mobile", false},
                                             row{"16505550100", "United States", true},
                                             row{"19005550100", "Premium rate", false},
                                             row{"12423456789", "Bahamas", false},
                                             row{"14165550100", "Canada", true},
                                             row{"18766123456", "Jamaica", false},
                                             row{"8613912345678", "Mobile", true},
                                             row{"6581234567", "Mobile", true},
                                             row{"85251234567", "Mobile", true},
                                             row{"541123456789", "Buenos Aires", true},
                                             row{"543512345678", "Argentina", false},
                                             row{"74951234567", "Moscow", true},
                                             row{"79161234567", "Mobile", false},
                                             row{"77011234567", "Mobile", false},
                                             row{"870773123456", "Inmarsat", false},
                                             row{"881612345678", "Iridium", false},
                                             row{"881812345678", "Globalstar", false},
                                             row{"882161234567", "Thuraya", false},
                                             row{"979123456789", "International premium rate", false},
                                             row{"80012345678", "International freephone", true}}) {
    const auto* found = table.find(digits);
    ASSERT_NE(found, nullptr) << digits;
    EXPECT_TRUE(found->destination.ends_with(kind)) << digits << ": " << found->destination;
    EXPECT_EQ(found->price_per_minute.micros == 17'000, global) << digits << ": " << found->destination;
  }
}

}  // namespace
}  // namespace tollgate::billing
