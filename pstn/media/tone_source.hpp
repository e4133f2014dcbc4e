// SPDX-License-Identifier: Apache-2.0
// Call progress tones (ITU-T E.180 and its supplement 2) and our own signals, as audio sources at any rate.
// Free of IO.
#pragma once

#include <chrono>
#include <memory>
#include <string_view>
#include <vector>

#include "pstn/media/audio.hpp"

namespace tollgate::pstn::media {

// One step of a cadence: up to two frequencies at the same time; 0 Hz is none, so that {0, 0} is a pause.
struct tone_step {
  double frequency_hz = 0;
  double second_frequency_hz = 0;
  std::chrono::milliseconds duration{0};
};

struct tone_cadence {
  std::vector<tone_step> steps;
  bool repeated = true;     // false: once, then the source ends
  double level_dbfs = -13;  // of each step's sum: root mean square, relative to full scale
};

enum class tone : std::uint8_t {
  ringback,    // E.180 §4
  busy,        // E.180 §5
  congestion,  // E.180 §6
  beep,        // "record after the tone": once
  warning,     // credit ends soon: two short tones, once
};

// The cadence that a country's subscribers know. `region` is ISO 3166 ("GB", "US"); others have 425 Hz as
// E.180 recommends.
tone_cadence cadence_of(tone which, std::string_view region = {});

std::shared_ptr<audio_source> make_tone_source(tone_cadence cadence);
std::shared_ptr<audio_source> make_tone_source(tone which, std::string_view region = {});

}  // namespace tollgate::pstn::media
