// SPDX-License-Identifier: Apache-2.0
// Reading a prompt set: each prompt is one or more files in a row.
#include "voicemail/prompts.hpp"

#include <string_view>
#include <vector>

#include "pstn/media/audio.hpp"
#include "pstn/media/audio_file.hpp"

namespace tollgate::voicemail {
namespace {

using pstn::media::pcm_audio;

constexpr std::chrono::seconds prompt_longest{60};

std::vector<std::string_view> files_of(prompt which) {
  switch (which) {
    case prompt::greeting:
      return {"vm-intro.wav"};
    case prompt::beep:
      return {"beep.wav"};
    case prompt::saved:
      return {"vm-msgsaved.wav", "vm-goodbye.wav"};
    case prompt::mailbox_full:
      return {"vm-mailboxfull.wav", "vm-goodbye.wav"};
    case prompt::failed:
      return {"im-sorry.wav", "vm-goodbye.wav"};
  }
  return {};
}

boost::system::result<std::shared_ptr<const pcm_audio>> read_prompt(const std::filesystem::path& folder,
                                                                    prompt which, int rate_hz) {
  auto whole = std::make_shared<pcm_audio>();
  whole->rate_hz = rate_hz;
  for (const auto name : files_of(which)) {
    auto part = pstn::media::read_audio_file(folder / name);
    if (!part) return error::prompt_unreadable;
    const auto samples = pstn::media::resampled(*part, rate_hz).samples;
    whole->samples.insert(whole->samples.end(), samples.begin(), samples.end());
    const auto most = static_cast<std::size_t>(prompt_longest.count()) * static_cast<std::size_t>(rate_hz);
    if (samples.empty() || whole->samples.size() > most) return error::prompt_unreadable;
  }
  return std::shared_ptr<const pcm_audio>{std::move(whole)};
}

}  // namespace

boost::system::result<prompt_set> prompt_set::load(const std::filesystem::path& folder, int rate_hz) {
  prompt_set set;
  for (std::size_t index = 0; index < prompt_count; ++index) {
    auto audio = read_prompt(folder, static_cast<prompt>(index), rate_hz);
    if (!audio) return audio.error();
    set.prompts_.at(index) = std::move(*audio);
  }
  return set;
}

std::shared_ptr<pstn::media::audio_source> prompt_set::source(prompt which) const {
  return pstn::media::make_pcm_source(prompts_.at(static_cast<std::size_t>(which)));
}

std::chrono::milliseconds prompt_set::duration(prompt which) const {
  const auto& audio = *prompts_.at(static_cast<std::size_t>(which));
  return std::chrono::milliseconds{audio.samples.size() * 1000 / static_cast<std::size_t>(audio.rate_hz)};
}

}  // namespace tollgate::voicemail
