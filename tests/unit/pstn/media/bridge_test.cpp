// SPDX-License-Identifier: Apache-2.0
// A peer, a gateway and a telephone in virtual time: what is spoken at one end against what is heard at the
// other.
#include "pstn/media/bridge.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <utility>

#include "call.hpp"
#include "pstn/media/codec.hpp"

namespace tollgate::pstn::media::test {
namespace {

struct condition {
  const char* name;
  link network;
  codec_id law;
  double delay_most_ms;
  double spread_most_ms;
  double likeness_least;  // of every second
  double likeness_mean;
};

std::ostream& operator<<(std::ostream& out, const condition& of) {
  return out << of.name;
}

class Bridge : public testing::TestWithParam<condition> {};

TEST_P(Bridge, CarriesSpeechBothWays) {
  const condition& under = GetParam();
  if (!codec_available(under.law)) GTEST_SKIP();
  call each(under.network, under.law);
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  each.talk(12);
  for (const auto& [where, heard] :
       {std::pair("phone", each.at_the_phone()), std::pair("peer", each.at_the_peer())}) {
    SCOPED_TRACE(where);
    ASSERT_GE(heard.pieces.size(), 9u);
    EXPECT_LE(heard.delay_ms(), under.delay_most_ms);
    EXPECT_LE(heard.delay_spread_ms(), under.spread_most_ms);
    EXPECT_GE(heard.least_likeness(), under.likeness_least);
    EXPECT_GE(heard.mean_likeness(), under.likeness_mean);
    // Concealed voice fades, so that loss takes a little of the level.
    const bool low_rate = under.law == codec_id::g729;
    EXPECT_NEAR(heard.level_db(), 0, (low_rate ? 1 : 0.5) + (low_rate ? 50 : 20) * under.network.loss);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Networks, Bridge,
    testing::Values(condition{"clean", {5, 0, 0}, codec_id::pcma, 90, 12, 0.94, 0.955},
                    condition{"clean_ulaw", {5, 0, 0}, codec_id::pcmu, 90, 12, 0.94, 0.955},
                    condition{"jitter_10", {5, 10, 0}, codec_id::pcma, 110, 25, 0.93, 0.95},
                    condition{"jitter_40", {20, 40, 0}, codec_id::pcma, 220, 60, 0.4, 0.92},
                    condition{"loss_2", {5, 2, 0.02}, codec_id::pcma, 130, 45, 0.6, 0.93},
                    condition{"loss_5", {5, 2, 0.05}, codec_id::pcma, 130, 45, 0.5, 0.88},
                    condition{"clean_g722", {5, 0, 0}, codec_id::g722, 90, 12, 0.94, 0.955},
                    condition{"clean_g726", {5, 0, 0}, codec_id::g726_32, 90, 12, 0.94, 0.955},
                    condition{"clean_gsm", {5, 0, 0}, codec_id::gsm, 90, 12, 0.75, 0.85},
                    condition{"clean_g729", {5, 0, 0}, codec_id::g729, 90, 12, 0.5, 0.75},
                    condition{"clean_opus", {5, 0, 0}, codec_id::opus, 90, 12, 0.9, 0.92},
                    condition{"loss_5_g722", {5, 2, 0.05}, codec_id::g722, 130, 45, 0.5, 0.88},
                    condition{"loss_5_g729", {5, 2, 0.05}, codec_id::g729, 130, 60, 0.3, 0.58},
                    condition{"copies", {5, 2, 0, 0.3}, codec_id::pcma, 100, 25, 0.94, 0.955}),
    [](const testing::TestParamInfo<condition>& of) { return of.param.name; });

}  // namespace
}  // namespace tollgate::pstn::media::test
