// SPDX-License-Identifier: Apache-2.0
// The spoken prompts of mailboxes. A prompt set is a folder of WAV files named as those of Debian's
// asterisk-core-sounds-*-wav, one folder a language; it is read once, and playing reads no file.
#pragma once

#include <boost/system/result.hpp>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "voicemail/error.hpp"
#include "voicemail/phrasebook.hpp"

namespace tollgate::pstn::media {
class audio_source;
struct pcm_audio;
}  // namespace tollgate::pstn::media

namespace tollgate::voicemail {

class prompt_set {
 public:
  // Reads all of clips_of(spoken) from a folder and keeps them at `rate_hz`. error::prompt_unreadable when one is absent,
  // damaged, empty or longer than a minute. Those with another key than the recording's are made of it (prompt_splice.hpp).
  static boost::system::result<prompt_set> load(const std::filesystem::path& folder,
                                                language spoken = language::english, int rate_hz = 8000);

  // A source that plays the sound files in a row once, from the start; those that the set does not have are left out. The
  // samples are shared, and outlive the set.
  std::shared_ptr<pstn::media::audio_source> source(const utterance& said) const;

  std::chrono::milliseconds duration(const utterance& said) const;
  language spoken() const { return language_; }

 private:
  explicit prompt_set(language spoken) : language_(spoken) {}

  language language_;
  std::unordered_map<std::string, std::shared_ptr<const pstn::media::pcm_audio>> clips_;
};

// The sets of all languages that this gateway speaks.
class prompt_library {
 public:
  explicit prompt_library(prompt_set carriers_choice) : default_(carriers_choice.spoken()) {
    add(std::move(carriers_choice));
  }
  void add(prompt_set set) { sets_.insert_or_assign(set.spoken(), std::move(set)); }

  // The set of this language, or the carrier's choice where there is none.
  const prompt_set& of(std::optional<language> wished) const {
    const auto found = sets_.find(wished.value_or(default_));
    return found != sets_.end() ? found->second : sets_.at(default_);
  }

 private:
  language default_;
  std::map<language, prompt_set> sets_;
};

}  // namespace tollgate::voicemail
