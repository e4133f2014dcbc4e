// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/call_charge.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace tollgate::gateway::peer {
namespace {

using std::chrono::seconds;

boost::json::object price(std::int64_t per_minute, std::int64_t fee, std::int64_t initial,
                          std::int64_t next) {
  return {{"price_per_minute_micros", per_minute},
          {"connection_fee_micros", fee},
          {"initial_increment_s", initial},
          {"next_increment_s", next},
          {"currency", "EUR"},
          {"destination", "Global zone"}};
}

boost::json::object price_with_gifts(std::int64_t free_start, std::int64_t included) {
  auto body = price(60'000, 1'000, 60, 60);
  body["free_start_s"] = free_start;
  body["included_s"] = included;
  return body;
}

struct estimate_row {
  const char* name;
  boost::json::object price;
  std::int64_t talk_s;
  std::int64_t micros;
};

class CallCharge : public testing::TestWithParam<estimate_row> {};

TEST_P(CallCharge, IsEstimatedByIncrements) {
  call_charge charge;
  charge.learn(GetParam().price);
  EXPECT_EQ(charge.estimate_micros(seconds(GetParam().talk_s)), GetParam().micros);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, CallCharge,
    testing::Values(estimate_row{"FirstMinuteAtOnce", price(17'000, 0, 60, 60), 0, 17'000},
                    estimate_row{"ExactMinute", price(17'000, 0, 60, 60), 60, 17'000},
                    estimate_row{"SecondMinute", price(17'000, 0, 60, 60), 61, 34'000},
                    estimate_row{"ConnectionFee", price(17'000, 39'000, 60, 60), 5, 56'000},
                    estimate_row{"BySecondsRoundedUpOnce", price(17'000, 0, 1, 1), 10, 2'834},
                    estimate_row{"FreeStart", price_with_gifts(10, 0), 10, 0},
                    estimate_row{"BehindTheFreeStart", price_with_gifts(10, 0), 11, 61'000},
                    estimate_row{"IncludedSeconds", price_with_gifts(0, 60), 60, 1'000},
                    estimate_row{"BehindIncludedSeconds", price_with_gifts(0, 60), 61, 61'000},
                    estimate_row{"NonsenseGifts", price_with_gifts(-1, -1), 60, 61'000},
                    estimate_row{"NonsenseIncrements", price(60, 0, 0, -5), 3, 3},
                    estimate_row{"NonsensePrice", price(-1, 0, 60, 60), 3, 0}),
    [](const auto& row) { return row.param.name; });

TEST(CallChargeText, IsEmptyWithoutAPrice) {
  call_charge charge;
  charge.learn({{"state", "ringing"}});
  EXPECT_EQ(charge.estimate_micros(seconds(5)), std::nullopt);
  EXPECT_EQ(charge.price_text(), "");
  EXPECT_EQ(charge.running_text(seconds(5)), "");
}

TEST(CallChargeText, ShowsCostAndWhatIsLeftOfTheCredit) {
  call_charge charge;
  charge.learn_credit({{"available_micros", 10'000'000}});
  charge.learn(price(17'000, 0, 60, 60));
  EXPECT_EQ(charge.running_text(seconds(5)), "cost EUR 0.017  credit EUR 9.983");
  EXPECT_EQ(charge.price_text(), "EUR 0.017 a minute (Global zone)");
}

TEST(CallChargeText, TellsWhatIsFree) {
  call_charge charge;
  charge.learn(price_with_gifts(10, 60));
  EXPECT_EQ(charge.price_text(),
            "EUR 0.06 a minute, connection fee EUR 0.001, free up to 10 s, 60 s included (Global zone)");
}

TEST(CallChargeText, SurvivesHugeNumbers) {
  constexpr auto huge = std::numeric_limits<std::int64_t>::max();
  call_charge charge;
  charge.learn_credit({{"available_micros", huge}});
  charge.learn(price(huge, huge, huge, huge));
  EXPECT_TRUE(charge.estimate_micros(seconds(huge)).has_value());
  EXPECT_NE(charge.running_text(seconds(huge)), "");
}

TEST(CallChargeText, SummaryLeavesOutWhatIsNotThere) {
  EXPECT_EQ(call_charge::summary_text({}), "");
  EXPECT_EQ(call_charge::summary_text({{"duration_ms", 12'900}}), "duration 0:12");
  EXPECT_EQ(call_charge::summary_text({{"duration_ms", 12'900},
                                       {"currency", "EUR"},
                                       {"billed_s", 60},
                                       {"charged_micros", 17'000},
                                       {"balance_after_micros", 9'983'000},
                                       {"charge_pending", false}}),
            "duration 0:12, billed 60 s, charged EUR 0.017, credit EUR 9.983");
  EXPECT_EQ(call_charge::summary_text({{"currency", "EUR"}, {"charge_pending", true}}), "the charge follows");
}

}  // namespace
}  // namespace tollgate::gateway::peer
