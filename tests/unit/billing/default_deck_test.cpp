// SPDX-License-Identifier: Apache-2.0
// The shipped deck is good and prices what the README promises.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "billing/rate_deck.hpp"

namespace tollgate::billing {
namespace {

// The kinds that libphonenumber tells apart, as example_numbers.inc names them.
enum class number_type {
  unknown,
  fixed_line,
  mobile,
  fixed_or_mobile,
  toll_free,
  premium_rate,
  shared_cost,
  voip,
  personal,
  pager,
  uan,
  voicemail
};
struct example {
  std::string number, region;  // "001": of no country
  number_type type;
};
const example examples[] = {
#include "../pstn/number/example_numbers.inc"
};

std::string file_text(const std::string& name) {
  std::ifstream file(TOLLGATE_SOURCE_DIR "/billing/deck/" + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

rate_table default_deck() {
  const auto deck = parse_deck(file_text("default.csv"));
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

struct zone {
  std::string country, landline, mobile;
};

// zones.csv by region.
std::map<std::string, zone> zones() {
  std::map<std::string, zone> out;
  std::istringstream lines(file_text("zones.csv"));
  std::string line, region;
  std::getline(lines, line);  // the header
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    zone one;
    std::getline(fields, region, ',');
    std::getline(fields, one.country, ',');
    std::getline(fields, one.landline, ',');
    std::getline(fields, one.mobile, ',');
    out[region] = one;
  }
  return out;
}

// What follows the country in the destination's name.
std::string kind_of(number_type type) {
  switch (type) {
    case number_type::mobile:
      return " - Mobile";
    case number_type::premium_rate:
      return " - Premium rate";
    case number_type::shared_cost:
      return " - Shared cost";
    case number_type::personal:
      return " - Personal numbers";
    case number_type::pager:
      return " - Pagers";
    case number_type::unknown:
    case number_type::fixed_line:
    case number_type::fixed_or_mobile:
    case number_type::toll_free:
    case number_type::voip:
    case number_type::uan:
    case number_type::voicemail:
      return "";
  }
  return "";
}

// libphonenumber's example of every type of every region. Where a prefix cannot tell (the mailboxes of
// Italian mobiles, freephone numbers that differ from mobiles by their length), the dearer one counts:
// nothing is sold below its class.
TEST(DefaultDeck, RatesEveryTypeOfNumberOfEveryCountryAsWhatItIs) {
  const auto table = default_deck();
  const auto zone_of = zones();
  std::set<std::string> countries;
  std::map<std::string, std::set<std::string>> of_no_country;  // destination → numbers
  int dearer = 0;
  for (const auto& [number, region, type] : examples) {
    const auto* found = table.find(std::string_view(number).substr(1));
    ASSERT_NE(found, nullptr) << number;
    if (region == "001") {
      of_no_country[found->destination].insert(number);
      continue;
    }
    const auto& zone = zone_of.at(region);
    countries.insert(region);
    const auto want = zone.country + kind_of(type);
    if (found->destination == want) continue;
    if (type == number_type::fixed_or_mobile && found->destination == want + " - Mobile") continue;
    if (type == number_type::fixed_line && region == "AR") {  // a city of the global zone
      EXPECT_EQ(found->destination, "Argentina - Buenos Aires");
      continue;
    }
    EXPECT_EQ(kind_of(type), "") << number << " is " << want << ", the deck says " << found->destination;
    EXPECT_NE(type, number_type::fixed_line) << number << ": " << found->destination;
    const auto landline = zone.landline == "global" ? money{17'000} : parse_money(zone.landline).value();
    EXPECT_GE(found->price_per_minute, landline) << number << ": " << found->destination;
    ++dearer;
  }
  EXPECT_LE(dearer, 15);
  EXPECT_EQ(countries.size() + 1, zone_of.size()) << "no example is in Saint Martin, whose numbers are Guadeloupe's";
  for (const char* destination : {"International freephone", "International shared cost",
                                  "Satellite - Inmarsat", "Satellite - Iridium", "Universal personal numbers",
                                  "International networks", "Disaster relief", "International premium rate"})
    EXPECT_TRUE(of_no_country.contains(destination)) << destination;
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
