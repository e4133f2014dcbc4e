// SPDX-License-Identifier: Apache-2.0
// G726-32 (ITU-T G.726, RFC 3551 §4.5.4): 4 bits a sample, the earlier sample in the low half of its byte.
// The packing of ITU-T I.366.2 Annex E is the other way round, has a name of its own (AAL2-G726-32, RFC 3551
// §4.5.4), and is not carried out. Free of IO.
#include "pstn/media/g726.hpp"

#include <spandsp.h>

#include "pstn/media/concealment.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr int rate_hz = 8000;
constexpr int bits_per_second = 32000;
constexpr std::size_t samples_per_byte = 2;

struct state_free {
  void operator()(g726_state_t* state) const noexcept { g726_free(state); }
};
using state_pointer = std::unique_ptr<g726_state_t, state_free>;

state_pointer make_state() {
  return state_pointer(g726_init(nullptr, bits_per_second, G726_ENCODING_LINEAR, G726_PACKING_RIGHT));
}

class g726_encoder final : public encoder {
 public:
  std::size_t encode(std::span<const std::int16_t> frame, std::span<std::byte> payload) override {
    if (!state_ || frame.size() % samples_per_byte != 0 || frame.size() / samples_per_byte > payload.size())
      return 0;
    return static_cast<std::size_t>(g726_encode(state_.get(), reinterpret_cast<std::uint8_t*>(payload.data()),
                                                frame.data(), static_cast<int>(frame.size())));
  }

 private:
  state_pointer state_ = make_state();
};

class g726_decoder final : public decoder {
 public:
  std::size_t decode(std::uint8_t, std::span<const std::byte> payload,
                     std::span<std::int16_t> frame) override {
    if (!state_ || payload.empty() || samples_in(payload) > frame.size()) return 0;
    const int count =
        g726_decode(state_.get(), frame.data(), reinterpret_cast<const std::uint8_t*>(payload.data()),
                    static_cast<int>(payload.size()));
    const auto samples = static_cast<std::size_t>(count);
    concealment_.take(frame.first(samples));
    return samples;
  }
  std::size_t samples_in(std::span<const std::byte> payload) const override {
    return payload.size() * samples_per_byte;
  }
  void conceal(std::span<std::int16_t> frame) override { concealment_.fill(frame); }

 private:
  state_pointer state_ = make_state();
  concealment concealment_{rate_hz};
};

}  // namespace

std::unique_ptr<encoder> make_g726_encoder() {
  return std::make_unique<g726_encoder>();
}
std::unique_ptr<decoder> make_g726_decoder() {
  return std::make_unique<g726_decoder>();
}

}  // namespace tollgate::pstn::media
