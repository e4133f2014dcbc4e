// SPDX-License-Identifier: Apache-2.0
// What is said, in every language.
#include "voicemail/phrasebook.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace tollgate::voicemail {
namespace {

using enum language;

// "digits/4 digits/20" as "4 20".
std::string text(const utterance& said) {
  std::string result;
  for (auto one : said) {
    if (one.starts_with("digits/")) one.erase(0, 7);
    result += (result.empty() ? "" : " ") + one;
  }
  return result;
}

TEST(Phrasebook, NumbersFollowTheLanguage) {
  struct row {
    language spoken;
    int value;
    const char* said;
  };
  for (const auto& one : {row{english, 0, "0"},           row{english, 13, "13"},        row{english, 42, "40 2"},
                          row{english, 100, "1 hundred"}, row{english, 121, "1 hundred 20 1"}, row{english, 250, "2 5 0"},
                          row{spanish, 21, "21"},         row{spanish, 35, "30 and 5"},  row{spanish, 100, "hundred"},
                          row{spanish, 101, "100-and 1"}, row{french, 21, "20 et 1"},    row{french, 71, "60 et 11"},
                          row{french, 75, "60 15"},       row{french, 80, "80"},         row{french, 91, "80 11"},
                          row{italian, 28, "28"},         row{italian, 31, "31"},        row{italian, 32, "30 2"},
                          row{russian, 1, "1n"},          row{russian, 22, "20 2n"},     row{russian, 11, "11"}}) {
    EXPECT_EQ(text(phrasebook(one.spoken).number(one.value)), one.said) << to_text(one.spoken) << one.value;
  }
}

TEST(Phrasebook, CountsAreGrammar) {
  struct row {
    language spoken;
    int unread, saved;
    const char* said;
  };
  for (const auto& one :
       {row{english, 0, 0, "vm-youhave vm-no vm-messages"}, row{english, 1, 0, "vm-youhave 1 vm-INBOX vm-message"},
        row{english, 2, 1, "vm-youhave 2 vm-INBOX vm-and 1 vm-saved vm-message"},
        row{spanish, 1, 0, "vm-youhave 1M vm-message vm-INBOXs"}, row{spanish, 0, 3, "vm-youhave 3 vm-messages vm-Old"},
        row{italian, 1, 2, "vm-youhave un vm-nuovo vm-message vm-and 2 vm-vecchi vm-messages"},
        row{russian, 1, 0, "vm-youhave 1n vm-newn vm-message"}, row{russian, 3, 0, "vm-youhave 3 vm-newx vm-messagex1"},
        row{russian, 11, 5, "vm-youhave 11 vm-newx vm-messagex2 vm-and 5 vm-oldx vm-messagex2"}}) {
    EXPECT_EQ(text(phrasebook(one.spoken).message_counts(one.unread, one.saved)), one.said) << to_text(one.spoken);
  }
}

TEST(Phrasebook, TimesAreToldAsTheHearerWouldSayThem) {
  const local_time morning{.month = 3, .day = 31, .weekday = 2, .hour = 9, .minute = 5, .days_ago = 4};
  EXPECT_EQ(text(phrasebook(english).received(morning)), "vm-received day-2 mon-2 30 h-1 at 9 oh 5 a-m");
  EXPECT_EQ(text(phrasebook(spanish).received(morning)), "vm-received day-2 30 and 1 es-de mon-2 at 9 5");
  const local_time evening{.month = 3, .day = 31, .weekday = 2, .hour = 20, .minute = 0, .days_ago = 1};
  EXPECT_EQ(text(phrasebook(english).received(evening)), "vm-received yesterday at 8 oclock p-m");
  EXPECT_EQ(text(phrasebook(french).received(evening)), "vm-received yesterday at 20 oclock");
  const local_time midnight{.hour = 0, .minute = 30};
  EXPECT_EQ(text(phrasebook(english).received(midnight)), "vm-received today at 12 30 a-m");
}

TEST(Phrasebook, CallersAreToldDigitByDigit) {
  EXPECT_EQ(text(phrasebook(english).caller("+4420", true)), "vm-from-phonenumber 4 4 2 0");
  EXPECT_EQ(text(phrasebook(english).caller("", false)), "vm-unknown-caller");
  EXPECT_EQ(text(phrasebook(english).caller("+4420", false)), "vm-unknown-caller vm-num-i-have 4 4 2 0");
}

TEST(Phrasebook, EverythingThatMayBeSaidIsInTheListOfClips) {
  for (const auto spoken : {english, spanish, french, italian, russian}) {
    auto clips = clips_of(spoken);
    for (auto& clip : clips)
      clip.erase(std::min(clip.find('|'), clip.size()));
    const phrasebook say(spoken);
    const auto covered = [&](const utterance& said) {
      for (const auto& one : said)
        EXPECT_NE(std::find(clips.begin(), clips.end(), one), clips.end()) << to_text(spoken) << " " << one;
    };
    for (int count = 0; count < 400; ++count) {
      covered(say.message_counts(count, count / 3));
      covered(say.message_heading(count));
    }
    for (int hour = 0; hour < 24; ++hour)
      for (int minute = 0; minute < 60; ++minute)
        covered(say.received({.month = minute % 12 + 1, .day = minute % 31 + 1, .weekday = hour % 7, .hour = hour,
                              .minute = minute, .days_ago = hour % 3}));
    covered(say.envelope("+0123456789", false, {}, true));
    covered(say.envelope("+0123456789", true, {}, true));
  }
}

}  // namespace
}  // namespace tollgate::voicemail
