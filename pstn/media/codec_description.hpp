// SPDX-License-Identifier: Apache-2.0
// How a codec is named in session descriptions (RFC 3551 §6, RFC 7587 §7) and in a leg's parameters. Free of
// IO.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tollgate::pstn::media {

enum class codec_id : std::uint8_t { pcma, pcmu, opus };

// One negotiated payload format.
struct codec_description {
  codec_id id = codec_id::pcma;
  std::uint8_t payload_type = 8;  // 0..127, as negotiated
  int rtp_clock_hz = 8000;  // rate of RTP timestamps: 8000 for G.711, always 48000 for Opus (RFC 7587 §4.1)
  int channels = 1;         // as in a=rtpmap: 1 for G.711, 2 for Opus (coding itself is mono)
  std::string parameters =
      {};  // value of a=fmtp after the payload type, of the receiver: "useinbandfec=1;..."

  bool operator==(const codec_description&) const = default;
};

// The encoding name of a=rtpmap: "PCMA", "PCMU", "opus".
std::string_view encoding_name(codec_id id) noexcept;

// The codec of an encoding name in any case of letters; nothing when this room does not have it.
std::optional<codec_id> find_codec(std::string_view encoding_name) noexcept;

// The usual description of each codec: PCMU 0, PCMA 8 (RFC 3551 static types), Opus 111 with
// "minptime=10;useinbandfec=1".
codec_description default_description(codec_id id);

// The value of `name` in "a=1;b=2" parameters (names in any case of letters); nothing when absent.
std::optional<std::string_view> find_parameter(std::string_view parameters, std::string_view name) noexcept;

}  // namespace tollgate::pstn::media
