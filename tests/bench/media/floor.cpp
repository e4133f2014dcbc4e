// SPDX-License-Identifier: Apache-2.0
// The floor under any gateway's cost: what the libraries alone take for the packets of one call-second,
// without sockets, jitter buffer, timers or RTCP. 50 times a second: SRTP unprotect, Opus decode to 8 kHz,
// A-law encode; A-law decode, Opus encode at 8 kHz, SRTP protect. Prints {"floor_ms":…,"encode_us":…,…}.
// Arguments: the folder of the prompts; for how many seconds to repeat it.
#include <opus.h>
#include <spandsp.h>
#include <srtp2/srtp.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>

#include "material.hpp"

namespace tollgate::bench {
namespace {

constexpr int material_s = 30;
constexpr int complexity = 5;
constexpr int bitrate_bps = 24000;
constexpr std::size_t rtp_header_bytes = 12;
using sample_frame = std::array<std::int16_t, narrow_frame_samples>;

std::int64_t cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

srtp_t make_srtp(srtp_ssrc_type_t direction) {
  std::array<unsigned char, 44> key{};
  for (std::size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<unsigned char>(i);
  srtp_policy_t policy{};
  srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
  srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
  policy.ssrc.type = direction;
  policy.key = key.data();
  policy.window_size = 1024;
  srtp_t made = nullptr;
  if (srtp_create(&made, &policy) != srtp_err_status_ok) throw std::runtime_error("libsrtp2 refuses");
  return made;
}

packet_bytes as_rtp(const packet_bytes& payload, std::size_t number) {
  packet_bytes packet(rtp_header_bytes, 0);
  packet[0] = 0x80;
  packet[1] = 111;
  packet[2] = static_cast<unsigned char>(number >> 8);
  packet[3] = static_cast<unsigned char>(number);
  packet[11] = 1;
  packet.insert(packet.end(), payload.begin(), payload.end());
  packet.resize(packet.size() + SRTP_MAX_TRAILER_LEN);
  return packet;
}

struct stage_times {
  double unprotect_us = 0, decode_us = 0, alaw_us = 0, encode_us = 0, protect_us = 0;

  double sum_us() const noexcept { return unprotect_us + decode_us + alaw_us + encode_us + protect_us; }
  void add(const stage_times& other, double weight) noexcept {
    unprotect_us += weight * other.unprotect_us;
    decode_us += weight * other.decode_us;
    alaw_us += weight * other.alaw_us;
    encode_us += weight * other.encode_us;
    protect_us += weight * other.protect_us;
  }
};

// Each stage over all frames, then the next one: the clock is read ten times and not ten thousand.
stage_times measure(const material& said) {
  const std::size_t frames = said.frames();
  srtp_t out = make_srtp(ssrc_any_outbound), back = make_srtp(ssrc_any_outbound),
         in = make_srtp(ssrc_any_inbound);
  std::vector<packet_bytes> arriving;
  std::vector<int> sizes;
  for (std::size_t i = 0; i < frames; ++i) {
    arriving.push_back(as_rtp(said.opus[i], i));
    int size = static_cast<int>(rtp_header_bytes + said.opus[i].size());
    srtp_protect(out, arriving.back().data(), &size);
    sizes.push_back(size);
  }
  int error = OPUS_OK;
  const std::unique_ptr<OpusDecoder, void (*)(OpusDecoder*)> decoder(
      opus_decoder_create(narrow_rate_hz, 1, &error), opus_decoder_destroy);
  const std::unique_ptr<OpusEncoder, void (*)(OpusEncoder*)> encoder(
      opus_encoder_create(narrow_rate_hz, 1, OPUS_APPLICATION_VOIP, &error), opus_encoder_destroy);
  opus_encoder_ctl(encoder.get(), OPUS_SET_BITRATE(bitrate_bps));
  opus_encoder_ctl(encoder.get(), OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
  opus_encoder_ctl(encoder.get(), OPUS_SET_COMPLEXITY(complexity));

  std::vector<sample_frame> heard(frames), said_again(frames);
  std::vector<packet_bytes> coded(frames, packet_bytes(narrow_frame_samples)),
      leaving(frames, packet_bytes(1500));
  std::vector<int> lengths(frames);
  bool right = true;
  stage_times result;
  const auto timed = [&](double& into_us, auto&& work) {
    const std::int64_t before = cpu_ns();
    for (std::size_t i = 0; i < frames; ++i)
      work(i);
    into_us += static_cast<double>(cpu_ns() - before) / 1e3 / static_cast<double>(frames);
  };
  timed(result.unprotect_us, [&](std::size_t i) {
    right &= srtp_unprotect(in, arriving[i].data(), &sizes[i]) == srtp_err_status_ok;
  });
  timed(result.decode_us, [&](std::size_t i) {
    right &= opus_decode(decoder.get(), arriving[i].data() + rtp_header_bytes,
                         sizes[i] - static_cast<int>(rtp_header_bytes), heard[i].data(),
                         static_cast<int>(heard[i].size()), 0) == static_cast<int>(heard[i].size());
  });
  timed(result.alaw_us, [&](std::size_t i) {
    for (std::size_t k = 0; k < narrow_frame_samples; ++k)
      coded[i][k] = linear_to_alaw(heard[i][k]);
  });
  timed(result.alaw_us, [&](std::size_t i) {
    for (std::size_t k = 0; k < narrow_frame_samples; ++k)
      said_again[i][k] = alaw_to_linear(said.alaw[i][k]);
  });
  timed(result.encode_us, [&](std::size_t i) {
    lengths[i] = opus_encode(encoder.get(), said_again[i].data(), static_cast<int>(said_again[i].size()),
                             leaving[i].data() + rtp_header_bytes, 1000);
    right &= lengths[i] > 0;
  });
  for (std::size_t i = 0; i < frames; ++i) {
    const auto header = as_rtp({}, i);
    std::copy_n(header.begin(), rtp_header_bytes, leaving[i].begin());
    lengths[i] += static_cast<int>(rtp_header_bytes);
  }
  timed(result.protect_us, [&](std::size_t i) {
    right &= srtp_protect(back, leaving[i].data(), &lengths[i]) == srtp_err_status_ok;
  });
  for (srtp_t each : {out, back, in})
    srtp_dealloc(each);
  if (!right) throw std::runtime_error("a library refused a packet");
  return result;
}

// The mean of as many passes as fit: a pass alone takes a moment in which the machine may be fast or slow.
stage_times measure_for(const material& said, double seconds) {
  const std::int64_t until = cpu_ns() + static_cast<std::int64_t>(seconds * 1e9);
  stage_times sum, mean;
  int passes = 0;
  do {
    sum.add(measure(said), 1);
    ++passes;
  } while (cpu_ns() < until);
  mean.add(sum, 1.0 / passes);
  return mean;
}

}  // namespace
}  // namespace tollgate::bench

int main(int count, char** arguments) {
  using namespace tollgate::bench;
  if (count != 3) return 2;
  try {
    if (srtp_init() != srtp_err_status_ok) throw std::runtime_error("libsrtp2 does not start");
    const auto said = make_material(arguments[1], material_s, false);
    const auto us = measure_for(said, std::atof(arguments[2]));
    std::printf(
        "{\"floor_ms\":%.4f,\"unprotect_us\":%.3f,\"decode_us\":%.3f,\"alaw_us\":%.3f,\"encode_us\":%.3f,"
        "\"protect_us\":%.3f}\n",
        us.sum_us() * frames_per_second / 1e3, us.unprotect_us, us.decode_us, us.alaw_us, us.encode_us,
        us.protect_us);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_media_floor: %s\n", error.what());
    return 1;
  }
}
