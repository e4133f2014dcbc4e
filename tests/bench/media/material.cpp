// SPDX-License-Identifier: Apache-2.0
#include "material.hpp"

#include <opus.h>
#include <sndfile.h>
#include <spandsp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <random>
#include <stdexcept>

namespace tollgate::bench {
namespace {

constexpr unsigned seed = 20;
// ITU-T P.59 has talk spurts of 1.004 s and pauses of 1.587 s on the average: the spurts are made a little
// longer, for 42 %.
constexpr double active_wanted = 0.42;
constexpr double active_tolerance = 0.005;
constexpr double spurt_mean_s = 1.149;
constexpr double pause_mean_s = 1.587;
constexpr double shortest_s = 0.1;
constexpr double speech_power = 300.0 * 300.0;  // mean square of a frame that counts as speech
constexpr std::size_t pause_kept_frames = 4;    // stops within words stay
// ITU-T G.711: a full-scale sine is +3.14 dBm0, so 0 dBm0 is 16,142 (root mean square of 16-bit samples).
constexpr double noise_rms = 9.08;  // -65 dBm0
constexpr std::size_t fade_samples = 40;

struct file_close {
  void operator()(SNDFILE* file) const noexcept { sf_close(file); }
};

std::vector<std::int16_t> read_wav(const std::string& path) {
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, file_close> file(sf_open(path.c_str(), SFM_READ, &info));
  if (!file || info.samplerate != narrow_rate_hz || info.channels != 1) return {};
  std::vector<std::int16_t> samples(static_cast<std::size_t>(info.frames));
  samples.resize(static_cast<std::size_t>(
      std::max<sf_count_t>(sf_read_short(file.get(), samples.data(), info.frames), 0)));
  return samples;
}

bool is_speech(std::span<const std::int16_t> frame) {
  double power = 0;
  for (const std::int16_t sample : frame)
    power += static_cast<double>(sample) * sample;
  return power >= speech_power * static_cast<double>(frame.size());
}

// Speech without its pauses: else a share of "speech" that nobody knows would be silence.
void append_speech(std::vector<std::int16_t>& to, const std::vector<std::int16_t>& from) {
  std::size_t quiet = pause_kept_frames;
  for (std::size_t at = 0; at + narrow_frame_samples <= from.size(); at += narrow_frame_samples) {
    const auto frame = std::span(from).subspan(at, narrow_frame_samples);
    quiet = is_speech(frame) ? 0 : quiet + 1;
    if (quiet <= pause_kept_frames) to.insert(to.end(), frame.begin(), frame.end());
  }
}

std::vector<std::int16_t> read_speech(const std::string& folder, int seconds) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".wav") names.push_back(entry.path().string());
  std::sort(names.begin(), names.end());
  const auto wanted = static_cast<std::size_t>(seconds) * narrow_rate_hz;
  std::vector<std::int16_t> speech;
  for (const std::string& name : names) {
    if (speech.size() >= wanted) break;
    append_speech(speech, read_wav(name));
  }
  if (speech.size() < wanted) throw std::runtime_error("too little speech in " + folder);
  speech.resize(wanted);
  return speech;
}

struct spaced {
  std::vector<std::int16_t> samples;
  std::size_t active = 0;
};

spaced with_pauses(const std::vector<std::int16_t>& speech, std::mt19937& random) {
  const auto draw = [&random](double mean_s) {
    const double length_s = std::exponential_distribution(1 / (mean_s - shortest_s))(random) + shortest_s;
    return static_cast<std::size_t>(length_s * narrow_rate_hz);
  };
  spaced result;
  result.samples.reserve(speech.size());
  for (std::size_t from = 0; result.samples.size() < speech.size();) {
    const std::size_t spurt = std::min(draw(spurt_mean_s), speech.size() - from);
    for (std::size_t i = 0; i < spurt; ++i) {
      const std::size_t edge = std::min({i, spurt - i, fade_samples});
      result.samples.push_back(static_cast<std::int16_t>(speech[from + i] * static_cast<double>(edge) /
                                                         static_cast<double>(fade_samples)));
    }
    from += spurt;
    result.active += spurt;
    result.samples.resize(result.samples.size() + draw(pause_mean_s), 0);
  }
  result.active = std::min(result.active, speech.size());
  result.samples.resize(speech.size());
  return result;
}

void add_noise(std::vector<std::int16_t>& samples, std::mt19937& random) {
  std::normal_distribution<double> noise(0, noise_rms);
  for (std::int16_t& sample : samples)
    sample = static_cast<std::int16_t>(std::clamp(std::lround(sample + noise(random)), -32768L, 32767L));
}

std::vector<packet_bytes> encode_opus(const std::vector<std::int16_t>& samples) {
  int error = OPUS_OK;
  const std::unique_ptr<OpusEncoder, void (*)(OpusEncoder*)> encoder(
      opus_encoder_create(peer_rate_hz, 1, OPUS_APPLICATION_VOIP, &error), opus_encoder_destroy);
  if (!encoder) throw std::runtime_error(opus_strerror(error));
  opus_encoder_ctl(encoder.get(), OPUS_SET_BITRATE(peer_bitrate_bps));
  opus_encoder_ctl(encoder.get(), OPUS_SET_COMPLEXITY(5));
  std::vector<packet_bytes> packets;
  std::array<std::int16_t, 2 * narrow_frame_samples> wide{};
  std::array<unsigned char, 1500> packet{};
  std::int16_t before = 0;
  for (std::size_t at = 0; at + narrow_frame_samples <= samples.size(); at += narrow_frame_samples) {
    for (std::size_t i = 0; i < narrow_frame_samples;
         ++i) {  // what is above 4 kHz then is the image, 20 dB down
      const std::int16_t sample = samples[at + i];
      wide[2 * i] = static_cast<std::int16_t>((before + sample) / 2);
      wide[2 * i + 1] = sample;
      before = sample;
    }
    const int length = opus_encode(encoder.get(), wide.data(), static_cast<int>(wide.size()), packet.data(),
                                   static_cast<opus_int32>(packet.size()));
    if (length <= 0) throw std::runtime_error(opus_strerror(length));
    packets.emplace_back(packet.begin(), packet.begin() + length);
  }
  return packets;
}

std::vector<packet_bytes> encode_alaw(const std::vector<std::int16_t>& samples) {
  std::vector<packet_bytes> packets;
  for (std::size_t at = 0; at + narrow_frame_samples <= samples.size(); at += narrow_frame_samples) {
    packet_bytes& packet = packets.emplace_back(narrow_frame_samples);
    for (std::size_t i = 0; i < narrow_frame_samples; ++i)
      packet[i] = linear_to_alaw(samples[at + i]);
  }
  return packets;
}

}  // namespace

material make_material(const std::string& folder, int seconds, bool conversation) {
  material made;
  std::mt19937 random(seed);
  made.samples = read_speech(folder, seconds);
  made.active_share = 1;
  while (conversation) {  // a minute has few spurts: draw until they have the wanted share
    spaced apart = with_pauses(made.samples, random);
    made.active_share = static_cast<double>(apart.active) / static_cast<double>(apart.samples.size());
    if (std::abs(made.active_share - active_wanted) > active_tolerance) continue;
    made.samples = std::move(apart.samples);
    break;
  }
  add_noise(made.samples, random);
  made.opus = encode_opus(made.samples);
  made.alaw = encode_alaw(made.samples);
  return made;
}

}  // namespace tollgate::bench
