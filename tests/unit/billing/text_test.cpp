// SPDX-License-Identifier: Apache-2.0
// UTF-8 cleaning and ISO 8601 times.
#include "billing/text.hpp"

#include <gtest/gtest.h>

namespace tollgate::billing {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

TEST(Text, OnlyValidPrintableCharactersStay) {
  struct row {
    const char* name;
    std::string text;
    std::string clean;
  };
  for (const auto& [name, text, clean] :
       {row{"plain", "abc ~", "abc ~"}, row{"accents", "Zoë 電話 😀", "Zoë 電話 😀"},
        row{"controls", "a\tb\nc\x7f", "abc"}, row{"C1 controls", "a\xc2\x85z", "az"},
        row{"overlong", "\xc0\xafx\xe0\x80\xafy", "xy"}, row{"surrogate", "\xed\xa0\x80z", "z"},
        row{"too high", "\xf4\x90\x80\x80z", "z"}, row{"cut off", "ab\xe2\x82", "ab"},
        row{"lone continuation", "\x80q", "q"}}) {
    EXPECT_EQ(clean_text(text), clean) << name;
    EXPECT_EQ(is_clean(text), text == clean) << name;
  }
  EXPECT_EQ(clean_text("äää", 5), "ää");
  EXPECT_EQ(clean_text("abc", 0), "");
}

TEST(Text, TimesAreReadAsPrinted) {
  for (const auto at :
       {sys_days(2026y / 11 / 22) + 7h + 55min + 32s + 123456us, sys_days(1970y / 1 / 1) + 0us,
        sys_days(2024y / 2 / 29) + 1us, sys_days(2262y / 4 / 11) + 23h + 47min + 16s + 854775us}) {
    const std::chrono::system_clock::time_point time{at};
    EXPECT_EQ(parse_iso_time(iso_time(time)), time) << iso_time(time);
  }
  EXPECT_EQ(iso_time(std::chrono::system_clock::time_point{sys_days(2026y / 1 / 2)} + 3h),
            "2026-01-02T03:00:00.000000Z");
  EXPECT_EQ(parse_iso_time("2026-01-02"), std::chrono::system_clock::time_point{sys_days(2026y / 1 / 2)});
}

TEST(Text, SecondsHaveAsManyDigitsAsTheirWriterHas) {
  const std::chrono::system_clock::time_point noon{sys_days(2026y / 11 / 22) + 12h};
  EXPECT_EQ(parse_iso_time("2026-11-22T12:00:00.2Z"), noon + 200ms);
  EXPECT_EQ(parse_iso_time("2026-11-22T12:00:00.025Z"), noon + 25ms);
  EXPECT_EQ(parse_iso_time("2026-11-22T12:00:00.123456789Z"), noon + 123456us) << "cut off";
}

TEST(Text, OtherTimesAreRefused) {
  for (const char* text : {"",
                           "2026",
                           "2026-13-01",
                           "2026-02-29",
                           "2026-1-1",
                           "1969-12-31",
                           "2026-01-01T",
                           "2026-01-01T24:00:00Z",
                           "2026-01-01T00:00:00",
                           "2026-01-01 00:00:00Z",
                           "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00.-5Z",
                           "2026-01-01T00:00:00.0123456789Z",
                           "2026-01-01T00:00:00Zx",
                           "99999-01-01",
                           "2262-04-11T23:47:17Z",
                           "2262-04-12",
                           "9999-12-31T23:59:59Z",
                           "2026-01-01T00:00:60Z",
                           "-026-01-01"})
    EXPECT_FALSE(parse_iso_time(text).has_value()) << text;
}

}  // namespace
}  // namespace tollgate::billing
