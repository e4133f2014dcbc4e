// SPDX-License-Identifier: Apache-2.0
// What the attributes of a session description say of directions and RTP formats (RFC 8866 §6.6, §6.7,
// §6.15). Free of IO.
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "pstn/media/session_description.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr std::array all_directions{media_direction::sendrecv, media_direction::sendonly,
                                    media_direction::recvonly, media_direction::inactive};

std::optional<media_direction> stated_direction(const sdp_attributes& attributes) noexcept {
  for (const sdp_attribute& item : attributes)
    for (const media_direction direction : all_directions)
      if (item.name == to_string(direction)) return direction;
  return std::nullopt;
}

std::optional<int> to_number(std::string_view text, int most) noexcept {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < 0 || value > most)
    return std::nullopt;
  return value;
}

// The text after "<payload type> " in the attribute `name` that is for this payload type.
std::optional<std::string_view> value_for(const media_description& media, std::string_view name,
                                          int payload_type) {
  for (const sdp_attribute& item : media.attributes) {
    if (item.name != name || !item.value) continue;
    const std::string_view value = *item.value;
    const auto space = value.find(' ');
    if (space == std::string_view::npos || to_number(value.substr(0, space), 127) != payload_type) continue;
    return value.substr(space + 1);
  }
  return std::nullopt;
}

// "opus/48000/2" (§6.6).
bool read_mapping(std::string_view mapping, rtp_format& format) {
  const auto first = mapping.find('/');
  if (first == 0 || first == std::string_view::npos) return false;
  const auto second = mapping.find('/', first + 1);
  const auto clock = to_number(
      mapping.substr(first + 1, second == std::string_view::npos ? second : second - first - 1), 1'000'000);
  const auto channels =
      second == std::string_view::npos ? std::optional<int>(1) : to_number(mapping.substr(second + 1), 255);
  if (!clock || *clock == 0 || !channels || *channels == 0) return false;
  format.encoding = mapping.substr(0, first);
  format.clock_hz = *clock;
  format.channels = *channels;
  return true;
}

}  // namespace

std::string_view to_string(media_direction direction) noexcept {
  switch (direction) {
    case media_direction::sendrecv:
      return "sendrecv";
    case media_direction::sendonly:
      return "sendonly";
    case media_direction::recvonly:
      return "recvonly";
    case media_direction::inactive:
      return "inactive";
  }
  return "";
}

media_direction reversed(media_direction direction) noexcept {
  switch (direction) {
    case media_direction::sendonly:
      return media_direction::recvonly;
    case media_direction::recvonly:
      return media_direction::sendonly;
    case media_direction::sendrecv:
    case media_direction::inactive:
      break;
  }
  return direction;
}

media_direction direction_of(const session_description& description,
                             const media_description& media) noexcept {
  if (const auto own = stated_direction(media.attributes)) return *own;
  return stated_direction(description.attributes).value_or(media_direction::sendrecv);
}

std::vector<rtp_format> rtp_formats(const media_description& media) {
  std::vector<rtp_format> formats;
  for (const std::string& text : media.formats) {
    const auto payload_type = to_number(text, 127);
    if (!payload_type) continue;
    rtp_format format;
    format.payload_type = static_cast<std::uint8_t>(*payload_type);
    if (const auto mapping = value_for(media, "rtpmap", *payload_type)) {
      if (!read_mapping(*mapping, format)) continue;
    } else if (const auto known = static_codec(*payload_type)) {
      format.encoding = encoding_name(*known);
      format.clock_hz = default_description(*known).rtp_clock_hz;
    } else {
      continue;
    }
    if (const auto parameters = value_for(media, "fmtp", *payload_type)) format.parameters = *parameters;
    formats.push_back(std::move(format));
  }
  return formats;
}

std::optional<codec_description> to_codec(const rtp_format& format) {
  const auto id = find_codec(format.encoding);
  if (!id) return std::nullopt;
  const codec_description usual = default_description(*id);
  if (usual.rtp_clock_hz != format.clock_hz || usual.channels != format.channels) return std::nullopt;
  return codec_description{*id, format.payload_type, format.clock_hz, format.channels, format.parameters};
}

void add_format(media_description& media, const rtp_format& format) {
  const std::string payload_type = std::to_string(format.payload_type);
  media.formats.push_back(payload_type);
  std::string mapping = payload_type + " " + format.encoding + "/" + std::to_string(format.clock_hz);
  if (format.channels != 1) mapping += "/" + std::to_string(format.channels);
  add_attribute(media.attributes, "rtpmap", std::move(mapping));
  if (!format.parameters.empty())
    add_attribute(media.attributes, "fmtp", payload_type + " " + format.parameters);
}

rtp_format to_format(const codec_description& codec) {
  return {codec.payload_type, std::string(encoding_name(codec.id)), codec.rtp_clock_hz, codec.channels,
          codec.parameters};
}

rtp_format telephone_event_format(std::uint8_t payload_type, int clock_hz) {
  return {payload_type, "telephone-event", clock_hz, 1, "0-15"};
}

}  // namespace tollgate::pstn::media
