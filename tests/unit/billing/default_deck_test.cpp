// SPDX-License-Identifier: Apache-2.0
// The shipped deck is good and prices what the README promises.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "billing/rate_deck.hpp"

namespace tollgate::billing {
namespace {

TEST(DefaultDeck, IsReadWithoutProblemsAndHasTheGlobalRate) {
  std::ifstream file(TOLLGATE_SOURCE_DIR "/billing/deck/default.csv", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  const auto deck = parse_deck(text.str());
  for (const auto& problem : deck.problems)
    ADD_FAILURE() << problem.line << " " << problem.column << ": " << problem.text;
  std::vector<rate> rates;
  for (const auto& line : deck.lines)
    rates.push_back(line.terms);
  const rate_table table("EUR", std::move(rates));
  EXPECT_GT(table.size(), 1000U);
  const auto* london = table.find("442079460958");
  ASSERT_NE(london, nullptr);
  EXPECT_EQ(call_price(*london, std::chrono::seconds{60}).micros, 17'000);
  EXPECT_EQ(call_price(*london, std::chrono::seconds{61}).micros, 34'000);
}

}  // namespace
}  // namespace tollgate::billing
