// SPDX-License-Identifier: Apache-2.0
#include "pstn/number/phone_number.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

#include "pstn/number/dial_error.hpp"

namespace tollgate::pstn::number {
namespace {

TEST(PhoneNumber, TellsItsParts) {
  const phone_number london = phone_number::parse("+442079460958").value();
  EXPECT_EQ(london.e164(), "+442079460958");
  EXPECT_EQ(london.digits(), "442079460958");
  EXPECT_EQ(london.country_code(), 44);
  EXPECT_EQ(london.national(), "2079460958");
  EXPECT_EQ(redacted(london), "+44********58");
}

TEST(PhoneNumber, RefusesWhatIsNotE164) {
  struct row {
    const char* text;
    dial_error error;
  };
  const row rows[] = {
      {"", dial_error::empty},
      {"442079460958", dial_error::malformed},
      {"+44 2079460958", dial_error::malformed},
      {"+4420x", dial_error::malformed},
      {"++442079460958", dial_error::malformed},
      {"+", dial_error::too_short},
      {"+441", dial_error::too_short},
      {"+4420794609581234", dial_error::too_long},
      {"+02079460958", dial_error::unknown_country_code},
      {"+9991234567", dial_error::unknown_country_code},
      {"+21012345678", dial_error::unknown_country_code},
  };
  for (const row& one : rows) {
    const auto parsed = phone_number::parse(one.text);
    ASSERT_TRUE(parsed.has_error()) << one.text;
    EXPECT_EQ(parsed.error(), one.error) << one.text << ": " << parsed.error().message();
  }
}

TEST(PhoneNumber, ComparesAndHashes) {
  const phone_number one = phone_number::parse("+16505550100").value();
  const phone_number same = phone_number::parse("+16505550100").value();
  const phone_number other = phone_number::parse("+442079460958").value();
  EXPECT_EQ(one, same);
  EXPECT_LT(one, other);
  EXPECT_EQ((std::unordered_set<phone_number>{one, same, other}.size()), 2U);
}

}  // namespace
}  // namespace tollgate::pstn::number
