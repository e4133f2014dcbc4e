// SPDX-License-Identifier: Apache-2.0
// What each codec leaves of recorded speech, by segmental signal-to-noise ratio and by distance of spectra;
// and what of wideband sound comes through a bridge between Opus and G.722.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "call.hpp"
#include "pstn/media/audio_file.hpp"
#include "pstn/media/codec.hpp"

namespace tollgate::pstn::media::test {
namespace {

constexpr double pi = 3.14159265358979;
constexpr auto recorded =
    "/usr/share/asterisk/sounds/en_US_f_Allison/demo-congrats.wav";  // asterisk-core-sounds-en-wav

// The first seconds of a recorded voice.
std::vector<std::int16_t> voice(int rate_hz) {
  auto source = make_pcm_source(std::make_shared<const pcm_audio>(read_audio_file(recorded).value()));
  std::vector<std::int16_t> samples(static_cast<std::size_t>(rate_hz) * 8);
  EXPECT_EQ(source->read(samples, rate_hz), samples.size());
  return samples;
}

double power_of(const std::int16_t* samples, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i)
    sum += static_cast<double>(samples[i]) * samples[i];
  return sum / static_cast<double>(count);
}

// Power in bands of 250 Hz of 20 ms, in dB.
std::vector<double> spectrum(const std::int16_t* frame, std::size_t count) {
  constexpr std::size_t lines_per_band = 5;  // of 50 Hz
  std::vector<double> bands;
  for (std::size_t first = 1; first + lines_per_band <= count / 2; first += lines_per_band) {
    double power = 1;
    for (std::size_t line = first; line < first + lines_per_band; ++line) {
      std::complex<double> sum;
      for (std::size_t i = 0; i < count; ++i) {
        const double place = static_cast<double>(i) / static_cast<double>(count);
        const double window = 0.5 - 0.5 * std::cos(2 * pi * place);
        sum += std::polar(window * frame[i], -2 * pi * static_cast<double>(line) * place);
      }
      power += std::norm(sum) / static_cast<double>(count);
    }
    bands.push_back(10 * std::log10(power));
  }
  return bands;
}

constexpr double voice_power = 300.0 * 300.0;  // of a frame that is compared

// Of frames with voice, each held to -10..35 dB, the mean.
double signal_to_noise_db(const std::vector<std::int16_t>& said, const std::vector<std::int16_t>& heard,
                          std::size_t delay, std::size_t frame) {
  double sum = 0;
  int frames = 0;
  for (std::size_t at = 0; at + frame + delay <= heard.size(); at += frame) {
    const double power = power_of(&said[at], frame);
    if (power < voice_power) continue;
    double noise = 0.1;
    for (std::size_t i = 0; i < frame; ++i) {
      const double error = static_cast<double>(heard[at + delay + i]) - said[at + i];
      noise += error * error / static_cast<double>(frame);
    }
    sum += std::clamp(10 * std::log10(power / noise), -10.0, 35.0);
    ++frames;
  }
  EXPECT_GT(frames, 100);
  return sum / frames;
}

// The root mean square over the bands up to 3.25 kHz, the mean of the frames with voice.
double spectral_distance_db(const std::vector<std::int16_t>& said, const std::vector<std::int16_t>& heard,
                            std::size_t delay, std::size_t frame) {
  constexpr std::size_t bands_compared = 13;
  double sum = 0;
  int frames = 0;
  for (std::size_t at = 0; at + frame + delay <= heard.size(); at += frame) {
    if (power_of(&said[at], frame) < voice_power) continue;
    const auto of_said = spectrum(&said[at], frame), of_heard = spectrum(&heard[at + delay], frame);
    double distance = 0;
    for (std::size_t band = 0; band < bands_compared; ++band)
      distance += std::pow(of_said[band] - of_heard[band], 2) / bands_compared;
    sum += std::sqrt(distance);
    ++frames;
  }
  return sum / frames;
}

struct limits {
  codec_id codec;
  int rate_hz;
  double signal_to_noise_least_db;
  double spectral_distance_most_db;
  std::size_t delay_most;  // samples: filters and look-ahead

