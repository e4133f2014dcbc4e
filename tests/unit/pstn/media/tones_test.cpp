// SPDX-License-Identifier: Apache-2.0
// Call progress tones as a far end hears them, through G.711 and Opus: frequencies by the Goertzel algorithm,
// one detector a frequency, cadence by the envelope. What is expected stands here, apart from the data that
// is tested.
#include <gtest/gtest.h>

#include <cmath>
#include <ostream>

#include "pstn/media/codec.hpp"
#include "pstn/media/tone_source.hpp"

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;
using samples = std::vector<std::int16_t>;

struct tone_case {
  const char* region;
  tone which;
  std::vector<double> frequencies_hz;  // in the first sound; those of a modulated tone with their side bands
  std::vector<int> cadence_ms;         // sound, silence, sound, ... of one period
};

std::ostream& operator<<(std::ostream& out, const tone_case& of) {
  return out << of.region << "_" << to_string(of.which);
}

samples played(const tone_case& of, int rate_hz, double seconds) {
  const auto source = make_tone_source(of.which, of.region);
  samples all(static_cast<std::size_t>(seconds * rate_hz));
  EXPECT_EQ(source->read(all, rate_hz), all.size());
  return all;
}

samples through(codec_id codec, const samples& sent, int rate_hz) {
  const codec_description description = default_description(codec);
  const auto encoder = make_encoder(description, rate_hz).value();
  const auto decoder = make_decoder(description, rate_hz).value();
  const std::size_t frame = static_cast<std::size_t>(rate_hz) / 50;
  std::vector<std::byte> payload(payload_max_bytes);
  samples heard, decoded(static_cast<std::size_t>(rate_hz) * 120 / 1000);
  for (std::size_t at = 0; at + frame <= sent.size(); at += frame) {
    const std::size_t bytes = encoder->encode(std::span(sent).subspan(at, frame), payload);
    const std::size_t count =
        decoder->decode(description.payload_type, std::span(payload).first(bytes), decoded);
    heard.insert(heard.end(), decoded.begin(), decoded.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return heard;
}

// Share of the power that is within the detector's band around a frequency.
double share_of(std::span<const std::int16_t> sound, double frequency_hz, int rate_hz) {
  const double coefficient = 2 * std::cos(2 * 3.14159265358979 * frequency_hz / rate_hz);
  double before = 0, last = 0, power = 1;
  for (const std::int16_t sample : sound) {
    const double now = sample + coefficient * last - before;
    before = last;
    last = now;
    power += static_cast<double>(sample) * sample;
  }
  const double found = last * last + before * before - coefficient * last * before;
  return 2 * found / (power * static_cast<double>(sound.size()));
}

// Lengths of sound and silence in turn, by the level of each 5 ms.
std::vector<int> cadence_of_sound(const samples& heard, int rate_hz) {
  const std::size_t step = static_cast<std::size_t>(rate_hz) / 200;
  std::vector<int> lengths;
  bool sounding = false;
  int quiet = 0;
  for (std::size_t at = 0; at + step <= heard.size(); at += step) {
    // The troughs of a modulated or beating tone are no pauses: only 30 ms of silence are.
    const bool loud = level_dbfs(std::span(heard).subspan(at, step)) > -32;
    quiet = loud ? 0 : quiet + 5;
    if (loud && !sounding) {
      sounding = true;
      if (lengths.empty() || lengths.size() % 2 == 0) lengths.push_back(0);
    }
    if (sounding && quiet >= 40) {
      sounding = false;
      lengths.back() -= 35;
      lengths.push_back(35);
    }
    if (!lengths.empty()) lengths.back() += 5;
  }
  return lengths;
}

class TonesOfCountries : public testing::TestWithParam<tone_case> {};

TEST_P(TonesOfCountries, AreHeardThroughAnyCodec) {
  const tone_case& of = GetParam();
  double period_s = 0;
  for (const int length : of.cadence_ms)
    period_s += length / 1000.0;
  for (const codec_id codec : {codec_id::pcma, codec_id::pcmu, codec_id::opus}) {
    const int rate_hz = codec == codec_id::opus ? 16000 : 8000;
    SCOPED_TRACE(encoding_name(codec));
    const samples heard = through(codec, played(of, rate_hz, 2 * period_s + 0.5), rate_hz);
    const std::vector<int> lengths = cadence_of_sound(heard, rate_hz);
    ASSERT_GE(lengths.size(), of.cadence_ms.size() + 1);
    for (std::size_t i = 0; i < of.cadence_ms.size(); ++i)
      EXPECT_NEAR(lengths[i], of.cadence_ms[i], 26) << "part " << i;
    // The middle of the first sound.
    const auto length = static_cast<std::size_t>(of.cadence_ms[0]) * static_cast<std::size_t>(rate_hz) / 1000;
    const auto sound = std::span(heard).subspan(length / 5, length * 3 / 5);
    double all = 0;
    for (const double frequency_hz : of.frequencies_hz) {
      const double share = share_of(sound, frequency_hz, rate_hz);
      EXPECT_GT(share, 0.6 / static_cast<double>(of.frequencies_hz.size()) / 2) << frequency_hz;
      all += share;
    }
    EXPECT_GT(all, 0.85);
    EXPECT_NEAR(level_dbfs(sound), -13, 3.5);
  }
}

INSTANTIATE_TEST_SUITE_P(
    E180, TonesOfCountries,
    testing::Values(
        tone_case{"US", tone::ringback, {440, 480}, {2000, 4000}},
        tone_case{"US", tone::busy, {480, 620}, {500, 500}},
        tone_case{"US", tone::congestion, {480, 620}, {250, 250}},
        tone_case{"CA", tone::busy, {480, 620}, {500, 500}},
        tone_case{"GB", tone::ringback, {400, 450}, {400, 200, 400, 2000}},
        tone_case{"GB", tone::busy, {400}, {375, 375}},
        tone_case{"GB", tone::congestion, {400}, {400, 350, 225, 525}},
        tone_case{"DE", tone::ringback, {425}, {1000, 4000}}, tone_case{"DE", tone::busy, {425}, {480, 480}},
        tone_case{"DE", tone::congestion, {425}, {240, 240}},
        tone_case{"FR", tone::ringback, {440}, {1500, 3500}}, tone_case{"FR", tone::busy, {440}, {500, 500}},
        tone_case{"ES", tone::congestion, {425}, {200, 200, 200, 200, 200, 600}},
        tone_case{"IT", tone::congestion, {425}, {200, 200}},
        tone_case{"CZ", tone::congestion, {425}, {165, 165}},
        tone_case{"AU", tone::ringback, {400, 450}, {400, 200, 400, 2000}},
        tone_case{"AU", tone::sit_vacant, {425}, {2500, 500}}, tone_case{"NZ", tone::busy, {400}, {500, 500}},
        tone_case{"JP", tone::ringback, {384, 400, 416}, {1000, 2000}},
        tone_case{"JP", tone::busy, {400}, {500, 500}},
        tone_case{"IN", tone::ringback, {375, 400, 425}, {400, 200, 400, 2000}},
        tone_case{"IN", tone::busy, {400}, {750, 750}},
        tone_case{"ZA", tone::ringback, {367, 400, 433}, {400, 200, 400, 2000}},
        tone_case{"CN", tone::ringback, {450}, {1000, 4000}}, tone_case{"CN", tone::busy, {450}, {350, 350}},
        tone_case{"KR", tone::ringback, {440, 480}, {1000, 2000}},
        tone_case{"KR", tone::congestion, {480, 620}, {300, 200}},
        tone_case{"SG", tone::busy, {425}, {750, 750}},
        tone_case{"HK", tone::ringback, {440, 480}, {400, 200, 400, 3000}},
        tone_case{"TR", tone::ringback, {450}, {2000, 4000}},
        tone_case{"TR", tone::congestion, {450}, {200, 200, 200, 200, 200, 200, 600, 200}},
        tone_case{"IL", tone::busy, {414}, {500, 500}}, tone_case{"RU", tone::busy, {425}, {350, 350}},
        tone_case{"UA", tone::congestion, {425}, {175, 175}},
        tone_case{"BR", tone::congestion, {425}, {250, 250, 750, 250}},
        tone_case{"MX", tone::busy, {425}, {250, 250}}, tone_case{"AR", tone::ringback, {425}, {1000, 4500}},
        tone_case{"XX", tone::ringback, {425}, {1000, 4000}}, tone_case{"", tone::busy, {425}, {500, 500}}),
    [](const testing::TestParamInfo<tone_case>& of) {
      return (*of.param.region ? of.param.region : std::string("Nowhere")) + "_" +
             std::string(to_string(of.param.which));
    });

struct information_case {
  const char* region;
  tone which;
  double frequencies_hz[3];
  int lengths_ms[3];
};

TEST(SpecialInformation, RisesInThreeTonesThatMachinesTellApartInNorthAmerica) {
  const information_case cases[] = {
      {"DE", tone::sit_intercept, {950, 1400, 1800}, {330, 330, 330}},
      {"DE", tone::sit_vacant, {950, 1400, 1800}, {330, 330, 330}},
      {"DE", tone::sit_no_circuit, {950, 1400, 1800}, {330, 330, 330}},
      {"US", tone::sit_intercept, {913.8, 1370.6, 1776.7}, {274, 274, 380}},
      {"US", tone::sit_vacant, {985.2, 1370.6, 1776.7}, {380, 274, 380}},
      {"CA", tone::sit_no_circuit, {985.2, 1428.5, 1776.7}, {380, 380, 380}},
  };
  for (const information_case& of : cases) {
    SCOPED_TRACE(std::string(of.region) + " " + std::string(to_string(of.which)));
    for (const codec_id codec : {codec_id::pcma, codec_id::opus}) {
      const int rate_hz = codec == codec_id::opus ? 16000 : 8000;
      const samples heard = through(codec, played({of.region, of.which, {}, {}}, rate_hz, 3), rate_hz);
      int at_ms = 0;
      for (int i = 0; i < 3; ++i) {
        const auto from = static_cast<std::size_t>((at_ms + of.lengths_ms[i] / 5) * rate_hz / 1000);
        const auto count = static_cast<std::size_t>(of.lengths_ms[i] * 3 / 5 * rate_hz / 1000);
        EXPECT_GT(share_of(std::span(heard).subspan(from, count), of.frequencies_hz[i], rate_hz), 0.85) << i;
        at_ms += of.lengths_ms[i];
      }
      const std::vector<int> lengths = cadence_of_sound(heard, rate_hz);
      ASSERT_GE(lengths.size(), 3u);
      EXPECT_NEAR(lengths[0], at_ms, 26);
      EXPECT_NEAR(lengths[1], 1000, 26);
    }
  }
}

TEST(NumberUnobtainable, IsContinuousInBritain) {
  const samples heard = through(codec_id::pcma, played({"GB", tone::sit_vacant, {}, {}}, 8000, 5), 8000);
  EXPECT_EQ(cadence_of_sound(heard, 8000).size(), 1u);
  EXPECT_GT(share_of(std::span(heard).subspan(800), 400, 8000), 0.9);
}

}  // namespace
}  // namespace tollgate::pstn::media
