// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/sound.hpp"

#include <charconv>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <utility>

#include "gateway/peer/error.hpp"
#include "pstn/media/tone_source.hpp"

namespace tollgate::gateway::peer {

namespace media = pstn::media;

namespace {

constexpr double default_tone_hz = 440;
constexpr int recording_rate_hz = 16'000;  // Opus wideband, what the bridge works at with Opus alone

/// The tone's frequency; 0: not a tone; negative: a tone that is none.
double tone_frequency(std::string_view what) {
  if (what == "tone") return default_tone_hz;
  if (!what.starts_with("tone:")) return 0;
  what.remove_prefix(5);
  int frequency_hz = 0;
  const auto [end, failure] = std::from_chars(what.data(), what.data() + what.size(), frequency_hz);
  const bool whole = failure == std::errc() && end == what.data() + what.size();
  return whole && frequency_hz >= 50 && frequency_hz <= 3400 ? frequency_hz : -1;
}

}  // namespace

boost::system::result<sound> sound::load(const std::string& what) {
  sound loaded;
  if (what.empty()) return loaded;
  loaded.tone_hz_ = tone_frequency(what);
  if (loaded.tone_hz_ > 0) return loaded;
  if (loaded.tone_hz_ < 0) return error::sound_unreadable;
  boost::system::result<media::pcm_audio> audio = media::read_audio_file(what);
  if (!audio) return error::sound_unreadable;
  loaded.audio_ = std::make_shared<const media::pcm_audio>(std::move(*audio));
  return loaded;
}

std::shared_ptr<media::audio_source> sound::start() const {
  if (audio_) return media::make_pcm_source(audio_);
  if (tone_hz_ <= 0) return nullptr;
  media::tone_cadence steady;
  steady.steps.push_back({tone_hz_, 0, std::chrono::seconds(1)});
  return media::make_tone_source(std::move(steady));
}

std::string recording_name(const std::string& name, std::uint32_t call_number) {
  if (name.empty() || call_number <= 1) return name;
  const std::filesystem::path path(name);
  const std::string numbered = path.stem().string() + "-" + std::to_string(call_number);
  return (path.parent_path() / (numbered + path.extension().string())).string();
}

boost::system::result<std::shared_ptr<media::wav_recorder>> start_recording(const std::string& name) {
  if (name.empty()) return std::shared_ptr<media::wav_recorder>();
  auto recorder = media::wav_recorder::create(name, recording_rate_hz);
  if (!recorder) return error::sound_unwritable;
  return *recorder;
}

}  // namespace tollgate::gateway::peer
