// SPDX-License-Identifier: Apache-2.0
// G.722 (ITU-T G.722 mode 1, RFC 3551 §4.5.2): a byte of payload is two samples at 16 kHz, and one unit of
// the RTP clock, which is 8000 Hz by an error that was made a rule. Free of IO.
#include "pstn/media/g722.hpp"

#include <spandsp.h>

#include "pstn/media/concealment.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr int wideband_hz = 16000;
constexpr int narrowband_hz = 8000;
constexpr int bits_per_second = 64000;

struct encoder_free {
  void operator()(g722_encode_state_t* state) const noexcept { g722_encode_free(state); }
};
struct decoder_free {
  void operator()(g722_decode_state_t* state) const noexcept { g722_decode_free(state); }
};

bool has(int rate_hz) noexcept {
  return rate_hz == wideband_hz || rate_hz == narrowband_hz;
}

int options(int rate_hz) noexcept {
  return rate_hz == narrowband_hz ? G722_SAMPLE_RATE_8000 : 0;
}

std::size_t samples_per_byte(int rate_hz) noexcept {
  return static_cast<std::size_t>(rate_hz / narrowband_hz);
}

class g722_encoder final : public encoder {
 public:
  explicit g722_encoder(int rate_hz)
      : state_(g722_encode_init(nullptr, bits_per_second, options(rate_hz))),
        samples_per_byte_(samples_per_byte(rate_hz)) {}

  std::size_t encode(std::span<const std::int16_t> frame, std::span<std::byte> payload) override {
    if (!state_ || frame.size() % samples_per_byte_ != 0 || frame.size() / samples_per_byte_ > payload.size())
      return 0;
    return static_cast<std::size_t>(g722_encode(state_.get(), reinterpret_cast<std::uint8_t*>(payload.data()),
                                                frame.data(), static_cast<int>(frame.size())));
  }

 private:
  std::unique_ptr<g722_encode_state_t, encoder_free> state_;
  std::size_t samples_per_byte_;
};

class g722_decoder final : public decoder {
 public:
  explicit g722_decoder(int rate_hz)
      : state_(g722_decode_init(nullptr, bits_per_second, options(rate_hz))),
        samples_per_byte_(samples_per_byte(rate_hz)),
        concealment_(rate_hz) {}

  std::size_t decode(std::uint8_t, std::span<const std::byte> payload,
                     std::span<std::int16_t> frame) override {
    if (!state_ || payload.empty() || samples_in(payload) > frame.size()) return 0;
    const int count =
        g722_decode(state_.get(), frame.data(), reinterpret_cast<const std::uint8_t*>(payload.data()),
                    static_cast<int>(payload.size()));
    const auto samples = static_cast<std::size_t>(count);
    concealment_.take(frame.first(samples));
    return samples;
  }
  std::size_t samples_in(std::span<const std::byte> payload) const override {
    return payload.size() * samples_per_byte_;
  }
  void conceal(std::span<std::int16_t> frame) override { concealment_.fill(frame); }

 private:
  std::unique_ptr<g722_decode_state_t, decoder_free> state_;
  std::size_t samples_per_byte_;
  concealment concealment_;
};

}  // namespace

std::unique_ptr<encoder> make_g722_encoder(int rate_hz) {
  return has(rate_hz) ? std::make_unique<g722_encoder>(rate_hz) : nullptr;
}
std::unique_ptr<decoder> make_g722_decoder(int rate_hz) {
  return has(rate_hz) ? std::make_unique<g722_decoder>(rate_hz) : nullptr;
}

}  // namespace tollgate::pstn::media
