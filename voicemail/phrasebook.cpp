// SPDX-License-Identifier: Apache-2.0
// The grammar of each language, as far as a mailbox needs it.
#include "voicemail/phrasebook.hpp"

#include <algorithm>
#include <initializer_list>
#include <set>

namespace tollgate::voicemail {
namespace {

using enum language;

constexpr int words_most = 199;

std::string digit_clip(int value) {
  return "digits/" + std::to_string(value);
}

void append(utterance& to, const utterance& more) {
  to.insert(to.end(), more.begin(), more.end());
}

utterance joined(std::initializer_list<utterance> parts) {
  utterance whole;
  for (const auto& part : parts)
    append(whole, part);
  return whole;
}

// 1 to 99.
utterance below_hundred(language spoken, int value) {
  const int tens = value / 10 * 10;
  const int ones = value % 10;
  switch (spoken) {
    case english:
      break;
    case spanish:
      if (value <= 30) return {digit_clip(value)};
      if (ones != 0) return {digit_clip(tens), "digits/and", digit_clip(ones)};
      break;
    case french:
      if (value > 20 && value < 70 && ones == 1) return {digit_clip(tens), "digits/et", "digits/1"};
      if (value == 71) return {"digits/60", "digits/et", "digits/11"};
      if (value > 70 && value < 80) return {"digits/60", digit_clip(value - 60)};
      if (value > 80) return {"digits/80", digit_clip(value - 80)};
      break;
    case italian:  // the ten loses its vowel before uno and otto
      if (value > 20 && (ones == 1 || ones == 8)) return {digit_clip(value)};
      break;
    case russian:  // neuter: odno, dva
      if (value == 1 || value == 2) return {digit_clip(value) + "n"};
      if (value > 20 && (ones == 1 || ones == 2)) return {digit_clip(tens), digit_clip(ones) + "n"};
      break;
  }
  if (value <= 20 || ones == 0) return {digit_clip(value)};
  return {digit_clip(tens), digit_clip(ones)};
}

utterance hundred(language spoken, bool more_follows) {
  switch (spoken) {
    case english:
      return {"digits/1", "digits/hundred"};
    case spanish:
      return {more_follows ? "digits/100-and" : "digits/hundred"};
    case french:
    case italian:
    case russian:
      return {"digits/hundred"};
  }
  return {};
}

// The grammatical number of a Russian noun after a count.
std::string russian_messages(int count) {
  const int ones = count % 10;
  const bool teen = count % 100 > 10 && count % 100 < 20;
  if (!teen && ones == 1) return "vm-message";
  return !teen && ones >= 2 && ones <= 4 ? "vm-messagex1" : "vm-messagex2";
}

// "two new messages", the noun left out where "and …" follows and the language allows it.
utterance counted(language spoken, int count, bool unread, bool noun) {
  const phrasebook say(spoken);
  const bool one = count == 1;
  switch (spoken) {
    case english: {
      auto phrase = joined({say.number(count), {unread ? "vm-INBOX" : "vm-saved"}});
      if (noun) phrase.emplace_back(one ? "vm-message" : "vm-messages");
      return phrase;
    }
    case spanish:
      if (one) return {"digits/1M", "vm-message", unread ? "vm-INBOXs" : "vm-Olds"};
      return joined({say.number(count), {"vm-messages", unread ? "vm-INBOX" : "vm-Old"}});
    case french:
      return joined({say.number(count), {unread ? "vm-INBOX" : "vm-Old", one ? "vm-message" : "vm-messages"}});
    case italian:
      if (one) return {"digits/un", unread ? "vm-nuovo" : "vm-vecchio", "vm-message"};
      return joined({say.number(count), {unread ? "vm-nuovi" : "vm-vecchi", "vm-messages"}});
    case russian: {
      const auto form = russian_messages(count);
      const std::string adjective = form == "vm-message" ? "n" : "x";
      return joined({say.number(count), {(unread ? "vm-new" : "vm-old") + adjective, form}});
    }
  }
  return {};
}

utterance no_messages(language spoken) {
  switch (spoken) {
    case english:
      return {"vm-youhave", "vm-no", "vm-messages"};
    case spanish:
      return {"vm-youhaveno", "vm-messages"};
    case french:
      return {"vm-youhave", "vm-no", "vm-messages"};
    case italian:
      return {"vm-no", "vm-message"};
    case russian:
      return {"vm-youhave", "vm-no", "vm-messagex2"};
  }
  return {};
}

std::string all_messages(language spoken) {
  return spoken == russian ? "vm-messagex2" : "vm-messages";
}

std::string adjective_of_all(language spoken, bool unread) {
  switch (spoken) {
    case english:
      return unread ? "vm-INBOX" : "vm-saved";
    case spanish:
    case french:
      return unread ? "vm-INBOX" : "vm-Old";
    case italian:
      return unread ? "vm-nuovi" : "vm-vecchi";
    case russian:
      return unread ? "vm-newx" : "vm-oldx";
  }
  return {};
}

utterance press_for(int key) {
  return {"vm-press", digit_clip(key), "vm-for"};
}

// English and Russian: the ordinal.
utterance ordinal(int value) {
  const auto clip = [](int n) { return "digits/h-" + std::to_string(n); };
  if (value <= 20 || value % 10 == 0) return {clip(value)};
  return {digit_clip(value / 10 * 10), clip(value % 10)};
}

utterance date(language spoken, const local_time& at) {
  const std::string weekday = "digits/day-" + std::to_string(at.weekday);
  const std::string month = "digits/mon-" + std::to_string(at.month - 1);
  const phrasebook say(spoken);
  switch (spoken) {
    case english:
      return joined({{weekday, month}, ordinal(at.day)});
    case russian:
      return joined({{weekday}, ordinal(at.day), {month}});
    case spanish:
      return joined({{weekday}, say.number(at.day), {"digits/es-de", month}});
    case french:
      return joined({{weekday}, at.day == 1 ? utterance{"digits/h-1"} : say.number(at.day), {month}});
    case italian:
      return joined({{weekday}, say.number(at.day), {month}});
  }
  return {};
}

// Plain cardinals: hours and minutes are no masculine things in every language.
utterance plain_number(language spoken, int value) {
  if (value == 0) return {"digits/0"};
  return spoken == russian && value <= 2 ? utterance{digit_clip(value)} : below_hundred(spoken, value);
}

utterance clock(language spoken, const local_time& at) {
  if (spoken != english) {
    auto time = joined({{"digits/at"}, plain_number(spoken, at.hour)});
    if (spoken == french) time.emplace_back("digits/oclock");
    if (at.minute != 0 || spoken != french) append(time, plain_number(spoken, at.minute));
    return time;
  }
  auto time = joined({{"digits/at"}, plain_number(spoken, at.hour % 12 == 0 ? 12 : at.hour % 12)});
  if (at.minute == 0) {
    time.emplace_back("digits/oclock");
  } else {
    if (at.minute < 10) time.emplace_back("digits/oh");
    append(time, plain_number(spoken, at.minute));
  }
  time.emplace_back(at.hour < 12 ? "digits/a-m" : "digits/p-m");
  return time;
}

}  // namespace

std::string_view to_text(language value) noexcept {
  switch (value) {
    case english:
      return "en";
    case spanish:
      return "es";
    case french:
      return "fr";
    case italian:
      return "it";
    case russian:
      return "ru";
  }
  return "en";
}

std::optional<language> parse_language(std::string_view text) noexcept {
  for (const auto value : {english, spanish, french, italian, russian})
    if (text == to_text(value)) return value;
  return std::nullopt;
}

utterance phrasebook::number(int value) const {
  if (value < 0 || value > words_most) return digits(std::to_string(value));
  if (value == 0) return {"digits/0"};
  if (value < 100) return below_hundred(language_, value);
  auto whole = hundred(language_, value > 100);
  if (value > 100) append(whole, below_hundred(language_, value - 100));
  return whole;
}

utterance phrasebook::digits(std::string_view digits) const {
  utterance said;
  for (const char one : digits) {
    if (one >= '0' && one <= '9') said.push_back(digit_clip(one - '0'));
    if (one == '*') said.emplace_back("digits/star");
    if (one == '#') said.emplace_back("digits/pound");
  }
  return said;
}

utterance phrasebook::message_counts(int unread, int saved) const {
  if (unread == 0 && saved == 0) return no_messages(language_);
  utterance said{"vm-youhave"};
  if (unread > 0) append(said, counted(language_, unread, true, saved == 0));
  if (unread > 0 && saved > 0) said.emplace_back("vm-and");
  if (saved > 0) append(said, counted(language_, saved, false, true));
  return said;
}

utterance phrasebook::message_heading(int index) const {
  return joined({{"vm-message"}, number(index)});
}

utterance phrasebook::caller(std::string_view caller, bool verified) const {
  const auto said = digits(caller);
  if (said.empty()) return {"vm-unknown-caller"};
  return joined({verified ? utterance{"vm-from-phonenumber"} : utterance{"vm-unknown-caller", "vm-num-i-have"}, said});
}

utterance phrasebook::received(const local_time& at) const {
  const utterance day = at.days_ago == 0   ? utterance{"digits/today"}
                        : at.days_ago == 1 ? utterance{"digits/yesterday"}
                                           : date(language_, at);
  return joined({{"vm-received"}, day, clock(language_, at)});
}

utterance phrasebook::envelope(std::string_view from, bool verified, const local_time& at, bool urgent) const {
  return joined({urgent ? utterance{"vm-Urgent"} : utterance{}, caller(from, verified), received(at)});
}

utterance phrasebook::main_menu() const {
  return joined({{"vm-onefor", adjective_of_all(language_, true), all_messages(language_)},
                 press_for(2),
                 {adjective_of_all(language_, false), all_messages(language_)},
                 {"vm-advopts", "vm-tocancel"}});
}

utterance phrasebook::message_menu(bool deleted) const {
  return joined({{"vm-repeat=1"},
                 press_for(2),
                 {adjective_of_all(language_, false), "vm-toforward=3"},
                 press_for(4),
                 {"vm-from", "vm-and", "vm-received"},
                 {deleted ? "vm-undelete=9" : "vm-delete", "vm-next", "dictate/forhelp", "vm-starmain"}});
}

utterance phrasebook::options_menu() const {
  return {"vm-options"};
}

utterance phrasebook::temporary_menu(bool exists) const {
  if (exists) return {"vm-tmpexists", "vm-tempgreeting2", "vm-starmain"};
  return {"vm-tempgreeting", "vm-starmain"};
}

std::vector<std::string> clips_of(language spoken) {
  std::set<std::string> clips{
      // Said by the menus (retrieval.cpp) and to callers (prompts.cpp).
      "agent-pass", "auth-incorrect", "beep", "im-sorry|tt-somethingwrong", "invalid", "vm-deleted", "vm-duration",
      "ss-noservice|vm-goodbye",
      "vm-goodbye", "vm-incorrect", "vm-intro", "vm-invalid-password", "vm-isonphone", "vm-isunavail", "vm-mailboxfull",
      "vm-marked-nonurgent", "vm-marked-urgent", "vm-mismatch", "vm-msgforwarded|vm-msgsaved", "vm-msgsaved",
      "vm-newpassword", "vm-nobodyavail", "vm-nomore", "vm-passchanged", "vm-rec-busy", "vm-rec-name", "vm-rec-temp",
      "vm-rec-unv", "vm-reenterpassword", "vm-review", "vm-review-nonurgent", "vm-review-urgent", "vm-sorry",
      "vm-tempremoved", "vm-tooshort", "vm-undeleted", "vm-whichbox"};
  const phrasebook say(spoken);
  const auto add = [&clips](const utterance& said) { clips.insert(said.begin(), said.end()); };
  for (int value = 0; value <= words_most; ++value) {
    add(say.number(value));
    if (value > 0) add(counted(spoken, value, true, true));
    if (value > 0) add(counted(spoken, value, false, true));
  }
  add(say.digits("0123456789*#"));
  add(say.message_counts(0, 0));
  add(say.message_counts(1, 1));
  add(say.message_heading(1));
  add(say.main_menu());
  add(say.message_menu(false));
  add(say.message_menu(true));
  add(say.options_menu());
  add(say.temporary_menu(false));
  add(say.temporary_menu(true));
  add(say.envelope("", false, {}, true));
  add(say.caller("1", false));
  add(say.caller("1", true));
  for (int day = 1; day <= 31; ++day)
    for (int ago = 0; ago <= 2; ++ago)
      add(say.received({.month = day % 12 + 1, .day = day, .weekday = day % 7, .hour = day % 24, .minute = 0, .days_ago = ago}));
  for (int minute = 0; minute < 60; ++minute)
    add(say.received({.hour = minute % 24, .minute = minute}));
  return {clips.begin(), clips.end()};
}

}  // namespace tollgate::voicemail
