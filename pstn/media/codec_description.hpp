// SPDX-License-Identifier: Apache-2.0
// How a codec is named in session descriptions (RFC 3551 §6, RFC 7587 §7) and in a leg's parameters. Free of
// IO.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tollgate::pstn::media {

enum class codec_id : std::uint8_t { pcma, pcmu, g722, g726_32, gsm, g729, opus };

inline constexpr std::array all_codecs{codec_id::pcma, codec_id::pcmu, codec_id::g722, codec_id::g726_32,
                                       codec_id::gsm,  codec_id::g729, codec_id::opus};

// One negotiated payload format.
struct codec_description {
  codec_id id = codec_id::pcma;
  std::uint8_t payload_type = 8;  // 0..127, as negotiated
  int rtp_clock_hz =
      8000;  // rate of RTP timestamps: 8000, for G.722 too (RFC 3551 §4.5.2), 48000 for Opus (RFC 7587 §4.1)
  int channels = 1;  // as in a=rtpmap: 1, but 2 for Opus (coding itself is mono)
  std::string parameters =
      {};  // value of a=fmtp after the payload type, of the receiver: "useinbandfec=1;..."

  bool operator==(const codec_description&) const = default;
};

// The encoding name of a=rtpmap: "PCMA", "PCMU", "G722", "G726-32", "GSM", "G729", "opus".
std::string_view encoding_name(codec_id id) noexcept;

// The codec of an encoding name in any case of letters; nothing when this room does not have it.
std::optional<codec_id> find_codec(std::string_view encoding_name) noexcept;

// The usual description of each codec: PCMU 0, GSM 3, PCMA 8, G722 9, G729 18 with "annexb=yes" (static types
// of RFC 3551 §6; RFC 7261 §3), G726-32 102, Opus 111 with "minptime=10;useinbandfec=1".
codec_description default_description(codec_id id);

// What a static payload type means without a=rtpmap (RFC 3551 §6): 0, 3, 8, 9 and 18; nothing for others.
std::optional<codec_id> static_codec(int payload_type) noexcept;

bool is_g711(codec_id id) noexcept;
// 16000 for what carries wideband voice (G.722, Opus), else 8000: the rate inside a bridge.
int voice_rate_hz(codec_id id) noexcept;
// A packet holds a multiple of this much voice: 20 ms for GSM, else 10 ms.
std::chrono::milliseconds frame_granularity(codec_id id) noexcept;

// The value of `name` in "a=1;b=2" parameters (names in any case of letters); nothing when absent.
std::optional<std::string_view> find_parameter(std::string_view parameters, std::string_view name) noexcept;

}  // namespace tollgate::pstn::media
