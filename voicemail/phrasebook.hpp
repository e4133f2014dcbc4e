// SPDX-License-Identifier: Apache-2.0
// What the mailbox says, as names of sound files in a row, in five languages: numbers, dates, counts, menus. The names are
// those of Asterisk's core sounds (Debian's asterisk-core-sounds-*-wav), without ".wav". Free of IO.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::voicemail {

enum class language { english, spanish, french, italian, russian };

std::string_view to_text(language value) noexcept;  // ISO 639-1: "en", "es", "fr", "it", "ru"
std::optional<language> parse_language(std::string_view text) noexcept;

// Sound files that are played one after the other.
using utterance = std::vector<std::string>;  // "vm-repeat=1": vm-repeat with another key (prompt_splice.hpp)

// A time as its hearer's clock showed it.
struct local_time {
  int month = 1;     // 1–12
  int day = 1;       // 1–31
  int weekday = 0;   // 0: Sunday
  int hour = 0;      // 0–23
  int minute = 0;    // 0–59
  int days_ago = 0;  // 0: today, 1: yesterday
};

class phrasebook {
 public:
  explicit phrasebook(language spoken) : language_(spoken) {}

  // A count of something masculine (in Russian: neuter), 0 to 199 in words; what is beyond is said digit by digit.
  utterance number(int value) const;
  utterance digits(std::string_view digits) const;  // others than 0–9 * # are passed over

  utterance message_counts(int unread, int saved) const;  // "you have 2 new and 1 saved messages"
  utterance message_heading(int index) const;             // "message 3"
  utterance envelope(std::string_view caller, bool verified, const local_time& received, bool urgent) const;
  // Empty: withheld. A number that nobody vouches for is told as that: "from an unknown caller; the number I have is …".
  utterance caller(std::string_view caller, bool verified) const;
  utterance received(const local_time& at) const;

  utterance main_menu() const;
  utterance message_menu(bool deleted) const;
  utterance options_menu() const;
  utterance temporary_menu(bool exists) const;

 private:
  language language_;
};

// Every sound file that the mailbox may say in a language: what a prompt set has to hold. "a|b": b where there is no a.
std::vector<std::string> clips_of(language spoken);

}  // namespace tollgate::voicemail
