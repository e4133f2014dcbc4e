// SPDX-License-Identifier: Apache-2.0
// GSM 06.10 full rate (ETSI EN 300 961, RFC 3551 §4.5.8): 33 bytes every 20 ms, each beginning with the
// signature 0xD. Free of IO.
#include "pstn/media/gsm.hpp"

#include <spandsp.h>

#include "pstn/media/concealment.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr int rate_hz = 8000;
constexpr std::size_t frame_samples = 160;
constexpr std::size_t frame_bytes = 33;

struct state_free {
  void operator()(gsm0610_state_t* state) const noexcept { gsm0610_free(state); }
};
using state_pointer = std::unique_ptr<gsm0610_state_t, state_free>;

state_pointer make_state() {
  return state_pointer(gsm0610_init(nullptr, GSM0610_PACKING_VOIP));
}

class gsm_encoder final : public encoder {
 public:
  std::size_t encode(std::span<const std::int16_t> frame, std::span<std::byte> payload) override {
    if (!state_ || frame.empty() || frame.size() % frame_samples != 0 ||
        frame.size() / frame_samples * frame_bytes > payload.size())
      return 0;
    return static_cast<std::size_t>(gsm0610_encode(state_.get(),
                                                   reinterpret_cast<std::uint8_t*>(payload.data()),
                                                   frame.data(), static_cast<int>(frame.size())));
  }

 private:
  state_pointer state_ = make_state();
};

class gsm_decoder final : public decoder {
 public:
  std::size_t decode(std::uint8_t, std::span<const std::byte> payload,
                     std::span<std::int16_t> frame) override {
    const std::size_t samples = samples_in(payload);
    if (!state_ || samples == 0 || samples > frame.size()) return 0;
    gsm0610_decode(state_.get(), frame.data(), reinterpret_cast<const std::uint8_t*>(payload.data()),
                   static_cast<int>(payload.size()));
    concealment_.take(frame.first(samples));
    return samples;
  }
  std::size_t samples_in(std::span<const std::byte> payload) const override {
    if (payload.size() % frame_bytes != 0) return 0;
    for (std::size_t at = 0; at < payload.size(); at += frame_bytes)
      if (std::to_integer<unsigned>(payload[at]) >> 4 != 0xD) return 0;
    return payload.size() / frame_bytes * frame_samples;
  }
  void conceal(std::span<std::int16_t> frame) override { concealment_.fill(frame); }

 private:
  state_pointer state_ = make_state();
  concealment concealment_{rate_hz};
};

}  // namespace

std::unique_ptr<encoder> make_gsm_encoder() {
  return std::make_unique<gsm_encoder>();
}
std::unique_ptr<decoder> make_gsm_decoder() {
  return std::make_unique<gsm_decoder>();
}

}  // namespace tollgate::pstn::media
