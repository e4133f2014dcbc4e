// SPDX-License-Identifier: Apache-2.0
// Reading of audio files: libsndfile for WAV and its like, opusfile for Ogg Opus.
#include "pstn/media/audio_file.hpp"

#include <opusfile.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>

#include "pstn/media/error.hpp"
#include "pstn/media/resampler.hpp"

namespace tollgate::pstn::media {
namespace {

constexpr int opusfile_rate_hz = 48000;
constexpr int channels_max = 8;
constexpr std::size_t frames_at_once = 4096;

struct sndfile_delete {
  void operator()(SNDFILE* file) const noexcept { sf_close(file); }
};
struct opusfile_delete {
  void operator()(OggOpusFile* file) const noexcept { op_free(file); }
};

std::size_t samples_max(int rate_hz) {
  return static_cast<std::size_t>(std::chrono::seconds(audio_file_max).count()) *
         static_cast<std::size_t>(rate_hz);
}

bool begins_like_ogg(const std::filesystem::path& path) {
  std::array<char, 4> magic{};
  std::ifstream file(path, std::ios::binary);
  return file.read(magic.data(), magic.size()) && std::memcmp(magic.data(), "OggS", magic.size()) == 0;
}

boost::system::result<pcm_audio> read_opus(OggOpusFile* opened) {
  const std::unique_ptr<OggOpusFile, opusfile_delete> file(opened);
  if (!file) return media_error::file_unreadable;
  pcm_audio audio;
  audio.rate_hz = opusfile_rate_hz;
  std::array<opus_int16, 2 * 5760> stereo{};  // 120 ms, as op_read_stereo asks for
  while (audio.samples.size() < samples_max(audio.rate_hz)) {
    const int count = op_read_stereo(file.get(), stereo.data(), static_cast<int>(stereo.size()));
    if (count == OP_HOLE) continue;  // a page is missing: go on behind it
    if (count < 0) return media_error::file_unreadable;
    if (count == 0) break;
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(2 * i);
      audio.samples.push_back(static_cast<std::int16_t>((stereo[at] + stereo[at + 1]) / 2));
    }
  }
  return audio;
}

boost::system::result<pcm_audio> read_sndfile(const std::filesystem::path& path) {
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, sndfile_delete> file(sf_open(path.c_str(), SFM_READ, &info));
  if (!file || info.channels < 1 || info.channels > channels_max || info.samplerate < 1000 ||
      info.samplerate > 384'000)
    return media_error::file_unreadable;
  sf_command(file.get(), SFC_SET_SCALE_FLOAT_INT_READ, nullptr, SF_TRUE);
  pcm_audio audio;
  audio.rate_hz = info.samplerate;
  const auto channels = static_cast<std::size_t>(info.channels);
  std::vector<short> frames(frames_at_once * channels);
  while (audio.samples.size() < samples_max(audio.rate_hz)) {
    const sf_count_t count =
        sf_readf_short(file.get(), frames.data(), static_cast<sf_count_t>(frames_at_once));
    if (count <= 0) break;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      int sum = 0;
      for (std::size_t channel = 0; channel < channels; ++channel)
        sum += frames[i * channels + channel];
      audio.samples.push_back(static_cast<std::int16_t>(sum / static_cast<int>(channels)));
    }
  }
  if (sf_error(file.get()) != SF_ERR_NO_ERROR) return media_error::file_unreadable;
  return audio;
}

}  // namespace

boost::system::result<pcm_audio> read_audio_file(const std::filesystem::path& path) {
  if (begins_like_ogg(path)) {
    int error = 0;
    auto audio = read_opus(op_open_file(path.c_str(), &error));
    if (audio) return audio;  // else perhaps another codec in Ogg, which libsndfile may know
  }
  return read_sndfile(path);
}

boost::system::result<pcm_audio> read_ogg_opus(std::span<const std::byte> bytes) {
  int error = 0;
  return read_opus(
      op_open_memory(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), &error));
}

pcm_audio resampled(const pcm_audio& audio, int rate_hz) {
  pcm_audio result;
  result.rate_hz = rate_hz;
  const double ratio = static_cast<double>(rate_hz) / audio.rate_hz;
  const auto wanted =
      static_cast<std::size_t>(std::llround(static_cast<double>(audio.samples.size()) * ratio));
  result.samples.resize(wanted);
  resampler change(audio.rate_hz, rate_hz);
  std::size_t taken = 0;
  std::size_t given = 0;
  while (given < wanted) {
    const auto [read, written] =
        change.process(std::span(audio.samples).subspan(taken), std::span(result.samples).subspan(given));
    taken += read;
    given += written;
    if (read == 0 && written == 0) break;
  }
  change.flush(std::span(result.samples).subspan(given));
  return result;
}

}  // namespace tollgate::pstn::media
