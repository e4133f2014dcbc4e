// SPDX-License-Identifier: Apache-2.0
#include "voicemail/audio_keys.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace tollgate::voicemail {
namespace {

const std::string first(64, 'a'), second(64, 'B');

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

TEST(AudioKeys, TheFirstEncryptsAndAllDecrypt) {
  const auto audio = bytes_of("what was said");
  const auto old = audio_keys::parse("one " + first + "\n");
  const auto keys = audio_keys::parse("# since November\n two " + second + " # new\r\n\none\t" + first);
  EXPECT_EQ(keys.current(), "two");
  EXPECT_EQ(keys.others(), std::vector<std::string>{"one"});
  const auto sealed = old.seal(audio, "row");
  EXPECT_EQ(sealed.key_id, "one");
  EXPECT_EQ(keys.open(sealed.key_id, sealed.bytes, "row").value(), audio);
  EXPECT_EQ(keys.seal(audio, "row").key_id, "two");
  EXPECT_NE(keys.seal(audio, "row").bytes, keys.seal(audio, "row").bytes) << "each with a nonce of its own";
}

TEST(AudioKeys, WhatIsNotTheSameIsNotOpened) {
  const auto keys = audio_keys::parse("one " + first);
  auto sealed = keys.seal(bytes_of("what was said"), "row");
  EXPECT_EQ(keys.open("one", sealed.bytes, "another row").error(), error::audio_damaged);
  EXPECT_EQ(keys.open("two", sealed.bytes, "row").error(), error::audio_key_unknown);
  EXPECT_EQ(audio_keys::parse("one " + second).open("one", sealed.bytes, "row").error(),
            error::audio_damaged);
  for (std::size_t cut = 0; cut < sealed.bytes.size(); ++cut)
    EXPECT_EQ(keys.open("one", std::span(sealed.bytes).first(cut), "row").error(), error::audio_damaged);
  for (auto& one : sealed.bytes) {
    one ^= std::byte{1};
    EXPECT_EQ(keys.open("one", sealed.bytes, "row").error(), error::audio_damaged);
    one ^= std::byte{1};
  }
  EXPECT_TRUE(keys.open("one", sealed.bytes, "row"));
}

TEST(AudioKeys, WithoutKeysRecordingsStayPlain) {
  const auto audio = bytes_of("what was said");
  const audio_keys none;
  EXPECT_EQ(none.seal(audio, "row").bytes, audio);
  EXPECT_EQ(none.open("", audio, "row").value(), audio);
  EXPECT_EQ(audio_keys::parse("one " + first).open("", audio, "row").value(), audio);
  EXPECT_TRUE(audio_keys::parse("one " + first).seal({}, "row").bytes.size() > 0);
}

TEST(AudioKeys, AMistakeInTheFileIsToldByItsLineAndNotByWhatIsThere) {
  const std::string missing = "one " + first + "\ntwo " + first.substr(1);
  for (const auto& text :
       {std::string(), std::string("# nothing"), missing, "one " + first + "\none " + second,
        "one " + first + " more", "one " + std::string(64, 'g'), "one lost\none " + first,
        "one " + first + "\none lost", std::string("one lost")}) {
    try {
      audio_keys::parse(text);
      ADD_FAILURE() << text;
    } catch (const std::invalid_argument& e) {
      EXPECT_EQ(std::string_view(e.what()).find("aaaa"), std::string_view::npos);
    }
  }
}

}  // namespace
}  // namespace tollgate::voicemail
