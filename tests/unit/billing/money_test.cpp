// SPDX-License-Identifier: Apache-2.0
// Decimal text of amounts.
#include "billing/money.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "billing/error.hpp"

namespace tollgate::billing {
namespace {

TEST(Money, ReadsPlainDecimals) {
  struct row {
    const char* text;
    std::int64_t micros;
  };
  for (const auto& [text, micros] :
       {row{"0", 0}, row{"20", 20'000'000}, row{"0.017", 17'000}, row{"0.000001", 1}, row{"-3.5", -3'500'000},
        row{"007.10", 7'100'000}, row{"1000000000", max_balance.micros}, row{"-0", 0}}) {
    const auto read = parse_money(text);
    ASSERT_TRUE(read.has_value()) << text;
    EXPECT_EQ(read->micros, micros) << text;
  }
}

TEST(Money, RefusesEverythingElse) {
  for (const char* text : {"",
                           "-",
                           ".",
                           ".5",
                           "5.",
                           "1.2345678",
                           "1,5",
                           " 1",
                           "1 ",
                           "+1",
                           "--1",
                           "1e3",
                           "0x10",
                           "1.-5",
                           "1.2.3",
                           "abc",
                           "1000000000.000001",
                           "99999999999999999999",
                           "00000000000000000000000000001",
                           "\xd9\xa1"}) {
    const auto read = parse_money(text);
    ASSERT_TRUE(read.has_error()) << text;
    EXPECT_EQ(read.error(), error::malformed) << text;
  }
}

TEST(Money, PrintsShortestDecimalWithTwoPlacesAtLeast) {
  struct row {
    std::int64_t micros;
    const char* text;
  };
  for (const auto& [micros, text] : {row{0, "0.00"}, row{20'000'000, "20.00"}, row{17'000, "0.017"},
                                     row{1, "0.000001"}, row{-3'500'000, "-3.50"}, row{-1, "-0.000001"},
                                     row{std::numeric_limits<std::int64_t>::min(), "-9223372036854.775808"}})
    EXPECT_EQ(to_string(money{micros}), text);
}

TEST(Money, IsReadBackAsPrinted) {
  for (std::int64_t micros : {std::int64_t{0}, std::int64_t{123}, std::int64_t{-999'999}, max_balance.micros,
                              -max_balance.micros}) {
    const auto read = parse_money(to_string(money{micros}));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->micros, micros);
  }
}

TEST(Money, CurrencyIsThreeCapitals) {
  EXPECT_TRUE(is_currency("EUR"));
  for (const char* text : {"", "EU", "EURO", "eur", "E1R"})
    EXPECT_FALSE(is_currency(text)) << text;
}

}  // namespace
}  // namespace tollgate::billing
