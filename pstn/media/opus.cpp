// SPDX-License-Identifier: Apache-2.0
// Opus (RFC 6716, RFC 7587) on libopus: voice, constrained by what the receiver's a=fmtp says. Free of IO.
#include "pstn/media/opus.hpp"

#include <opus.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace tollgate::pstn::media {
namespace {

constexpr int complexity_default = 5;
constexpr int bitrate_narrowband = 24'000;  // bit/s, at 8 kHz
constexpr int bitrate_wideband = 32'000;
constexpr int bitrate_least = 6'000;    // RFC 7587 §6.1, maxaveragebitrate
constexpr double loss_noticed = 0.005;  // below, FEC costs more than it saves

struct encoder_delete {
  void operator()(OpusEncoder* state) const noexcept { opus_encoder_destroy(state); }
};
struct decoder_delete {
  void operator()(OpusDecoder* state) const noexcept { opus_decoder_destroy(state); }
};

const unsigned char* bytes_of(std::span<const std::byte> payload) noexcept {
  return reinterpret_cast<const unsigned char*>(payload.data());
}

int number_parameter(std::string_view parameters, std::string_view name, int otherwise) noexcept {
  const auto text = find_parameter(parameters, name);
  int value = otherwise;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

class opus_encoder final : public encoder {
 public:
  opus_encoder(OpusEncoder* state, const codec_description& codec, int rate_hz)
      : state_(state), fec_wanted_(number_parameter(codec.parameters, "useinbandfec", 0) == 1) {
    const int usual = rate_hz <= 8000 ? bitrate_narrowband : bitrate_wideband;
    const int most = std::max(number_parameter(codec.parameters, "maxaveragebitrate", usual), bitrate_least);
    const bool constant = number_parameter(codec.parameters, "cbr", 0) == 1;
    opus_encoder_ctl(state, OPUS_SET_BITRATE(std::min(usual, most)));
    opus_encoder_ctl(state, OPUS_SET_VBR(constant ? 0 : 1));
    opus_encoder_ctl(state, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
    set_complexity(complexity_default);
  }

  std::size_t encode(std::span<const std::int16_t> frame, std::span<std::byte> payload) override {
    const auto room = static_cast<opus_int32>(std::min(payload.size(), payload_max_bytes));
    const int length = ::opus_encode(state_.get(), frame.data(), static_cast<int>(frame.size()),
                                     reinterpret_cast<unsigned char*>(payload.data()), room);
    return length > 0 ? static_cast<std::size_t>(length) : 0;
  }
  void expect_loss(double fraction) override {
    const bool fec = fec_wanted_ && fraction >= loss_noticed;
    const int percent = std::clamp(static_cast<int>(std::ceil(fraction * 100)), fec ? 5 : 0, 40);
    opus_encoder_ctl(state_.get(), OPUS_SET_INBAND_FEC(fec ? 1 : 0));
    opus_encoder_ctl(state_.get(), OPUS_SET_PACKET_LOSS_PERC(percent));
  }
  void reset() override { opus_encoder_ctl(state_.get(), OPUS_RESET_STATE); }
  void set_complexity(int complexity) override {
    opus_encoder_ctl(state_.get(), OPUS_SET_COMPLEXITY(std::clamp(complexity, 0, 10)));
  }

 private:
  std::unique_ptr<OpusEncoder, encoder_delete> state_;
  bool fec_wanted_;
};

class opus_decoder final : public decoder {
 public:
  opus_decoder(OpusDecoder* state, int rate_hz) : state_(state), rate_hz_(rate_hz) {}

  std::size_t decode(std::uint8_t, std::span<const std::byte> payload,
                     std::span<std::int16_t> frame) override {
    if (payload.empty()) return 0;
    const int count = ::opus_decode(state_.get(), bytes_of(payload), static_cast<opus_int32>(payload.size()),
                                    frame.data(), static_cast<int>(frame.size()), 0);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  std::size_t samples_in(std::span<const std::byte> payload) const override {
    if (payload.empty()) return 0;
    const int count =
        opus_packet_get_nb_samples(bytes_of(payload), static_cast<opus_int32>(payload.size()), rate_hz_);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  // RFC 6716 §3.1, §4.2.3: in the SILK layer a flag for each of its frames' voice activity, then the one of
  // the redundancy (LBRR): the first bits of the range coder are these.
  bool has_fec(std::span<const std::byte> payload) const override {
    if (payload.size() < 2) return false;
    const auto toc = std::to_integer<unsigned>(payload[0]);
    constexpr unsigned celt_only = 16;  // configurations from here on
    if (toc >> 3 >= celt_only) return false;
    const unsigned char* frames[48];
    opus_int16 sizes[48];
    const int count = opus_packet_parse(bytes_of(payload), static_cast<opus_int32>(payload.size()), nullptr,
                                        frames, sizes, nullptr);
    if (count <= 0 || sizes[0] == 0) return false;
    const int frame_ms = opus_packet_get_samples_per_frame(bytes_of(payload), 48000) / 48;
    const int silk_frames = std::max(frame_ms / 20, 1);
    return (frames[0][0] >> (7 - silk_frames) & 1) != 0;
  }
  void recover(std::span<const std::byte> next, std::span<std::int16_t> frame) override {
    const int count = ::opus_decode(state_.get(), bytes_of(next), static_cast<opus_int32>(next.size()),
                                    frame.data(), static_cast<int>(frame.size()), 1);
    if (count != static_cast<int>(frame.size())) conceal(frame);
  }
  void conceal(std::span<std::int16_t> frame) override {
    // libopus conceals in multiples of 2.5 ms: what is left of an odd length stays silent.
    const std::size_t step = static_cast<std::size_t>(rate_hz_) / 400;
    const std::size_t whole = frame.size() / step * step;
    const int count =
        whole == 0 ? 0 : ::opus_decode(state_.get(), nullptr, 0, frame.data(), static_cast<int>(whole), 0);
    std::fill(frame.begin() + std::max(count, 0), frame.end(), std::int16_t{0});
  }

 private:
  std::unique_ptr<OpusDecoder, decoder_delete> state_;
  int rate_hz_;
};

}  // namespace

std::unique_ptr<encoder> make_opus_encoder(const codec_description& codec, int rate_hz) {
  int error = OPUS_OK;
  OpusEncoder* state = opus_encoder_create(rate_hz, 1, OPUS_APPLICATION_VOIP, &error);
  if (state == nullptr || error != OPUS_OK) return nullptr;
  return std::make_unique<opus_encoder>(state, codec, rate_hz);
}

std::unique_ptr<decoder> make_opus_decoder(int rate_hz) {
  int error = OPUS_OK;
  OpusDecoder* state = opus_decoder_create(rate_hz, 1, &error);
  if (state == nullptr || error != OPUS_OK) return nullptr;
  return std::make_unique<opus_decoder>(state, rate_hz);
}

}  // namespace tollgate::pstn::media
