// SPDX-License-Identifier: Apache-2.0
// What the simulated far ends say: Debian's recorded prompts as 20 ms frames, coded once before the run, so
// that the load generator only encrypts and sends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tollgate::bench {

inline constexpr int frame_ms = 20;
inline constexpr int frames_per_second = 1000 / frame_ms;
inline constexpr int narrow_rate_hz = 8000;
inline constexpr std::size_t narrow_frame_samples = 160;
inline constexpr int peer_rate_hz = 16000;      // what the reference peer encodes
inline constexpr int peer_bitrate_bps = 24000;  // mono, VoIP, complexity 5, no FEC: as nobody reports loss

using packet_bytes = std::vector<unsigned char>;

struct material {
  std::vector<std::int16_t> samples;  // 8 kHz, a whole number of frames
  std::vector<packet_bytes> opus;     // one packet for each frame
  std::vector<packet_bytes> alaw;
  double active_share = 0;  // of the frames that are speech, 0..1

  std::size_t frames() const noexcept { return alaw.size(); }
};

// Reads the WAV files of a folder in the order of their names until there are `seconds` of speech without its
// pauses. With `conversation`, spurts of it alternate with pauses as in ITU-T P.59, 42 % of the time active.
// Under all of it lies the noise of a quiet line, -65 dBm0. The same every time. Throws std::runtime_error.
material make_material(const std::string& folder, int seconds, bool conversation);

}  // namespace tollgate::bench
