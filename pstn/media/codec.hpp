// SPDX-License-Identifier: Apache-2.0
// Encoders and decoders between linear 16-bit mono samples and RTP payloads: G.711, G.726, GSM and G.729 at 8
// kHz, G.722 at 16 kHz (RFC 3551 §4.5), Opus (RFC 6716, RFC 7587) at the rate that the other leg has. No
// allocation after construction. Free of IO.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "pstn/media/codec_description.hpp"

namespace tollgate::pstn::media {

inline constexpr std::size_t payload_max_bytes = 1275;      // RFC 6716 §3.4 (R2); G.711 of 60 ms has 480
inline constexpr std::chrono::milliseconds frame_max{120};  // RFC 6716 §3.4 (R5)

class encoder {
 public:
  encoder() = default;
  encoder(const encoder&) = delete;
  encoder& operator=(const encoder&) = delete;
  virtual ~encoder() = default;

  // Encodes one packet's samples (a multiple of frame_granularity of the codec, up to 60 ms; for Opus 10, 20,
  // 40 or 60 ms) into `payload` (payload_max_bytes are enough). Returns its bytes, 0 when the samples cannot
  // be encoded.
  virtual std::size_t encode(std::span<const std::int16_t> frame, std::span<std::byte> payload) = 0;
  // Loss that the far end reports, 0..1: Opus adds in-band FEC while there is any.
  virtual void expect_loss(double fraction) { static_cast<void>(fraction); }
  // 0..10, Opus only: less under load.
  virtual void set_complexity(int complexity) { static_cast<void>(complexity); }
  // What was sent last was not made here: the next frame must not refer to what was.
  virtual void reset() {}
};

class decoder {
 public:
  decoder() = default;
  decoder(const decoder&) = delete;
  decoder& operator=(const decoder&) = delete;
  virtual ~decoder() = default;

  // Decodes a payload into `frame` (room for frame_max); the samples, 0 when the payload is not one of this
  // codec. G.711 takes the law from the static payload types 0 and 8, else from its description.
  virtual std::size_t decode(std::uint8_t payload_type, std::span<const std::byte> payload,
                             std::span<std::int16_t> frame) = 0;
  // Samples that decode would give; 0 for a malformed payload.
  virtual std::size_t samples_in(std::span<const std::byte> payload) const = 0;
  // Whether `next` has in-band FEC for the packet before it.
  virtual bool has_fec(std::span<const std::byte>) const { return false; }
  // Fills `frame` in place of the lost packet before `next`, from the FEC in `next` where it has some.
  virtual void recover(std::span<const std::byte> next, std::span<std::int16_t> frame) {
    static_cast<void>(next);
    conceal(frame);
  }
  // Fills `frame` in place of a packet that is not there: a continuation that fades into silence (G.711
  // Appendix I in spirit, or the codec's own) or comfort noise.
  virtual void conceal(std::span<std::int16_t> frame) = 0;
};

// Whether this build has the codec (G.729 may be left out: TOLLGATE_G729).
bool codec_available(codec_id id);

// rate_hz, of the samples: 8000 for all; also 16000 for G.722; also 12000, 16000, 24000 or 48000 for Opus.
// Error: media_error::codec_unsupported.
boost::system::result<std::unique_ptr<encoder>> make_encoder(const codec_description& codec, int rate_hz);
boost::system::result<std::unique_ptr<decoder>> make_decoder(const codec_description& codec, int rate_hz);

}  // namespace tollgate::pstn::media
