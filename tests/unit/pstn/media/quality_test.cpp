// SPDX-License-Identifier: Apache-2.0
// The E-model against figures of the recommendations, and the estimates of a call in both directions.
#include "pstn/media/quality.hpp"

#include <gtest/gtest.h>

#include <array>

#include "call.hpp"

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;

// ITU-T G.107 table B.1.
TEST(Quality, ScoreOfARatingIsTheRecommendations) {
  constexpr std::pair<double, double> rows[] = {{90, 4.34}, {80, 4.03}, {70, 3.60}, {60, 3.10}, {50, 2.58}};
  for (const auto& [rating, score] : rows)
    EXPECT_NEAR(mos_of_rating(rating), score, 0.0075) << rating;
  EXPECT_EQ(mos_of_rating(0), 1);
  EXPECT_EQ(mos_of_rating(100), 4.5);
  EXPECT_NEAR(mos_of_rating(93.2), 4.41, 0.005);  // of all default values
}

// Delay with the default values of everything else: R = 93.2 - 0.024 d - 0.11 (d - 177.3 above it), the
// approximation that Cole and Rosenbluth (ACM CCR 31, 2001) fitted to G.107's curve, holds to about one and a
// half up to 300 ms.
TEST(Quality, RatingFallsWithDelayAsTheCurveOfG107) {
  for (const int delay : {0, 25, 50, 100, 150, 200, 250, 300}) {
    const double expected = 93.2 - 0.024 * delay - 0.11 * std::max(delay - 177.3, 0.0);
    EXPECT_NEAR(rating_factor({codec_id::pcma, 0}, std::chrono::milliseconds(delay)), expected, 1.6) << delay;
  }
}

struct loss_row {
  codec_id codec;
  double loss, burst_ratio, impairment;  // Ie,eff by hand from Ie and Bpl
};

TEST(Quality, LossImpairsByCodecAndBurst) {
  const loss_row rows[] = {
      {codec_id::pcma, 0, 1, 0},
      {codec_id::pcma, 0.01, 1, 95 * 1 / (1 + 25.1)},
      {codec_id::pcmu, 0.05, 1, 95 * 5 / (5 + 25.1)},
      {codec_id::pcma, 0.02, 2, 95 * 2 / (1 + 25.1)},
      {codec_id::pcma, 0.02, 0.5, 95 * 2 / (2 + 25.1)},  // no less than random
      {codec_id::opus, 0.10, 1, 95 * 10 / (10 + 20.0)},
  };
  for (const loss_row& each : rows)
    EXPECT_NEAR(rating_factor({each.codec, each.loss, each.burst_ratio}, 0ms), 93.2 - each.impairment, 0.01);
  EXPECT_EQ(rating_factor({codec_id::pcma, 1}, 2000ms), 0);
}

// ITU-T G.113 Appendix I: Ie of table I.1 (G.711 0, G.726-32 7, GSM-FR 20) and of table I.4 (G.729A with VAD
// 11), Bpl of table I.4 (G.711 with concealment 25.1, G.729A with VAD 19.0, GSM-EFR 10.0). The others are our
// own choice: see quality.cpp.
TEST(Quality, CodecsHaveTheFiguresOfG113) {
  struct codec_row {
    codec_id codec;
    double equipment, robustness;
  };
  constexpr codec_row rows[] = {{codec_id::pcma, 0, 25.1}, {codec_id::pcmu, 0, 25.1},
                                {codec_id::g722, 0, 20},   {codec_id::g726_32, 7, 20},
                                {codec_id::gsm, 20, 10},   {codec_id::g729, 11, 19},
                                {codec_id::opus, 0, 20}};
  ASSERT_EQ(std::size(rows), all_codecs.size());
  for (const codec_row& row : rows) {
    SCOPED_TRACE(encoding_name(row.codec));
    EXPECT_NEAR(rating_factor({row.codec, 0}, 0ms), 93.2 - row.equipment, 0.01);
    const double of_3_percent = row.equipment + (95 - row.equipment) * 3 / (3 + row.robustness);
    EXPECT_NEAR(rating_factor({row.codec, 0.03}, 0ms), 93.2 - of_3_percent, 0.01);
  }
}

TEST(Quality, ImpairmentsOfStreamsInARowAddUp) {
  const std::array both{stream_quality{codec_id::opus, 0.03}, stream_quality{codec_id::pcma, 0.02}};
  const double fallen = 2 * 93.2 - rating_factor(both[0], 0ms) - rating_factor(both[1], 0ms);
  EXPECT_NEAR(rating_factor(both, 0ms), 93.2 - fallen, 1e-9);
}

// What is lost on the way to the gateway is heard from this side; what is lost on the way from it is known
// from the far ends' reports alone, and what they hear has suffered on both ways.
TEST(Quality, IsEstimatedInBothDirections) {
  test::call each(test::link{30, 0, 0.06}, test::link{30}, codec_id::pcma, true, 3);
  each.gateway.connect_voice(true);
  each.talk(30);
  for (const side which : {side::overlay, side::trunk}) {
    const leg_statistics of = each.gateway.statistics(which);
    EXPECT_LT(of.mos, 4.3);
    EXPECT_NEAR(of.remote_loss_total.value_or(1), 0, 0.001);
    ASSERT_TRUE(of.remote_mos.has_value());
    // The other side's loss is in it, and the delay of both.
    EXPECT_LE(*of.remote_mos, each.gateway.statistics(other(which)).mos);
    EXPECT_GT(*of.remote_mos, 2);
  }
  test::call back(test::link{30}, test::link{30, 0, 0.06}, codec_id::pcma, true, 3);
  back.gateway.connect_voice(true);
  back.talk(30);
  for (const side which : {side::overlay, side::trunk}) {
    const leg_statistics of = back.gateway.statistics(which);
    EXPECT_GT(of.mos, 4.3);
    EXPECT_NEAR(of.remote_loss_total.value_or(0), 0.06, 0.025);
    ASSERT_TRUE(of.remote_mos.has_value());
    EXPECT_LT(*of.remote_mos, 4.2);
    EXPECT_GT(*of.remote_mos, 3);
  }
}

TEST(Quality, LossInBurstsIsKnownAsSuch) {
  test::link bursty{5};
  bursty.drops = test::bursts(0.04, 4, 9);
  test::call each(bursty, test::link{5}, codec_id::pcma, true, 3);
  test::call random(test::link{5, 0, 0.04}, test::link{5}, codec_id::pcma, true, 3);
  for (test::call* one : {&each, &random}) {
    one->gateway.connect_voice(true);
    one->talk(30);
  }
  EXPECT_LT(each.gateway.statistics(side::trunk).mos, random.gateway.statistics(side::trunk).mos);
  EXPECT_GT(each.gateway.statistics(side::trunk).burst_ratio, 2);
  EXPECT_NEAR(random.gateway.statistics(side::trunk).burst_ratio, 1, 0.15);
}

}  // namespace
}  // namespace tollgate::pstn::media
