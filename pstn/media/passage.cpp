// SPDX-License-Identifier: Apache-2.0
// Headers of packets that are passed on. Free of IO.
#include "pstn/media/passage.hpp"

namespace tollgate::pstn::media {

bool takes_any_stream(const codec_description& codec) noexcept {
  if (codec.id != codec_id::opus) return false;
  const auto constant = find_parameter(codec.parameters, "cbr");
  return !find_parameter(codec.parameters, "maxaveragebitrate") && (!constant || *constant == "0");
}

void passage::open_at(std::uint16_t sequence, std::uint32_t timestamp, const voice_sender& to) noexcept {
  open_ = mapped_ = true;
  sequence_offset_ = static_cast<std::uint16_t>(to.next_sequence_number() - sequence);
  timestamp_offset_ = to.next_timestamp() - timestamp;
}

void passage::open_with_next() noexcept {
  open_ = true;
  mapped_ = false;
}

rtp_header passage::map(const rtp_header& from, time_point at, const voice_sender& to) noexcept {
  if (!mapped_) {
    open_at(from.sequence_number, from.timestamp, to);
    timestamp_offset_ = to.timestamp_at(at) - from.timestamp;
  }
  rtp_header mapped = from;
  mapped.sequence_number = static_cast<std::uint16_t>(from.sequence_number + sequence_offset_);
  mapped.timestamp = from.timestamp + timestamp_offset_;
  return mapped;
}

}  // namespace tollgate::pstn::media
