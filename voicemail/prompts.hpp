// SPDX-License-Identifier: Apache-2.0
// The spoken prompts of a mailbox. A prompt set is a folder of WAV files named as those of Debian's
// asterisk-core-sounds-en-wav; it is read once, and playing reads no file.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>

#include "voicemail/error.hpp"

namespace tollgate::pstn::media {
class audio_source;
struct pcm_audio;
}  // namespace tollgate::pstn::media

namespace tollgate::voicemail {

enum class prompt {
  greeting,      // vm-intro.wav: leave your message after the tone; when done, hang up or press the pound key
  beep,          // beep.wav
  saved,         // vm-msgsaved.wav, vm-goodbye.wav
  mailbox_full,  // vm-mailboxfull.wav, vm-goodbye.wav
  failed,        // im-sorry.wav, vm-goodbye.wav
};
inline constexpr std::size_t prompt_count = 5;

class prompt_set {
 public:
  // Reads every prompt of a folder and keeps it at `rate_hz`. error::prompt_unreadable when one is absent,
  // damaged or longer than a minute.
  static boost::system::result<prompt_set> load(const std::filesystem::path& folder, int rate_hz = 8000);

  // A source that plays the prompt once, from its start. The samples are shared, and outlive the set.
  std::shared_ptr<pstn::media::audio_source> source(prompt which) const;

  std::chrono::milliseconds duration(prompt which) const;

 private:
  std::array<std::shared_ptr<const pstn::media::pcm_audio>, prompt_count> prompts_;
};

}  // namespace tollgate::voicemail
