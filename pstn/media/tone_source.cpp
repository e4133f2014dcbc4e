// SPDX-License-Identifier: Apache-2.0
// Tones by country (ITU-T E.180 supplement 2) and how they are played. Free of IO.
#include "pstn/media/tone_source.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <system_error>
#include <utility>

#include "pstn/media/oscillator.hpp"

namespace tollgate::pstn::media {
namespace {

using namespace std::chrono_literals;

constexpr double level_dbfs_of_tones = -13;
constexpr double level_dbfs_of_sit = -16;

struct country {
  std::string_view region;
  std::string_view ringback;
  std::string_view busy;
  std::string_view congestion;
  std::string_view unobtainable;
};

constexpr country countries[] = {
#include "pstn/media/tone_data.inc"
};

// E.180 §4 to §6 within the recommended limits.
constexpr country recommended{"", "425/1000,0/4000", "425/500,0/500", "425/250,0/250", ""};

// Numbering areas that share another country's network, or its standard.
struct neighbours {
  std::string_view regions;
  std::string_view as;
};
constexpr neighbours shared[] = {
    {"AG AI AS BB BM BS CA DM DO GD GU JM KN KY LC MP MS PR SX TC TT VC VG VI", "US"},  // country code 1
    {"GG IM JE", "GB"},
    {"SM VA", "IT"},
    {"LI", "CH"},
    {"MC", "FR"},
    {"AD", "ES"},
    {"SK", "CZ"},
    {"AM AZ BY GE KG KZ MD TJ TM UA UZ", "RU"},
    {"AX", "FI"},
    {"FO GL", "DK"},
    {"SJ", "NO"},
    {"LU", "DE"},
};

std::string_view standard_of(std::string_view region) noexcept {
  if (region.size() != 2) return region;
  for (const neighbours& each : shared)
    if (each.regions.find(region) != std::string_view::npos) return each.as;
  return region;
}

const country& country_of(std::string_view region) noexcept {
  const auto* found = std::ranges::find(countries, standard_of(region), &country::region);
  return found == std::end(countries) ? recommended : *found;
}

double number_before(std::string_view& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return error == std::errc{} ? number : 0;
}

// The notation of tone_data.inc.
std::vector<tone_step> read_cadence(std::string_view text) {
  std::vector<tone_step> steps;
  while (!text.empty()) {
    tone_step step;
    step.frequency_hz = number_before(text);
    if (text.starts_with('+') || text.starts_with('*')) {
      const bool both = text.starts_with('+');
      text.remove_prefix(1);
      (both ? step.second_frequency_hz : step.modulation_hz) = number_before(text);
    }
    if (!text.empty()) text.remove_prefix(1);  // the stroke
    step.duration = std::chrono::milliseconds(static_cast<int>(number_before(text)));
    if (!text.empty()) text.remove_prefix(1);  // the comma
    steps.push_back(step);
  }
  return steps;
}

// E.180 §7: three tones of 330 ms that rise, and a second of silence. In North America first and second tell
// by pitch (low, high) and length (short, long) what has happened (Telcordia SR-4163).
std::vector<tone_step> special_information(tone which, std::string_view region) {
  if (standard_of(region) != "US")
    return {{950, 0, 330ms}, {1400, 0, 330ms}, {1800, 0, 330ms}, {0, 0, 1000ms}};
  constexpr auto brief = 274ms, lengthy = 380ms;
  constexpr double first_low_hz = 913.8, first_high_hz = 985.2, second_low_hz = 1370.6,
                   second_high_hz = 1428.5;
  constexpr double third_hz = 1776.7;
  switch (which) {
    case tone::sit_vacant:
      return {{first_high_hz, 0, lengthy}, {second_low_hz, 0, brief}, {third_hz, 0, lengthy}, {0, 0, 1000ms}};
    case tone::sit_no_circuit:
      return {
          {first_high_hz, 0, lengthy}, {second_high_hz, 0, lengthy}, {third_hz, 0, lengthy}, {0, 0, 1000ms}};
    default:
      return {{first_low_hz, 0, brief}, {second_low_hz, 0, brief}, {third_hz, 0, lengthy}, {0, 0, 1000ms}};
  }
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
      auto length = static_cast<std::size_t>(step.duration.count() * rate_hz / 1000);
      if (cadence_.repeated && cadence_.steps.size() == 1) length = endless;
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
    if (step.modulation_hz > 0) {
      // Carrier and two side bands of half its amplitude: 1.5 times the carrier's power.
      const double mean = 32768 * std::pow(10, cadence_.level_dbfs / 20) * std::sqrt(2.0 / 1.5);
      tone_.set_modulated(step.frequency_hz, step.modulation_hz, mean);
      return;
    }
    const bool both = step.frequency_hz > 0 && step.second_frequency_hz > 0;
    // Root mean square to peak: a sine is 3 dB down, two of them share the power.
    const double peak = 32768 * std::pow(10, cadence_.level_dbfs / 20) * (both ? 1.0 : std::sqrt(2.0));
    tone_.set(step.frequency_hz, peak, step.second_frequency_hz, peak);
  }

  static constexpr auto endless = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());

  tone_cadence cadence_;
  oscillator tone_;
  std::size_t step_ = 0;
  std::size_t position_ = 0;  // samples within the step
};

}  // namespace

std::string_view to_string(tone which) noexcept {
  switch (which) {
    case tone::ringback:
      return "ringback";
    case tone::busy:
      return "busy";
    case tone::congestion:
      return "congestion";
    case tone::sit_intercept:
      return "sit_intercept";
    case tone::sit_vacant:
      return "sit_vacant";
    case tone::sit_no_circuit:
      return "sit_no_circuit";
    case tone::beep:
      return "beep";
    case tone::warning:
      return "warning";
  }
  return "";
}

tone_cadence cadence_of(tone which, std::string_view region) {
  const country& of = country_of(region);
  switch (which) {
    case tone::ringback:
      return {read_cadence(of.ringback), true, level_dbfs_of_tones};
    case tone::busy:
      return {read_cadence(of.busy), true, level_dbfs_of_tones};
    case tone::congestion:
      return {read_cadence(of.congestion), true, level_dbfs_of_tones};
    case tone::sit_vacant:
      if (!of.unobtainable.empty()) return {read_cadence(of.unobtainable), true, level_dbfs_of_tones};
      [[fallthrough]];
    case tone::sit_intercept:
    case tone::sit_no_circuit:
      return {special_information(which, region), true, level_dbfs_of_sit};
    case tone::beep:
      return {{{1000, 0, 500ms}}, false, -13};
    case tone::warning:
      return {{{1400, 0, 200ms}, {0, 0, 200ms}, {1400, 0, 200ms}}, false, -16};
  }
  return {};
}

bool has_own_tones(std::string_view region) noexcept {
  return !country_of(region).region.empty();
}

std::shared_ptr<audio_source> make_tone_source(tone_cadence cadence) {
  return std::make_shared<tone_source>(std::move(cadence));
}

std::shared_ptr<audio_source> make_tone_source(tone which, std::string_view region) {
  return make_tone_source(cadence_of(which, region));
}

}  // namespace tollgate::pstn::media
