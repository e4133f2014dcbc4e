// SPDX-License-Identifier: Apache-2.0
// A direction in which packets are passed on as they are, with headers of our own: no decoding, no jitter
// buffer, no encoding (RFC 3550 §7.1: a translator that keeps the payload). Free of IO.
#pragma once

#include <cstdint>

#include "pstn/media/codec_description.hpp"
#include "pstn/media/rtp.hpp"
#include "pstn/media/voice_sender.hpp"

namespace tollgate::pstn::media {

// Whether a far end that says this of how it receives takes any stream of the same codec: Opus without a
// limit of the bit rate and without constant bit rate (RFC 7587 §6.1). What other codecs carry is transcoded.
bool takes_any_stream(const codec_description& codec) noexcept;

// Sequence numbers and timestamps of one stream, laid on those of another that they continue: losses and
// reordering stay as they are, for the far end to see.
class passage {
 public:
  bool open() const noexcept { return open_; }
  // The next packet to be sent by `to` is that with this sequence number and timestamp.
  void open_at(std::uint16_t sequence, std::uint32_t timestamp, const voice_sender& to) noexcept;
  // The next packet that comes, whichever it is, continues what was sent.
  void open_with_next() noexcept;
  void close() noexcept { open_ = false; }
  // A sequence number that is not passed on (an event): no gap is to be seen for it.
  void leave_out() noexcept { --sequence_offset_; }

  // The header of the packet as `to` sends it.
  rtp_header map(const rtp_header& from, time_point at, const voice_sender& to) noexcept;

 private:
  bool open_ = false;
  bool mapped_ = false;
  std::uint16_t sequence_offset_ = 0;
  std::uint32_t timestamp_offset_ = 0;
};

}  // namespace tollgate::pstn::media
