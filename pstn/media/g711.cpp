// SPDX-License-Identifier: Apache-2.0
// G.711 (ITU-T G.711, RFC 3551 §4.5.14). Free of IO.
#include "pstn/media/g711.hpp"

#include <spandsp.h>

#include <algorithm>

#include "pstn/media/concealment.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr int rate_hz = 8000;
constexpr std::uint8_t pcmu_payload_type = 0;  // RFC 3551 §6: a far end may change between the two laws
constexpr std::uint8_t pcma_payload_type = 8;

class g711_encoder final : public encoder {
 public:
  explicit g711_encoder(codec_id law) : law_(law) {}

  std::size_t encode(std::span<const std::int16_t> frame, std::span<std::byte> payload) override {
    const std::size_t count = std::min(frame.size(), payload.size());
    for (std::size_t i = 0; i < count; ++i)
      payload[i] = static_cast<std::byte>(law_ == codec_id::pcma ? linear_to_alaw(frame[i])
                                                                 : linear_to_ulaw(frame[i]));
    return count;
  }
  void expect_loss(double) override {}
  void set_complexity(int) override {}

 private:
  codec_id law_;
};

class g711_decoder final : public decoder {
 public:
  explicit g711_decoder(codec_id law) : law_(law) {}

  std::size_t decode(std::uint8_t payload_type, std::span<const std::byte> payload,
                     std::span<std::int16_t> frame) override {
    if (payload.empty() || payload.size() > frame.size()) return 0;
    if (payload_type == pcma_payload_type) law_ = codec_id::pcma;
    if (payload_type == pcmu_payload_type) law_ = codec_id::pcmu;
    for (std::size_t i = 0; i < payload.size(); ++i) {
      const auto code = std::to_integer<std::uint8_t>(payload[i]);
      frame[i] = law_ == codec_id::pcma ? alaw_to_linear(code) : ulaw_to_linear(code);
    }
    concealment_.take(frame.first(payload.size()));
    return payload.size();
  }
  std::size_t samples_in(std::span<const std::byte> payload) const override { return payload.size(); }
  void recover(std::span<const std::byte>, std::span<std::int16_t> frame) override { conceal(frame); }
  void conceal(std::span<std::int16_t> frame) override {
    if (!frame.empty()) concealment_.fill(frame);
  }

 private:
  codec_id law_;
  concealment concealment_{rate_hz};
};

}  // namespace

std::unique_ptr<encoder> make_g711_encoder(codec_id law) {
  return std::make_unique<g711_encoder>(law);
}
std::unique_ptr<decoder> make_g711_decoder(codec_id law) {
  return std::make_unique<g711_decoder>(law);
}

}  // namespace tollgate::pstn::media
