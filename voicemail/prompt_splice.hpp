// SPDX-License-Identifier: Apache-2.0
// Prompts of Debian's voices that name another key than Tollgate's menu has: "press five to repeat …" where
// it is 1. The digit is taken out of the recording, and the same speaker's digit put in. Free of IO.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "voicemail/phrasebook.hpp"

namespace tollgate::voicemail {

// A prompt by the name "vm-repeat=1". A carrier's own folder may have it as a file, vm-repeat-1.wav.
struct prompt_splice {
  std::string clip;    // "vm-repeat"
  std::string digit;   // "digits/1"
  std::size_t length;  // of the recording for which the next two hold, in samples at 8 kHz; with any other
                       // `otherwise` is said
  int digit_from_ms;   // where its digit begins
  int digit_to_ms;     // and ends
  utterance otherwise;
};

// Empty: `name` is an ordinary clip.
std::optional<prompt_splice> splice_of(language spoken, std::string_view name);

// "vm-repeat=1" → "vm-repeat-1": the file of a carrier's own.
std::string own_file_of(std::string_view name);

}  // namespace tollgate::voicemail
