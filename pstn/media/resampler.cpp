// SPDX-License-Identifier: Apache-2.0
// Change of sampling rate. Free of IO.
#include "pstn/media/resampler.hpp"

#include <speex/speex_resampler.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace tollgate::pstn::media {
namespace {

constexpr int quality = 6;  // of 0..10: stop band below -80 dB, a filter of 8 ms at 8 kHz

struct state_delete {
  void operator()(SpeexResamplerState* made) const noexcept { speex_resampler_destroy(made); }
};

}  // namespace

struct resampler::state {
  std::unique_ptr<SpeexResamplerState, state_delete> made;
  std::size_t tail = 0;  // input samples of silence that push the rest out
};

resampler::resampler(int from_hz, int to_hz) : to_hz_(to_hz) {
  if (from_hz == to_hz) return;
  int error = RESAMPLER_ERR_SUCCESS;
  SpeexResamplerState* made = speex_resampler_init(1, static_cast<spx_uint32_t>(from_hz),
                                                   static_cast<spx_uint32_t>(to_hz), quality, &error);
  if (made == nullptr || error != RESAMPLER_ERR_SUCCESS)
    throw std::invalid_argument("resampler: sampling rate");
  state_ = std::make_unique<state>();
  state_->made.reset(made);
  speex_resampler_skip_zeros(made);
  state_->tail = static_cast<std::size_t>(speex_resampler_get_input_latency(made));
}

resampler::resampler() noexcept = default;
resampler::resampler(resampler&&) noexcept = default;
resampler& resampler::operator=(resampler&&) noexcept = default;
resampler::~resampler() = default;

std::pair<std::size_t, std::size_t> resampler::process(std::span<const std::int16_t> in,
                                                       std::span<std::int16_t> out) {
  if (!state_) {
    const std::size_t count = std::min(in.size(), out.size());
    std::copy_n(in.begin(), count, out.begin());
    return {count, count};
  }
  auto taken = static_cast<spx_uint32_t>(std::min<std::size_t>(in.size(), 1 << 20));
  auto given = static_cast<spx_uint32_t>(out.size());
  if (taken == 0 || given == 0) return {0, 0};
  speex_resampler_process_int(state_->made.get(), 0, in.data(), &taken, out.data(), &given);
  return {taken, given};
}

std::size_t resampler::flush(std::span<std::int16_t> out) {
  if (!state_) return 0;
  constexpr std::array<std::int16_t, 256> silence{};
  std::size_t done = 0;
  while (done < out.size() && state_->tail > 0) {
    const auto [taken, given] =
        process(std::span(silence).first(std::min(state_->tail, silence.size())), out.subspan(done));
    state_->tail -= taken;
    done += given;
    if (taken == 0 && given == 0) break;
  }
  return done;
}

}  // namespace tollgate::pstn::media
