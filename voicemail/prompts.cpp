// SPDX-License-Identifier: Apache-2.0
// Reading a prompt set, and putting its sound files in a row.
#include "voicemail/prompts.hpp"

#include <string_view>
#include <vector>

#include "pstn/media/audio.hpp"
#include "pstn/media/audio_file.hpp"
#include "voicemail/prompt_splice.hpp"

namespace tollgate::voicemail {
namespace {

using pstn::media::pcm_audio;

constexpr std::chrono::seconds clip_longest{60};

using clip_result = boost::system::result<std::shared_ptr<const pcm_audio>>;

clip_result read_clip(const std::filesystem::path& file, int rate_hz) {
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

clip_result in_a_row(const std::filesystem::path& folder, const utterance& said, int rate_hz) {
  auto whole = std::make_shared<pcm_audio>();
  whole->rate_hz = rate_hz;
  for (const auto& name : said) {
    const auto clip = read_clip(file_of(folder, name), rate_hz);
    if (!clip) return clip.error();
    whole->samples.insert(whole->samples.end(), (*clip)->samples.begin(), (*clip)->samples.end());
  }
  return std::shared_ptr<const pcm_audio>{std::move(whole)};
}

// From silence, so that a cut within a sound does not click.
template <class iterator>
void fade(iterator edge, std::size_t samples) {
  constexpr int faded = 40;  // 5 ms
  for (int at = 0; at < faded && static_cast<std::size_t>(at) < samples; ++at, ++edge)
    *edge = static_cast<std::int16_t>(*edge * at / faded);
}

clip_result spliced(const std::filesystem::path& folder, std::string_view name, const prompt_splice& how, int rate_hz) {
  if (const auto own = folder / (own_file_of(name) + ".wav"); std::filesystem::exists(own)) return read_clip(own, rate_hz);
  const auto recorded = pstn::media::read_audio_file(folder / (how.clip + ".wav"));
  constexpr int known_rate_hz = 8000;
  if (!recorded || recorded->rate_hz != known_rate_hz || recorded->samples.size() != how.length)
    return in_a_row(folder, how.otherwise, rate_hz);
  const auto digit = read_clip(folder / (how.digit + ".wav"), known_rate_hz);
  if (!digit) return digit.error();
  const auto at = [&recorded](int ms) { return recorded->samples.begin() + ms * (known_rate_hz / 1000); };
  pcm_audio whole{{recorded->samples.begin(), at(how.digit_from_ms)}, known_rate_hz};
  std::vector<std::int16_t> rest{at(how.digit_to_ms), recorded->samples.end()};
  fade(whole.samples.rbegin(), whole.samples.size());
  fade(rest.begin(), rest.size());
  whole.samples.insert(whole.samples.end(), (*digit)->samples.begin(), (*digit)->samples.end());
  whole.samples.insert(whole.samples.end(), rest.begin(), rest.end());
  return std::shared_ptr<const pcm_audio>{std::make_shared<pcm_audio>(pstn::media::resampled(whole, rate_hz))};
}

}  // namespace

boost::system::result<prompt_set> prompt_set::load(const std::filesystem::path& folder, language spoken, int rate_hz) {
  prompt_set set(spoken);
  for (const auto& name : clips_of(spoken)) {
    const auto splice = splice_of(spoken, name);
    auto clip = splice ? spliced(folder, name, *splice, rate_hz) : read_clip(file_of(folder, name), rate_hz);
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
