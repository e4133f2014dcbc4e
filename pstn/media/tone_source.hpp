// SPDX-License-Identifier: Apache-2.0
// Call progress tones (ITU-T E.180 and its supplement 2) and our own signals, as audio sources at any rate.
// Free of IO.
#pragma once

#include <chrono>
#include <cstdint>
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
  double modulation_hz = 0;  // the first one's level is swung fully at this rate; 0: it is steady
};

struct tone_cadence {
  std::vector<tone_step> steps;
  bool repeated = true;     // false: once, then the source ends
  double level_dbfs = -13;  // of each step's sum: root mean square, relative to full scale
};

enum class tone : std::uint8_t {
  ringback,        // E.180 §4
  busy,            // E.180 §5
  congestion,      // E.180 §6; "reorder" in North America
  sit_intercept,   // special information tone (E.180 §7): number changed, or out of service
  sit_vacant,      // no such number: where a country has a "number unobtainable" tone of its own, that
  sit_no_circuit,  // the network has no way to the number
  beep,            // "record after the tone": once
  warning,         // credit ends soon: two short tones, once
};

// "ringback", "busy", "congestion", "sit_intercept", ...: the names on the wire.
std::string_view to_string(tone which) noexcept;

// The cadence that a country's subscribers know (tone_data.inc). `region` is ISO 3166 ("GB", "US"); others
// have what E.180 recommends. In North America the three special information tones differ (Telcordia
// SR-4163), so that machines can tell them apart; elsewhere they are one.
tone_cadence cadence_of(tone which, std::string_view region = {});
bool has_own_tones(std::string_view region) noexcept;

std::shared_ptr<audio_source> make_tone_source(tone_cadence cadence);
std::shared_ptr<audio_source> make_tone_source(tone which, std::string_view region = {});

}  // namespace tollgate::pstn::media
