// SPDX-License-Identifier: Apache-2.0
// Conformity to ITU-T G.711 over every code and every linear sample. The expected tables are made here from
// the segments of the recommendation's Tables 1a and 2a, not by the code under test.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "pstn/media/codec.hpp"

namespace tollgate::pstn::media {
namespace {

// One code of a law: the character signal as sent, the quantised value, and the decision values between which
// samples become this code, in units of 16-bit linear PCM.
struct level {
  std::uint8_t code;
  int value;
  int from;
  int to;
};

// Table 1a, A-law, in units of 1/4096 of full scale: segment 1 has 32 intervals of 2 from 0 on, and each of
// the six above has 16 intervals twice as wide as those of the segment below; a level is in the middle of its
// interval. Even bits are inverted before sending (§3.2), the sign bit is 1 for positive values.
std::vector<level> a_law() {
  std::vector<level> table;
  for (int segment = 0; segment < 8; ++segment)
    for (int step = 0; step < 16; ++step) {
      const int width = segment < 2 ? 2 : 2 << (segment - 1);
      const int start = segment == 0 ? 0 : 32 << (segment - 1);
      const int low = (start + step * width) * 8, high = (start + (step + 1) * width) * 8;
      const int character = segment << 4 | step;
      table.push_back({static_cast<std::uint8_t>((0x80 | character) ^ 0x55), (low + high) / 2, low, high});
      table.push_back({static_cast<std::uint8_t>(character ^ 0x55), -(low + high) / 2, -high, -low});
    }
  return table;
}

// Table 2a, µ-law, in units of 1/8159 of full scale: segment 1 has the levels 0, 2, 4 ... 30, segment n has
// 16 levels in steps of 2^n; decision values lie halfway, and at the border of two segments on the lower
// one's grid. All bits are inverted, the sign bit is 1 for positive values.
std::vector<level> mu_law() {
  std::vector<level> table;
  for (int segment = 0; segment < 8; ++segment)
    for (int step = 0; step < 16; ++step) {
      const auto scaled = [segment](int steps) { return (steps * (1 << segment) - 33) * 4; };
      const int low = std::max(scaled(2 * step + 32), 0), high = scaled(2 * step + 34);
      const int value = scaled(2 * step + 33);
      const int character = segment << 4 | step;
      table.push_back({static_cast<std::uint8_t>((0x80 | character) ^ 0x7F), value, low, high});
      table.push_back({static_cast<std::uint8_t>(character ^ 0x7F), -value, -high, -low});
    }
  return table;
}

std::vector<level> table_of(codec_id law) {
  return law == codec_id::pcma ? a_law() : mu_law();
}

class G711 : public testing::TestWithParam<codec_id> {
 protected:
  int decoded(std::uint8_t code) {
    const std::array payload{std::byte{code}};
    std::array<std::int16_t, 1> sample{};
    decoder_->decode(127, payload, sample);
    return sample[0];
  }
  std::uint8_t encoded(int value) {
    const std::array sample{static_cast<std::int16_t>(value)};
    std::array<std::byte, 1> payload{};
    encoder_->encode(sample, payload);
    return std::to_integer<std::uint8_t>(payload[0]);
  }

  std::unique_ptr<encoder> encoder_ = make_encoder(default_description(GetParam()), 8000).value();
  std::unique_ptr<decoder> decoder_ = make_decoder(default_description(GetParam()), 8000).value();
};

TEST_P(G711, EveryCodeDecodesToTheRecommendationsValue) {
  const auto table = table_of(GetParam());
  ASSERT_EQ(table.size(), 256u);
  for (const level& each : table)
    EXPECT_EQ(decoded(each.code), each.value) << "code " << int{each.code};
}

TEST_P(G711, EveryCodeIsEncodedToItselfAgain) {
  for (int code = 0; code < 256; ++code) {
    // µ-law has two zeros; linear samples know one, which is the positive one's.
    const bool negative_zero = GetParam() == codec_id::pcmu && code == 0x7F;
    EXPECT_EQ(encoded(decoded(static_cast<std::uint8_t>(code))), negative_zero ? 0xFF : code);
  }
}

// On a decision value itself both neighbours are right: the tables leave that to the coder.
TEST_P(G711, EverySampleIsEncodedBetweenItsDecisionValues) {
  std::array<level, 256> level_of{};
  int most = 0;
  for (const level& each : table_of(GetParam())) {
    level_of[each.code] = each;
    most = std::max(most, each.to);
  }
  int wrong = 0;
  for (int sample = -32768; sample <= 32767; ++sample) {
    const level& chosen = level_of[encoded(sample)];
    const int held = std::clamp(sample, -most, most);  // the laws are overloaded above
    if ((held < chosen.from || held > chosen.to) && ++wrong <= 10)
      ADD_FAILURE() << sample << " became " << chosen.value;
  }
  EXPECT_EQ(wrong, 0);
}

INSTANTIATE_TEST_SUITE_P(Laws, G711, testing::Values(codec_id::pcma, codec_id::pcmu),
                         [](const auto& of) { return std::string(encoding_name(of.param)); });

// G.711 Tables 5 and 6: the periodic sequence that makes 1 kHz at 0 dBm0, which is 3.14 (A) or 3.17 (µ) dB
// below a sine of full load.
TEST(G711, TheDigitalMilliwattHasItsLevel) {
  struct row {
    codec_id law;
    std::array<std::uint8_t, 8> codes;
    double overload;
  };
  const row rows[] = {
      {codec_id::pcma, {0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4}, 4096.0 * 8},
      {codec_id::pcmu, {0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E}, 8159.0 * 4},
  };
  for (const row& each : rows) {
    auto back = make_decoder(default_description(each.law), 8000).value();
    std::array<std::int16_t, 8> samples{};
    back->decode(127, std::as_bytes(std::span(each.codes)), samples);
    double power = 0;
    for (const std::int16_t sample : samples)
      power += sample * static_cast<double>(sample) / 8;
    const double below_full_load = 10 * std::log10(each.overload * each.overload / 2 / power);
    EXPECT_NEAR(below_full_load, each.law == codec_id::pcma ? 3.14 : 3.17, 0.03);
  }
}

}  // namespace
}  // namespace tollgate::pstn::media