  friend void PrintTo(const limits& row, std::ostream* out) { *out << encoding_name(row.codec); }
};

class CodecQuality : public testing::TestWithParam<limits> {};

TEST_P(CodecQuality, OfRecordedSpeech) {
  if (!codec_available(GetParam().codec)) GTEST_SKIP();
  const limits& row = GetParam();
  const auto said = voice(row.rate_hz);
  auto coder = make_encoder(default_description(row.codec), row.rate_hz).value();
  auto back = make_decoder(default_description(row.codec), row.rate_hz).value();
  const auto step = static_cast<std::size_t>(row.rate_hz / 50);
  std::array<std::byte, payload_max_bytes> payload{};
  std::array<std::int16_t, 1920> frame{};
  std::vector<std::int16_t> heard;
  for (std::size_t at = 0; at + step <= said.size(); at += step) {
    const std::size_t length = coder->encode(std::span(said).subspan(at, step), payload);
    ASSERT_EQ(back->decode(127, std::span(payload).first(length), frame), step);
    heard.insert(heard.end(), frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(step));
  }
  double best_db = -100;
  std::size_t best_delay = 0;
  for (std::size_t delay = 0; delay <= row.delay_most; ++delay) {
    const double here_db = signal_to_noise_db(said, heard, delay, step);
    if (here_db <= best_db) continue;
    best_db = here_db;
    best_delay = delay;
  }
  EXPECT_GE(best_db, row.signal_to_noise_least_db);
  EXPECT_LE(spectral_distance_db(said, heard, best_delay, step), row.spectral_distance_most_db);
}

// As measured, less about a tenth: any fault in packing or state costs far more than that.
INSTANTIATE_TEST_SUITE_P(
    Limits, CodecQuality,
    testing::Values(limits{codec_id::pcma, 8000, 30, 2.5, 0}, limits{codec_id::pcmu, 8000, 30, 2.5, 0},
                    limits{codec_id::g722, 16000, 30, 1.2, 24}, limits{codec_id::g722, 8000, 30, 1.2, 12},
                    limits{codec_id::g726_32, 8000, 25, 3.3, 0}, limits{codec_id::gsm, 8000, 12, 4.5, 0},
                    limits{codec_id::g729, 8000, 4, 6.6, 48}, limits{codec_id::opus, 8000, 9, 2, 60}),
    [](const auto& of) {
      std::string name = std::string(encoding_name(of.param.codec)) + "_" + std::to_string(of.param.rate_hz);
      std::erase(name, '-');
      return name;
    });

// Noise between 4.2 and 6.8 kHz, which a narrowband codec cannot carry.
std::shared_ptr<pcm_audio> high_noise(double seconds) {
  constexpr int rate_hz = 16000, taps = 127;
  std::mt19937 random(3);
  std::normal_distribution<double> normal(0, 3000);
  std::vector<double> white(static_cast<std::size_t>(seconds * rate_hz) + taps);
  std::generate(white.begin(), white.end(), [&] { return normal(random); });
  std::array<double, taps> filter{};
  for (int i = 0; i < taps; ++i) {
    const double at = i - taps / 2;
    const auto low_pass = [at](double hz) {
      return at == 0 ? 2 * hz / rate_hz : std::sin(2 * pi * hz / rate_hz * at) / (pi * at);
    };
    filter[static_cast<std::size_t>(i)] =
        (low_pass(6800) - low_pass(4200)) * (0.54 - 0.46 * std::cos(2 * pi * i / (taps - 1)));
  }
  auto made = std::make_shared<pcm_audio>();
  made->rate_hz = rate_hz;
  for (std::size_t at = 0; at + taps < white.size(); ++at) {
    double value = 0;
    for (std::size_t k = 0; k < taps; ++k)
      value += filter[k] * white[at + k];
    made->samples.push_back(static_cast<std::int16_t>(std::clamp(value, -30000.0, 30000.0)));
  }
  return made;
}

double high_level_db(const std::vector<std::int16_t>& samples, int rate_hz) {
  constexpr std::size_t frame = 320;
  if (rate_hz != 16000) return -100;
  double power = 0;
  std::size_t frames = 0;
  for (std::size_t at = samples.size() / 4; at + frame <= samples.size(); at += 16 * frame, ++frames) {
    const auto bands = spectrum(&samples[at], frame);
    for (std::size_t band = 16; band < 28; ++band)  // 4 to 7 kHz
      power += std::pow(10, bands[band] / 10);
  }
  return 10 * std::log10(power / static_cast<double>(frames));
}

TEST(Wideband, SoundFrom4To7KilohertzGoesThroughBothWays) {
  call each({}, codec_id::g722);
  each.gateway.connect_voice(true);
  each.time.run(0.5);
  const auto noise = high_noise(3);
  each.peer.play(side::overlay, make_pcm_source(noise), play_mode::replace);
  each.phone.play(side::trunk, make_pcm_source(noise), play_mode::replace);
  const std::pair begun{each.heard_by_peer->samples.size(), each.heard_by_phone->samples.size()};
  each.time.run(2.9);
  const double played_db = high_level_db(noise->samples, 16000);
  EXPECT_NEAR(high_level_db(call::since(each.heard_by_phone, begun.second), each.heard_by_phone->rate_hz),
              played_db, 3);
  EXPECT_NEAR(high_level_db(call::since(each.heard_by_peer, begun.first), each.heard_by_peer->rate_hz),
              played_db, 3);
}

}  // namespace
}  // namespace tollgate::pstn::media::test
