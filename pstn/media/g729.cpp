// SPDX-License-Identifier: Apache-2.0
// G.729 (ITU-T G.729 Annexes A and B, RFC 3551 §4.5.6): frames of 10 bytes every 10 ms; a comfort noise frame
// of 2 bytes may end a packet. Free of IO.
#include "pstn/media/g729.hpp"

extern "C" {  // the headers do not say so themselves
#include <bcg729/decoder.h>
#include <bcg729/encoder.h>
}

#include <algorithm>
#include <array>

namespace tollgate::pstn::media {
namespace {

constexpr std::size_t frame_samples = 80;
constexpr std::size_t frame_bytes = 10;
constexpr std::size_t noise_bytes = 2;  // Annex B: silence insertion descriptor

struct encoder_close {
  void operator()(bcg729EncoderChannelContextStruct* state) const noexcept {
    closeBcg729EncoderChannel(state);
  }
};
struct decoder_close {
  void operator()(bcg729DecoderChannelContextStruct* state) const noexcept {
    closeBcg729DecoderChannel(state);
  }
};

class g729_encoder final : public encoder {
 public:
  std::size_t encode(std::span<const std::int16_t> frame, std::span<std::byte> payload) override {
    const std::size_t frames = frame.size() / frame_samples;
    if (!state_ || frame.size() % frame_samples != 0 || frames * frame_bytes > payload.size()) return 0;
    for (std::size_t i = 0; i < frames; ++i) {
      std::uint8_t length = 0;  // always 10: no detection of silence
      bcg729Encoder(state_.get(), &frame[i * frame_samples],
                    reinterpret_cast<std::uint8_t*>(&payload[i * frame_bytes]), &length);
    }
    return frames * frame_bytes;
  }

 private:
  std::unique_ptr<bcg729EncoderChannelContextStruct, encoder_close> state_{initBcg729EncoderChannel(0)};
};

class g729_decoder final : public decoder {
 public:
  std::size_t decode(std::uint8_t, std::span<const std::byte> payload,
                     std::span<std::int16_t> frame) override {
    const std::size_t samples = samples_in(payload);
    if (!state_ || samples == 0 || samples > frame.size()) return 0;
    std::size_t made = 0;
    while (!payload.empty()) {
      const std::size_t length = std::min(payload.size(), frame_bytes);
      bcg729Decoder(state_.get(), reinterpret_cast<const std::uint8_t*>(payload.data()),
                    static_cast<std::uint8_t>(length), 0, length == noise_bytes ? 1 : 0, 0, &frame[made]);
      payload = payload.subspan(length);
      made += frame_samples;
    }
    spare_ = 0;
    return made;
  }
  std::size_t samples_in(std::span<const std::byte> payload) const override {
    const std::size_t rest = payload.size() % frame_bytes;
    if (rest != 0 && rest != noise_bytes) return 0;
    return (payload.size() / frame_bytes + (rest != 0 ? 1 : 0)) * frame_samples;
  }
  // An erased frame is concealed (§4.4 of G.729); after a comfort noise frame it is more of that noise.
  void conceal(std::span<std::int16_t> frame) override {
    if (!state_) return std::fill(frame.begin(), frame.end(), std::int16_t{0});
    while (!frame.empty()) {
      if (spare_ == 0) {
        bcg729Decoder(state_.get(), nullptr, 0, 1, 0, 0, erased_.data());
        spare_ = frame_samples;
      }
      const std::size_t count = std::min(spare_, frame.size());
      std::copy_n(erased_.end() - static_cast<std::ptrdiff_t>(spare_), count, frame.begin());
      frame = frame.subspan(count);
      spare_ -= count;
    }
  }

 private:
  std::unique_ptr<bcg729DecoderChannelContextStruct, decoder_close> state_{initBcg729DecoderChannel()};
  std::array<std::int16_t, frame_samples> erased_{};
  std::size_t spare_ = 0;  // samples of it that were not asked for yet
};

}  // namespace

std::unique_ptr<encoder> make_g729_encoder() {
  return std::make_unique<g729_encoder>();
}
std::unique_ptr<decoder> make_g729_decoder() {
  return std::make_unique<g729_decoder>();
}

}  // namespace tollgate::pstn::media
