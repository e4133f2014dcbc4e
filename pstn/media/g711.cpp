// SPDX-License-Identifier: Apache-2.0
// G.711 (ITU-T G.711, RFC 3551 §4.5.14). Concealment is SpanDSP's: the last pitch period repeated, faded out
// in 50 ms, blended into the voice that follows. Free of IO.
#include "pstn/media/g711.hpp"

#include <spandsp.h>

#include <algorithm>
#include <array>

namespace tollgate::pstn::media {
namespace {

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

// SpanDSP's concealment with a history of our own: its ring is put straight by a memcpy of overlapping ranges
// when a loss begins, unless it was filled in one go.
class concealment {
 public:
  // Voice that was received; its beginning is blended with what was made up before it.
  void take(std::span<std::int16_t> frame) {
    if (filling_) plc_rx(&state_, frame.data(), static_cast<int>(frame.size()));
    filling_ = false;
    remember(frame);
  }

  void fill(std::span<std::int16_t> frame) {
    if (!filling_) {
      plc_init(&state_);
      auto copy = history_;  // plc_rx may change what it is given
      plc_rx(&state_, copy.data(), static_cast<int>(copy.size()));
      filling_ = true;
    }
    plc_fillin(&state_, frame.data(), static_cast<int>(frame.size()));
    remember(frame);
  }

 private:
  void remember(std::span<const std::int16_t> frame) {
    if (frame.size() < history_.size()) {
      std::move(history_.begin() + static_cast<std::ptrdiff_t>(frame.size()), history_.end(),
                history_.begin());
    } else {
      frame = frame.last(history_.size());
    }
    std::copy(frame.begin(), frame.end(), history_.end() - static_cast<std::ptrdiff_t>(frame.size()));
  }

  plc_state_t state_{};
  std::array<std::int16_t, PLC_HISTORY_LEN> history_{};
  bool filling_ = false;
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
  concealment concealment_;
};

}  // namespace

std::unique_ptr<encoder> make_g711_encoder(codec_id law) {
  return std::make_unique<g711_encoder>(law);
}
std::unique_ptr<decoder> make_g711_decoder(codec_id law) {
  return std::make_unique<g711_decoder>(law);
}

}  // namespace tollgate::pstn::media
