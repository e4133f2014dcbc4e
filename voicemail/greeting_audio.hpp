// SPDX-License-Identifier: Apache-2.0
// A greeting from whatever its owner has: a sound file in memory becomes Ogg Opus of ours, whose rate, length and level are known.
// Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

#include "voicemail/error.hpp"

namespace tollgate::voicemail {

inline constexpr std::chrono::milliseconds greeting_shortest{500};

struct greeting_audio {
  std::vector<std::byte> ogg_opus;
  std::chrono::milliseconds duration{0};
};

// `file` is Ogg Opus, WAV or what else libsndfile reads; channels are mixed to one. Takes about 5 ms for a second of it.
// error::audio_unreadable, greeting_too_long (more than greeting_longest), greeting_too_short.
boost::system::result<greeting_audio> make_greeting(std::span<const std::byte> file);

}  // namespace tollgate::voicemail
