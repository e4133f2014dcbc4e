// SPDX-License-Identifier: Apache-2.0
// Reading a prompt set, and putting its sound files in a row.
#include "voicemail/prompts.hpp"

#include <string_view>
#include <vector>

#include "pstn/media/audio.hpp"
#include "pstn/media/audio_file.hpp"

namespace tollgate::voicemail {
namespace {

using pstn::media::pcm_audio;

constexpr std::chrono::seconds clip_longest{60};

boost::system::result<std::shared_ptr<const pcm_audio>> read_clip(const std::filesystem::path& file, int rate_hz) {
  auto read = pstn::media::read_audio_file(file);
  if (!read) return error::prompt_unreadable;
  auto clip = std::make_shared<pcm_audio>(pstn::media::resampled(*read, rate_hz));
  const auto most = static_cast<std::size_t>(clip_longest.count()) * static_cast<std::size_t>(rate_hz);
  if (clip->samples.empty() || clip->samples.size() > most) return error::prompt_unreadable;
  return std::shared_ptr<const pcm_audio>{std::move(clip)};
}

// Of "a|b" the first that is there.
std::filesystem::path file_of(const std::filesystem::path& folder, std::string_view name) {
  const auto bar = name.find('|');
  const auto first = folder / (std::string(name.substr(0, bar)) + ".wav");
  if (bar == std::string_view::npos || std::filesystem::exists(first)) return first;
  return file_of(folder, name.substr(bar + 1));
}

}  // namespace

boost::system::result<prompt_set> prompt_set::load(const std::filesystem::path& folder, language spoken, int rate_hz) {
  prompt_set set(spoken);
  for (const auto& name : clips_of(spoken)) {
    auto clip = read_clip(file_of(folder, name), rate_hz);
    if (!clip) return clip.error();
    const auto known_as = name.substr(0, name.find('|'));
    set.clips_[known_as] = std::move(*clip);
  }
  return set;
}

std::shared_ptr<pstn::media::audio_source> prompt_set::source(const utterance& said) const {
  std::vector<std::shared_ptr<pstn::media::audio_source>> parts;
  for (const auto& name : said)
    if (const auto found = clips_.find(name); found != clips_.end())
      parts.push_back(pstn::media::make_pcm_source(found->second));
  return pstn::media::make_sequence(std::move(parts));
}

std::chrono::milliseconds prompt_set::duration(const utterance& said) const {
  std::chrono::milliseconds whole{0};
  for (const auto& name : said)
    if (const auto found = clips_.find(name); found != clips_.end())
      whole += std::chrono::milliseconds{found->second->samples.size() * 1000 /
                                         static_cast<std::size_t>(found->second->rate_hz)};
  return whole;
}

}  // namespace tollgate::voicemail
