// SPDX-License-Identifier: Apache-2.0
// What a new version changes, and what is sold below cost.
#include "billing/rate_comparison.hpp"

#include <gtest/gtest.h>

namespace tollgate::billing {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using namespace std::chrono_literals;

const wall_time now = sys_days(2026y / 1 / 10);

rate priced(const char* prefix, std::int64_t per_minute, std::int64_t fee = 0) {
  return {.prefix = prefix, .destination = "x", .connection_fee = {fee}, .price_per_minute = {per_minute}};
}

TEST(RateComparison, TellsEveryKindOfChange) {
  auto renamed = priced("7", 100);
  renamed.destination = "y";
  auto finer = priced("8", 100);  // per second: shorter calls cost less
  finer.next_increment = finer.initial_increment = seconds{1};
  const std::vector<deck_line> before{{priced("1", 100)}, {priced("2", 100)}, {priced("3", 100)},
                                      {priced("4", 100)}, {priced("7", 100)}, {priced("8", 100)},
                                      {priced("9", 100)}};
  const std::vector<deck_line> after{
      {priced("9", 90, 20)}, {finer},           {renamed},         {priced("5", 100)},
      {priced("4", 100)},    {priced("3", 99)}, {priced("2", 101)}};
  const auto difference = compare_decks(before, after, now);
  const auto only = [](const change_list& list) { return list.count == 1 ? list.first.at(0).prefix : "?"; };
  EXPECT_EQ(only(difference.gone), "1");
  EXPECT_EQ(only(difference.fresh), "5");
  EXPECT_EQ(only(difference.changed), "7");
  EXPECT_EQ(difference.unchanged, 1U);
  ASSERT_EQ(difference.dearer.count, 2U);  // 9: a lower price and a fee is dearer for short calls
  EXPECT_EQ(difference.dearer.first[0].prefix, "2");
  EXPECT_EQ(difference.dearer.first[1].prefix, "9");
  ASSERT_EQ(difference.cheaper.count, 2U);
  EXPECT_EQ(difference.cheaper.first[0].before->price_per_minute.micros, 100);
  EXPECT_EQ(difference.cheaper.first[0].after->price_per_minute.micros, 99);
  EXPECT_EQ(difference.cheaper.first[1].prefix, "8");
}

TEST(RateComparison, TakesWhatIsInForceOrComesNext) {
  const auto past = now - 24h, later = now + 24h;
  const std::vector<deck_line> before{{priced("1", 100), std::nullopt, past},
                                      {priced("1", 200), past, later},
                                      {priced("1", 300), later, std::nullopt},
                                      {priced("2", 1), std::nullopt, past}};
  const std::vector<deck_line> after{{priced("1", 200)}, {priced("3", 5), later, std::nullopt}};
  const auto difference = compare_decks(before, after, now);
  EXPECT_EQ(difference.unchanged, 1U);
  EXPECT_EQ(difference.fresh.count, 1U);
  EXPECT_EQ(difference.gone.count, 0U);
  EXPECT_EQ(rates_at(before, now).size(), 1U);
  EXPECT_EQ(rates_at(after, later).size(), 2U);
}

TEST(RateComparison, ListsAreBounded) {
  std::vector<deck_line> after;
  for (int i = 0; i < 250; ++i)
    after.push_back({priced(std::to_string(100 + i).c_str(), 1)});
  const auto difference = compare_decks({}, after, now);
  EXPECT_EQ(difference.fresh.count, 250U);
  EXPECT_EQ(difference.fresh.first.size(), most_changes_listed);
}

TEST(RateComparison, FindsWhatIsSoldBelowCostAtThePrefixesOfEither) {
  const rate_table sell("EUR", {priced("44", 100), priced("4420", 300), priced("1", 50), priced("33", 10)});
  const rate_table cost("EUR", {priced("44", 200), priced("4479", 90), priced("447", 400), priced("1", 50)});
  loss_list losses;
  find_losses("default", sell, "acme", cost, losses);
  ASSERT_EQ(losses.count, 2U);
  EXPECT_EQ(losses.first[0].prefix, "44");
  EXPECT_EQ(losses.first[1].prefix, "447");  // only the carrier tells it apart
  EXPECT_EQ(losses.first[1].sell_per_minute.micros, 100);
  EXPECT_EQ(losses.first[1].cost_per_minute.micros, 400);
  loss_list none;
  find_losses("default", sell, "acme", rate_table("USD", {priced("44", 200)}), none);
  EXPECT_EQ(none.count, 0U);
}

TEST(RateComparison, MinuteRoundingIsALossToo) {
  auto per_second = priced("44", 100);
  per_second.initial_increment = per_second.next_increment = seconds{1};
  loss_list losses;
  find_losses("s", rate_table("EUR", {priced("44", 100)}), "c", rate_table("EUR", {per_second}), losses);
  EXPECT_EQ(losses.count, 0U);
  find_losses("s", rate_table("EUR", {priced("44", 100)}), "c", rate_table("EUR", {priced("44", 100, 1)}),
              losses);
  EXPECT_EQ(losses.count, 1U);
}

}  // namespace
}  // namespace tollgate::billing
