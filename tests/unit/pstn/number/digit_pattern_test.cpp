// SPDX-License-Identifier: Apache-2.0
#include "pstn/number/digit_pattern.hpp"

#include <gtest/gtest.h>

namespace tollgate::pstn::number {
namespace {

struct row {
  const char* pattern;
  const char* digits;
  bool whole;
  bool could_start;
};

TEST(DigitPattern, MatchesWholeAndStart) {
  const row rows[] = {
      {"\\d{3}", "123", true, true},
      {"\\d{3}", "12", false, true},
      {"\\d{3}", "1234", false, false},
      {"[2-57]\\d", "31", true, true},
      {"[2-57]\\d", "61", false, false},
      {"1(?:2|34)?5", "15", true, true},
      {"1(?:2|34)?5", "1345", true, true},
      {"1(?:2|34)?5", "135", false, false},
      {"(?:1|12)3", "123", true, true},
      {"\\d{2,4}9", "1239", true, true},
      {"\\d{2,4}9", "123456", false, false},
      {"", "", true, true},
      {"", "1", false, false},
      {"112|911", "911", true, true},
      {"112|911", "9", false, true},
  };
  for (const row& one : rows) {
    EXPECT_EQ(matches(one.pattern, one.digits), one.whole) << one.pattern << " on " << one.digits;
    EXPECT_EQ(could_start(one.pattern, one.digits), one.could_start) << one.pattern << " on " << one.digits;
  }
}

TEST(DigitPattern, CapturesGroupsOfTheStart) {
  const leading_match match = match_start("0?(?:(11|2\\d)15)?(3)?", "011154");
  EXPECT_TRUE(match.found);
  EXPECT_EQ(match.size, 5U);
  EXPECT_EQ(match.group_count, 2U);
  EXPECT_EQ(match.groups[1], "11");
  EXPECT_TRUE(match.groups[2].empty());
}

TEST(DigitPattern, DollarStandsForTheEnd) {
  EXPECT_TRUE(match_start("1|([457]\\d{2})$", "423").found);
  EXPECT_FALSE(match_start("1|([457]\\d{2})$", "4234").found);
}

// Patterns are our own data, yet none may loop or read beyond its end.
TEST(DigitPattern, SurvivesBrokenPatterns) {
  for (const char* pattern :
       {"(", "(?:", "[", "\\", "[1", "1{", "1{2", "1{2,", "()", "(?:)?", "(?:){3}5", "{2}", "?", "|", ")"}) {
    matches(pattern, "123");
    could_start(pattern, "123");
    match_start(pattern, "123");
  }
}

}  // namespace
}  // namespace tollgate::pstn::number
