// SPDX-License-Identifier: Apache-2.0
// The line echo canceller on the hybrids of ITU-T G.168 Annex D (SpanDSP's g168models.h), with recorded
// speech.
#include <gtest/gtest.h>
#include <spandsp.h>
#include <spandsp/g168models.h>

#include <cmath>
#include <deque>
#include <ostream>

#include "call.hpp"
#include "pstn/media/audio_file.hpp"
#include "pstn/media/echo_canceller.hpp"
#include "pstn/media/resampler.hpp"

namespace tollgate::pstn::media::test {
namespace {

using namespace std::chrono_literals;
using samples = std::vector<std::int16_t>;

constexpr std::size_t frame = 160;

struct hybrid_model {
  const char* name;
  std::span<const std::int32_t> coefficients;
  double gain;
};

std::ostream& operator<<(std::ostream& out, const hybrid_model& of) {
  return out << of.name;
}

const std::array<hybrid_model, 8> models{{
    {"D2", line_model_d2_coeffs, LINE_MODEL_D2_GAIN},
    {"D3", line_model_d3_coeffs, LINE_MODEL_D3_GAIN},
    {"D4", line_model_d4_coeffs, LINE_MODEL_D4_GAIN},
    {"D5", line_model_d5_coeffs, LINE_MODEL_D5_GAIN},
    {"D6", line_model_d6_coeffs, LINE_MODEL_D6_GAIN},
    {"D7", line_model_d7_coeffs, LINE_MODEL_D7_GAIN},
    {"D8", line_model_d8_coeffs, LINE_MODEL_D8_GAIN},
    {"D9", line_model_d9_coeffs, LINE_MODEL_D9_GAIN},
}};

// An echo path with a return loss of `loss_db` (G.168 §6.4.2: 6 dB is the least of a hybrid).
class echo_path {
 public:
  echo_path(const hybrid_model& model, double loss_db, std::size_t delay)
      : model_(model),
        scale_(model.gain * std::pow(10, -loss_db / 20)),
        past_(delay + model.coefficients.size()) {}

  std::int16_t pass(std::int16_t sent) {
    past_.push_front(sent);
    past_.pop_back();
    const std::size_t delay = past_.size() - model_.coefficients.size();
    double sum = 0;
    for (std::size_t i = 0; i < model_.coefficients.size(); ++i)
      sum += model_.coefficients[i] * static_cast<double>(past_[delay + i]);
    return static_cast<std::int16_t>(std::lround(std::clamp(sum * scale_, -32768.0, 32767.0)));
  }

