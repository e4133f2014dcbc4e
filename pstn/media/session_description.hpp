// SPDX-License-Identifier: Apache-2.0
// Session descriptions by RFC 8866: a value type with ordered attributes, a strict and bounded parser, a
// printer. What an offer or an answer means is decided elsewhere (pstn/sip for trunks, gateway/overlay for
// peers). Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pstn/media/codec_description.hpp"

namespace tollgate::pstn::media {

// Bounds of the parser; a longer description is media_error::sdp_too_large.
inline constexpr std::size_t sdp_size_max_bytes = 16 * 1024;
inline constexpr std::size_t sdp_line_max_bytes = 2 * 1024;
inline constexpr std::size_t sdp_media_max = 16;  // m= lines
inline constexpr std::size_t sdp_attributes_max =
    256;                                            // a= lines at session level, and in each media section
inline constexpr std::size_t sdp_formats_max = 64;  // formats of one m= line

// a=name or a=name:value (RFC 8866 §5.13). No value at all and an empty value are told apart.
struct sdp_attribute {
  std::string name;
  std::optional<std::string> value = {};

  bool operator==(const sdp_attribute&) const = default;
};
using sdp_attributes = std::vector<sdp_attribute>;

// o= (§5.2). Identifier and version are numeric strings of any length: compared, and counted up only by their
// maker.
struct sdp_origin {
  std::string username = "-";
  std::string session_id = "0";
  std::string session_version = "0";
  std::string network_type = "IN";
  std::string address_type = "IP4";
  std::string address = "127.0.0.1";

  bool operator==(const sdp_origin&) const = default;
};

// c= (§5.7). The address is a text: an IP literal or a name, with no check beyond "no blanks".
struct sdp_connection {
  std::string network_type = "IN";
  std::string address_type = "IP4";
  std::string address = "0.0.0.0";

  bool operator==(const sdp_connection&) const = default;
};

// b= (§5.8), such as AS:64.
struct sdp_bandwidth {
  std::string type;
  std::uint64_t value = 0;  // kbit/s for AS and CT, bit/s for TIAS, RS and RR

  bool operator==(const sdp_bandwidth&) const = default;
};

// One m= section (§5.14). A port of 0 is a refused or disabled stream (RFC 3264 §6).
struct media_description {
  std::string type = "audio";
  std::uint16_t port = 0;
  std::string protocol = "RTP/AVP";
  std::vector<std::string> formats;
  std::optional<sdp_connection> connection;  // overrides the session's
  std::vector<sdp_bandwidth> bandwidths;
  sdp_attributes attributes;

  bool operator==(const media_description&) const = default;
};

struct session_description {
  sdp_origin origin;
  std::string name = "-";                    // s=
  std::optional<sdp_connection> connection;  // c= at session level
  std::vector<sdp_bandwidth> bandwidths;
  std::string timing = "0 0";  // the first t=
  sdp_attributes attributes;   // session level
  std::vector<media_description> media;

  bool operator==(const session_description&) const = default;
};

// Reads a description. v=, o= and s= must come first and in this order; lines end in CRLF or LF; lines of no
// use here (i, u, e, p, r, z, k) are checked for form and dropped. Errors: media_error::sdp_too_large,
// media_error::sdp_malformed.
boost::system::result<session_description> parse_session_description(std::string_view text);

// The description with CRLF line ends, in the order of §5. Control characters that would begin another line
// are left out.
std::string to_string(const session_description& description);

// First attribute of this exact name, or nullptr.
const sdp_attribute* find_attribute(const sdp_attributes& attributes, std::string_view name) noexcept;
// Its value; nothing when the attribute is absent or has no value.
std::optional<std::string_view> find_value(const sdp_attributes& attributes, std::string_view name) noexcept;
void add_attribute(sdp_attributes& attributes, std::string name);
void add_attribute(sdp_attributes& attributes, std::string name, std::string value);

// Direction of a stream (§6.7), of the section, else of the session, else sendrecv.
enum class media_direction : std::uint8_t { sendrecv, sendonly, recvonly, inactive };
media_direction direction_of(const session_description& description, const media_description& media) noexcept;
std::string_view to_string(media_direction direction) noexcept;
media_direction reversed(
    media_direction direction) noexcept;  // sendonly ↔ recvonly: as the other end sees it

// The connection that holds for a section: its own, else the session's.
const sdp_connection* connection_of(const session_description& description,
                                    const media_description& media) noexcept;

// One format of an m= line with what a=rtpmap and a=fmtp say of it (§6.6, §6.15); static types of RFC
// 3551 §6 that this room has need no a=rtpmap.
struct rtp_format {
  std::uint8_t payload_type = 0;
  std::string encoding;  // "PCMA", "opus", "telephone-event", ...
  int clock_hz = 0;
  int channels = 1;
  std::string parameters;  // a=fmtp, without the payload type

  bool operator==(const rtp_format&) const = default;
};

// The formats of an RTP section in order of preference. Formats that are no number of 0..127, or have no
// mapping, are left out.
std::vector<rtp_format> rtp_formats(const media_description& media);

// The codec that a format names, when this room has it at this clock rate.
std::optional<codec_description> to_codec(const rtp_format& format);

// Appends format, a=rtpmap and (if there are parameters) a=fmtp.
void add_format(media_description& media, const rtp_format& format);
rtp_format to_format(const codec_description& codec);
rtp_format telephone_event_format(std::uint8_t payload_type, int clock_hz);  // RFC 4733 §2.4.1, events 0-15

}  // namespace tollgate::pstn::media
