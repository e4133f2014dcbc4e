// SPDX-License-Identifier: Apache-2.0
// Reading of audio files: libsndfile for WAV and its like, opusfile for Ogg Opus.
#include "pstn/media/audio_file.hpp"

#include <opusfile.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
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

std::size_t samples_max(int rate_hz, std::chrono::seconds longest) {
  return static_cast<std::size_t>(longest.count()) * static_cast<std::size_t>(rate_hz);
}

bool begins_like_ogg(const std::filesystem::path& path) {
  std::array<char, 4> magic{};
  std::ifstream file(path, std::ios::binary);
  return file.read(magic.data(), magic.size()) && std::memcmp(magic.data(), "OggS", magic.size()) == 0;
}

boost::system::result<pcm_audio> read_opus(OggOpusFile* opened, std::chrono::seconds longest = audio_file_max) {
  const std::unique_ptr<OggOpusFile, opusfile_delete> file(opened);
  if (!file) return media_error::file_unreadable;
  pcm_audio audio;
  audio.rate_hz = opusfile_rate_hz;
  std::array<opus_int16, 2 * 5760> stereo{};  // 120 ms, as op_read_stereo asks for
  while (audio.samples.size() < samples_max(audio.rate_hz, longest)) {
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

// A file in memory, as libsndfile reads it.
struct memory_file {
  std::span<const std::byte> bytes;
  sf_count_t at;
};

SF_VIRTUAL_IO memory_io() {
  SF_VIRTUAL_IO io{};
  io.get_filelen = [](void* file) { return static_cast<sf_count_t>(static_cast<memory_file*>(file)->bytes.size()); };
  io.seek = [](sf_count_t offset, int whence, void* file) {
    auto& memory = *static_cast<memory_file*>(file);
    const auto size = static_cast<sf_count_t>(memory.bytes.size());
    const auto from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? memory.at : size;
    memory.at = std::clamp<sf_count_t>(from + offset, 0, size);
    return memory.at;
  };
  io.read = [](void* into, sf_count_t count, void* file) {
    auto& memory = *static_cast<memory_file*>(file);
    const auto given = std::clamp<sf_count_t>(count, 0, static_cast<sf_count_t>(memory.bytes.size()) - memory.at);
    if (given > 0) std::memcpy(into, memory.bytes.data() + memory.at, static_cast<std::size_t>(given));
    memory.at += given;
    return given;
  };
  io.write = [](const void*, sf_count_t, void*) -> sf_count_t { return 0; };
  io.tell = [](void* file) { return static_cast<memory_file*>(file)->at; };
  return io;
}

boost::system::result<pcm_audio> read_sndfile(SNDFILE* opened, const SF_INFO& info,
                                              std::chrono::seconds longest = audio_file_max) {
  const std::unique_ptr<SNDFILE, sndfile_delete> file(opened);
  if (!file || info.channels < 1 || info.channels > channels_max || info.samplerate < 1000 ||
      info.samplerate > 384'000)
    return media_error::file_unreadable;
  sf_command(file.get(), SFC_SET_SCALE_FLOAT_INT_READ, nullptr, SF_TRUE);
  pcm_audio audio;
  audio.rate_hz = info.samplerate;
  const auto channels = static_cast<std::size_t>(info.channels);
  std::vector<short> frames(frames_at_once * channels);
  while (audio.samples.size() < samples_max(audio.rate_hz, longest)) {
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

boost::system::result<pcm_audio> read_audio(std::span<const std::byte> bytes, std::chrono::seconds longest) {
  longest = std::min<std::chrono::seconds>(longest, audio_file_max);
  constexpr std::string_view ogg = "OggS";
  if (bytes.size() > ogg.size() && std::memcmp(bytes.data(), ogg.data(), ogg.size()) == 0) {
    int error = 0;
    auto audio = read_opus(
        op_open_memory(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), &error), longest);
    if (audio) return audio;
  }
  memory_file memory{bytes, 0};
  SF_INFO info{};
  auto io = memory_io();
  return read_sndfile(sf_open_virtual(&io, SFM_READ, &info, &memory), info, longest);
}

std::vector<std::byte> write_ogg_opus(const pcm_audio& audio) {
  const auto rate = static_cast<std::size_t>(audio.rate_hz);
  if (audio.samples.empty() || rate == 0) return {};
  const auto recorder = opus_recorder::create(std::chrono::seconds(audio.samples.size() / rate + 1));
  const auto frame = rate / 50;  // 20 ms
  for (std::size_t at = 0; at < audio.samples.size(); at += frame)
    recorder->write(std::span(audio.samples).subspan(at, std::min(frame, audio.samples.size() - at)), audio.rate_hz);
  return recorder->finish();
}

std::vector<std::byte> write_wav(const pcm_audio& audio) {
  const auto data_bytes = static_cast<std::uint32_t>(audio.samples.size() * 2);
  std::vector<std::byte> out;
  out.reserve(44 + data_bytes);
  const auto text = [&out](std::string_view word) {
    for (const char c : word)
      out.push_back(static_cast<std::byte>(c));
  };
  const auto number = [&out](std::uint32_t value, int bytes) {
    for (int index = 0; index < bytes; ++index)
      out.push_back(static_cast<std::byte>(value >> (8 * index)));
  };
  const auto rate = static_cast<std::uint32_t>(audio.rate_hz);
  text("RIFF");
  number(36 + data_bytes, 4);
  text("WAVEfmt ");
  number(16, 4);
  number(1, 2);  // PCM
  number(1, 2);  // mono
  number(rate, 4);
  number(2 * rate, 4);
  number(2, 2);
  number(16, 2);
  text("data");
  number(data_bytes, 4);
  for (const auto sample : audio.samples)
    number(static_cast<std::uint16_t>(sample), 2);
  return out;
}

boost::system::result<pcm_audio> read_audio_file(const std::filesystem::path& path) {
  if (begins_like_ogg(path)) {
    int error = 0;
    auto audio = read_opus(op_open_file(path.c_str(), &error));
    if (audio) return audio;  // else perhaps another codec in Ogg, which libsndfile may know
  }
  SF_INFO info{};
  auto* opened = sf_open(path.c_str(), SFM_READ, &info);
  return read_sndfile(opened, info);
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
