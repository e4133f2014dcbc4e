// SPDX-License-Identifier: Apache-2.0
#include "pstn/number/numbering_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tollgate::pstn::number {
namespace {

struct example {
  const char* e164;
  const char* region;
  number_type type;
};

constexpr example examples[] = {
#include "example_numbers.inc"
};

TEST(NumberingPlan, KnowsTheExampleOfEveryTypeOfEveryRegion) {
  for (const example& one : examples) {
    const number_class found = classify(phone_number::parse(one.e164).value());
    EXPECT_EQ(found.region, one.region) << one.e164;
    // Satellite telephones are mobiles for the source of the examples.
    if (found.type != number_type::satellite) {
      EXPECT_EQ(name(found.type), name(one.type)) << one.e164;
    }
  }
}

TEST(NumberingPlan, TellsSatelliteTelephones) {
  for (const char* text : {"+870773111632", "+881612345678", "+8821612345678"}) {
    EXPECT_EQ(name(classify(phone_number::parse(text).value()).type), "satellite") << text;
  }
}

TEST(NumberingPlan, KnowsRegionsAndTheirCodes) {
  EXPECT_EQ(country_code_of_region("GB"), 44);
  EXPECT_EQ(country_code_of_region("US"), 1);
  EXPECT_EQ(country_code_of_region("gb"), std::nullopt);
  EXPECT_EQ(country_code_of_region("001"), std::nullopt);
  EXPECT_EQ(main_region(1), "US");
  EXPECT_EQ(main_region(800), "001");
  EXPECT_EQ(main_region(999), "");
  EXPECT_EQ(region_name("CI"), "Côte d'Ivoire");
  EXPECT_EQ(regions().size(), 245U);
  EXPECT_TRUE(std::ranges::is_sorted(regions()));
  EXPECT_EQ(country_code_of_digits("3581"), 358);
  EXPECT_EQ(country_code_of_digits("0"), std::nullopt);
  EXPECT_EQ(country_code_of_digits("999"), std::nullopt);
  EXPECT_EQ(country_code_of_digits(""), std::nullopt);
}

TEST(NumberingPlan, JudgesLengths) {
  EXPECT_EQ(length_of(phone_number::parse("+44207946").value()), length_verdict::too_short);
  EXPECT_EQ(length_of(phone_number::parse("+442079460958").value()), length_verdict::possible);
  EXPECT_EQ(length_of(phone_number::parse("+4420794609581").value()), length_verdict::too_long);
}

TEST(NumberingPlan, TellsTypeFromPrefixWhenOnlyOneFits) {
  EXPECT_EQ(name(type_of_prefix("1900")), "premium_rate");
  EXPECT_EQ(name(type_of_prefix("44909")), "premium_rate");
  EXPECT_EQ(name(type_of_prefix("44")), "unknown");
  EXPECT_EQ(name(type_of_prefix("999")), "unknown");
}

TEST(NumberingPlan, KnowsEmergencyNumbersByCountry) {
  struct row {
    const char* region;
    const char* digits;
    bool emergency;
  };
  const row rows[] = {{"GB", "999", true},  {"GB", "112", true}, {"GB", "911", true},   {"US", "911", true},
                      {"US", "999", false}, {"DE", "110", true}, {"FR", "15", true},    {"AU", "000", true},
                      {"JP", "119", true},  {"", "112", true},   {"GB", "9999", false}, {"GB", "", false}};
  for (const row& one : rows)
    EXPECT_EQ(is_emergency(one.region, one.digits), one.emergency) << one.region << one.digits;
}

TEST(NumberingPlan, DialsAsTheRegionDoes) {
  const phone_number london = phone_number::parse("+442079460958").value();
  EXPECT_EQ(dialled_from("GB", london), "02079460958");
  EXPECT_EQ(dialled_from("FR", london), "00442079460958");
  EXPECT_EQ(dialled_from("US", london), "011442079460958");
  EXPECT_EQ(dialled_from("", london), "+442079460958");
}

}  // namespace
}  // namespace tollgate::pstn::number
