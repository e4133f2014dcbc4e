// SPDX-License-Identifier: Apache-2.0
// Tones by country (ITU-T E.180 supplement 2) and how they are played. Free of IO.
#include "pstn/media/tone_source.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "pstn/media/oscillator.hpp"

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;

struct country {
  std::string_view region;
  std::vector<tone_step> ringback;
  std::vector<tone_step> busy;
  std::vector<tone_step> congestion;
};

// Of E.180 supplement 2 those whose tones differ most from the recommendation.
const std::vector<country>& countries() {
  static const std::vector<tone_step> american_ringback{{440, 480, 2000ms}, {0, 0, 4000ms}};
  static const std::vector<tone_step> american_busy{{480, 620, 500ms}, {0, 0, 500ms}};
  static const std::vector<tone_step> american_congestion{{480, 620, 250ms}, {0, 0, 250ms}};
  static const std::vector<tone_step> british_ringback{
      {400, 450, 400ms}, {0, 0, 200ms}, {400, 450, 400ms}, {0, 0, 2000ms}};
  static const std::vector<country> all{
      {"US", american_ringback, american_busy, american_congestion},
      {"CA", american_ringback, american_busy, american_congestion},
      {"GB",
       british_ringback,
       {{400, 0, 375ms}, {0, 0, 375ms}},
       {{400, 0, 400ms}, {0, 0, 350ms}, {400, 0, 225ms}, {0, 0, 525ms}}},
      {"IE", british_ringback, {{425, 0, 500ms}, {0, 0, 500ms}}, {{425, 0, 250ms}, {0, 0, 250ms}}},
      {"AU",
       {{400, 450, 400ms}, {0, 0, 200ms}, {400, 450, 400ms}, {0, 0, 2000ms}},
       {{425, 0, 375ms}, {0, 0, 375ms}},
       {{425, 0, 375ms}, {0, 0, 375ms}}},
      {"NZ", british_ringback, {{400, 0, 500ms}, {0, 0, 500ms}}, {{400, 0, 250ms}, {0, 0, 250ms}}},
      {"FR",
       {{440, 0, 1500ms}, {0, 0, 3500ms}},
       {{440, 0, 500ms}, {0, 0, 500ms}},
       {{440, 0, 250ms}, {0, 0, 250ms}}},
      {"JP",
       {{384, 416, 1000ms}, {0, 0, 2000ms}},
       {{400, 0, 500ms}, {0, 0, 500ms}},
       {{400, 0, 500ms}, {0, 0, 500ms}}},
  };
  return all;
}

// E.180 §4 to §6 within the recommended limits.
const country& recommended() {
  static const country one{"",
                           {{425, 0, 1000ms}, {0, 0, 4000ms}},
                           {{425, 0, 500ms}, {0, 0, 500ms}},
                           {{425, 0, 250ms}, {0, 0, 250ms}}};
  return one;
}

class tone_source final : public audio_source {
 public:
  explicit tone_source(tone_cadence cadence) : cadence_(std::move(cadence)) {
    std::erase_if(cadence_.steps, [](const tone_step& step) { return step.duration <= 0ms; });
  }

  std::size_t read(std::span<std::int16_t> frame, int rate_hz) override {
    std::size_t done = 0;
    while (done < frame.size() && !cadence_.steps.empty() && step_ < cadence_.steps.size()) {
      const tone_step& step = cadence_.steps[step_];
      const auto length = static_cast<std::size_t>(step.duration.count() * rate_hz / 1000);
      if (position_ == 0) begin(step);
      const std::size_t count = std::min(frame.size() - done, length > position_ ? length - position_ : 0);
      tone_.fill(frame.subspan(done, count), position_, length, rate_hz);
      done += count;
      position_ += count;
      if (position_ < length) continue;
      position_ = 0;
      if (++step_ == cadence_.steps.size() && cadence_.repeated) step_ = 0;
    }
    std::fill(frame.begin() + static_cast<std::ptrdiff_t>(done), frame.end(), std::int16_t{0});
    return done;
  }

 private:
  void begin(const tone_step& step) {
    const bool both = step.frequency_hz > 0 && step.second_frequency_hz > 0;
    // Root mean square to peak: a sine is 3 dB down, two of them share the power.
    const double peak = 32768 * std::pow(10, cadence_.level_dbfs / 20) * (both ? 1.0 : std::sqrt(2.0));
    tone_.set(step.frequency_hz, peak, step.second_frequency_hz, peak);
  }

  tone_cadence cadence_;
  oscillator tone_;
  std::size_t step_ = 0;
  std::size_t position_ = 0;  // samples within the step
};

}  // namespace

tone_cadence cadence_of(tone which, std::string_view region) {
  const auto& all = countries();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const country& each) { return each.region == region; });
  const country& of = found == all.end() ? recommended() : *found;
  switch (which) {
    case tone::ringback:
      return {of.ringback, true, -13};
    case tone::busy:
      return {of.busy, true, -13};
    case tone::congestion:
      return {of.congestion, true, -13};
    case tone::beep:
      return {{{1000, 0, 500ms}}, false, -13};
    case tone::warning:
      return {{{1400, 0, 200ms}, {0, 0, 200ms}, {1400, 0, 200ms}}, false, -16};
  }
  return {};
}

std::shared_ptr<audio_source> make_tone_source(tone_cadence cadence) {
  return std::make_shared<tone_source>(std::move(cadence));
}

std::shared_ptr<audio_source> make_tone_source(tone which, std::string_view region) {
  return make_tone_source(cadence_of(which, region));
}

}  // namespace tollgate::pstn::media