 private:
  hybrid_model model_;
  double scale_;
  std::deque<std::int16_t> past_;
};

// A recorded voice at 8 kHz, again and again.
samples recorded_speech(const char* prompt, double seconds) {
  const auto read =
      read_audio_file(std::string("/usr/share/asterisk/sounds/en_US_f_Allison/") + prompt + ".wav");
  EXPECT_TRUE(read.has_value()) << "asterisk-core-sounds-en-wav has the recorded speech";
  samples all;
  if (!read) return all;
  const samples once = resampled(*read, 8000).samples;
  while (static_cast<double>(all.size()) < seconds * 8000)
    all.insert(all.end(), once.begin(), once.end());
  all.resize(static_cast<std::size_t>(seconds * 8000));
  return all;
}

std::int16_t through_a_law(std::int16_t sample) {
  return alaw_to_linear(linear_to_alaw(sample));
}

// dB by which `cleaned` is less than `heard`, from `from_s` on, where there was something to hear.
double erle_db(const samples& heard, const samples& cleaned, double from_s) {
  double before = 1, after = 1;
  for (auto at = static_cast<std::size_t>(from_s * 8000); at + frame <= heard.size(); at += frame) {
    double power = 0, left = 0;
    for (std::size_t i = at; i < at + frame; ++i) {
      power += static_cast<double>(heard[i]) * heard[i];
      left += static_cast<double>(cleaned[i]) * cleaned[i];
    }
    if (power / frame < 100.0 * 100.0) continue;
    before += power;
    after += left;
  }
  return 10 * std::log10(before / after);
}

struct line_result {
  samples echo, near, cleaned;
  std::optional<std::chrono::milliseconds> delay;
};

// `far` is sent, its echo comes back with `near` upon it, all through A-law; the line is cleaned.
line_result run_line(const hybrid_model& model, const samples& far, const samples& near, double loss_db = 6,
                     std::size_t delay = 800, std::chrono::milliseconds tail = 64ms) {
  echo_canceller canceller(8000, tail);
  echo_path path(model, loss_db, delay);
  line_result result;
  samples received(frame), sent(frame);
  for (std::size_t at = 0; at + frame <= far.size(); at += frame) {
    for (std::size_t i = 0; i < frame; ++i) {
      sent[i] = far[at + i];
      const std::int16_t echo = path.pass(through_a_law(sent[i]));
      const std::int16_t own = near.empty() ? std::int16_t{0} : near[at + i];
      result.echo.push_back(echo);
      result.near.push_back(own);
      received[i] = through_a_law(static_cast<std::int16_t>(std::clamp(echo + own, -32768, 32767)));
    }
    canceller.sent(sent);
    canceller.process(received, 5000 + static_cast<std::int64_t>(at));
    result.cleaned.insert(result.cleaned.end(), received.begin(), received.end());
  }
  result.delay = canceller.delay();
  return result;
}

class EchoModels : public testing::TestWithParam<hybrid_model> {};

TEST_P(EchoModels, AreCancelledBy25dB) {
  const auto result = run_line(GetParam(), recorded_speech("demo-instruct", 30), {});
  ASSERT_TRUE(result.delay);
  EXPECT_NEAR(static_cast<double>(result.delay->count()), 120, 10);  // of the path, and a frame of the test's
  const double erle = erle_db(result.echo, result.cleaned, 10);
  RecordProperty("erle_db", std::to_string(erle));
  EXPECT_GE(erle, 25);
}

TEST_P(EchoModels, LetTheNearVoicePassInDoubleTalk) {
  const samples far = recorded_speech("demo-instruct", 30);
  samples near = recorded_speech("demo-congrats", 30);
  std::fill(near.begin(), near.begin() + 12 * 8000, std::int16_t{0});  // the filter has learnt by then
  std::fill(near.begin() + 24 * 8000, near.end(), std::int16_t{0});
  const auto result = run_line(GetParam(), far, near);
  // The same near voice while the far one is silent: what comes out is the near voice and nothing else.
  samples far_silent = far;
  std::fill(far_silent.begin() + 12 * 8000, far_silent.begin() + 24 * 8000, std::int16_t{0});
  const samples alone = run_line(GetParam(), far_silent, near).cleaned;
  double said = 1, own = 1, product = 1, kept = 1;
  for (std::size_t i = 12 * 8000 + 8000; i < 24 * 8000; ++i) {
    said += static_cast<double>(near[i]) * near[i];
    own += static_cast<double>(alone[i]) * alone[i];
    kept += static_cast<double>(result.cleaned[i]) * result.cleaned[i];
    product += static_cast<double>(alone[i]) * result.cleaned[i];
  }
  // The part of what comes out that is the near voice, against the near voice alone.
  const double attenuation_db = -20 * std::log10(product / own);
  // Below 200 Hz, which a telephone does not carry, speexdsp lets nothing pass: its level falls by that.
  RecordProperty("near_level_alone_db", std::to_string(10 * std::log10(own / said)));
  RecordProperty("near_attenuation_db", std::to_string(attenuation_db));
  RecordProperty("near_likeness", std::to_string(product / std::sqrt(own * kept)));
  EXPECT_LT(std::abs(attenuation_db), 1);
  EXPECT_GT(product / std::sqrt(own * kept), 0.95);
  // And the echo is still cancelled afterwards.
  EXPECT_GE(erle_db(samples(result.echo.begin() + 25 * 8000, result.echo.end()),
                    samples(result.cleaned.begin() + 25 * 8000, result.cleaned.end()), 0),
            20);
}

INSTANTIATE_TEST_SUITE_P(G168, EchoModels, testing::ValuesIn(models),
                         [](const testing::TestParamInfo<hybrid_model>& of) { return of.param.name; });

TEST(Echo, NothingIsTakenFromALineWithoutEcho) {
  const samples near = recorded_speech("demo-congrats", 20);
  const auto result = run_line(models[0], recorded_speech("demo-instruct", 20), near, 90);
  EXPECT_NEAR(level_dbfs(result.cleaned), level_dbfs(near), 1);
}

TEST(Echo, ModemSwitchesItOff) {
  echo_canceller canceller(8000, 64ms);
  auto* modem = modem_connect_tones_tx_init(nullptr, MODEM_CONNECT_TONES_ANSAM_PR);
  samples tone(frame);
  for (int i = 0; i < 100; ++i) {
    modem_connect_tones_tx(modem, tone.data(), static_cast<int>(tone.size()));
    canceller.sent(samples(frame));
    canceller.process(tone, i * 160);
  }
  modem_connect_tones_tx_free(modem);
  EXPECT_TRUE(canceller.bypassed());
  for (int i = 100; i < 200; ++i) {
    samples quiet(frame);
    canceller.process(quiet, i * 160);
  }
  EXPECT_FALSE(canceller.bypassed());
}

// A telephone whose line sends an echo of what it plays: what is heard goes in at one end and comes out of
// the other through the hybrid.
struct echoing_line final : audio_sink, audio_source {
  void write(std::span<const std::int16_t> heard, int) override {
    for (const std::int16_t sample : heard)
      waiting.push_back(path.pass(sample));
  }
  std::size_t read(std::span<std::int16_t> out, int) override {
    for (std::int16_t& sample : out) {
      sample = waiting.empty() ? std::int16_t{0} : waiting.front();
      if (!waiting.empty()) waiting.pop_front();
    }
    return out.size();
  }
  echo_path path{models[2], 6, 0};
  std::deque<std::int16_t> waiting;
};

struct network_case {
  const char* name;
  link trunk;
};

class EchoInCall : public testing::TestWithParam<network_case> {};

// What the subscriber hears of their own voice over a trunk, with and without the canceller.
double heard_echo_dbfs(const link& trunk, std::chrono::milliseconds tail) {
  call each;
  leg_parameters parameters = make_leg(codec_id::pcma);
  each.join(each.phone, side::trunk, each.gateway, side::trunk, parameters, trunk);
  parameters.echo_tail = tail;
  each.gateway.attach(side::trunk, parameters, each.time.connect(trunk, each.phone, side::trunk, false),
                      each.time.connect(trunk, each.phone, side::trunk, true));
  each.gateway.connect_voice(true);
  const auto line = std::make_shared<echoing_line>();
  each.phone.record(side::trunk, line);
  each.phone.play(side::trunk, line, play_mode::replace);
  const auto speech = std::make_shared<pcm_audio>(pcm_audio{recorded_speech("demo-instruct", 30), 8000});
  each.peer.play(side::overlay, make_pcm_source(speech), play_mode::replace);
  each.time.run(15);
  const std::size_t from = each.heard_by_peer->samples.size();
  each.time.run(15);
  return level_dbfs(call::since(each.heard_by_peer, from));
}

TEST_P(EchoInCall, IsFoundAndTakenOut) {
  const double as_it_is = heard_echo_dbfs(GetParam().trunk, 0ms);
  const double cancelled = heard_echo_dbfs(GetParam().trunk, 64ms);
  RecordProperty("erle_db", std::to_string(as_it_is - cancelled));
  EXPECT_GT(as_it_is, -50) << "there is an echo";
  EXPECT_GE(as_it_is - cancelled, 20);
}

INSTANTIATE_TEST_SUITE_P(Networks, EchoInCall,
                         testing::Values(network_case{"round_trip_10_ms", {5, 0}},
                                         network_case{"round_trip_40_ms", {20, 0}},
                                         network_case{"round_trip_80_ms", {40, 0}},
                                         network_case{"round_trip_80_ms_jitter", {40, 10}},
                                         network_case{"round_trip_300_ms", {150, 0}}),
                         [](const testing::TestParamInfo<network_case>& of) { return of.param.name; });

}  // namespace
}  // namespace tollgate::pstn::media::test
