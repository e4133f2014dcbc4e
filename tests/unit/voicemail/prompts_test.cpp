// SPDX-License-Identifier: Apache-2.0
// Prompt sets from folders, good and bad.
#include "voicemail/prompts.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <string>

#include "pstn/media/audio.hpp"
#include "pstn/media/audio_file.hpp"
#include "voicemail/prompt_splice.hpp"

namespace tollgate::voicemail {
namespace {

using namespace std::chrono_literals;

// A folder with a WAV file (8 kHz, mono, 16 bit) for every prompt, removed with the test.
class Prompts : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "prompts-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    auto clips = clips_of(language::english);
    for (const auto* spliced : {"vm-repeat", "vm-toforward", "vm-undelete"})
      clips.emplace_back(spliced);
    for (const auto& clip : clips) {
      if (clip.find('=') != std::string::npos) continue;
      const auto file = folder_ / (clip.substr(0, clip.find('|')) + ".wav");
      std::filesystem::create_directories(file.parent_path());
      write(file, 8000);
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, std::uint32_t samples) {
    std::ofstream file{folder_ / name, std::ios::binary | std::ios::trunc};
    const auto number = [&file](std::uint32_t value, int bytes) {
      for (int index = 0; index < bytes; ++index)
        file.put(static_cast<char>(value >> (8 * index)));
    };
    file << "RIFF";
    number(36 + 2 * samples, 4);
    file << "WAVEfmt ";
    number(16, 4);
    number(1, 2);
    number(1, 2);
    number(8000, 4);
    number(16000, 4);
    number(2, 2);
    number(16, 2);
    file << "data";
    number(2 * samples, 4);
    for (std::uint32_t index = 0; index < samples; ++index)
      number(1000, 2);
  }

  std::filesystem::path folder_;
};

TEST_F(Prompts, EveryPromptIsReadAndPlayedOnceFromItsStart) {
  const auto set = prompt_set::load(folder_);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->duration({"vm-intro"}), 1s);
  EXPECT_EQ(set->duration({"vm-msgsaved", "vm-goodbye"}), 2s);
  for (int play = 0; play < 2; ++play) {
    const auto source = set->source({"beep"});
    std::array<std::int16_t, 160> frame{};
    std::size_t total = 0;
    for (std::size_t got = frame.size(); got == frame.size();)
      total += got = source->read(frame, 8000);
    EXPECT_EQ(total, 8000U);
  }
}

TEST_F(Prompts, ASourceOutlivesItsSet) {
  auto set = prompt_set::load(folder_);
  ASSERT_TRUE(set);
  const auto source = set->source({"vm-intro"});
  set = error::prompt_unreadable;
  std::array<std::int16_t, 160> frame{};
  EXPECT_EQ(source->read(frame, 8000), frame.size());
  EXPECT_EQ(frame[10], 1000);
}

TEST_F(Prompts, ABadFolderIsRefused) {
  EXPECT_EQ(prompt_set::load(folder_ / "absent").error(), error::prompt_unreadable);
  write("beep.wav", 0);
  EXPECT_EQ(prompt_set::load(folder_).error(), error::prompt_unreadable) << "empty";
  write("beep.wav", 8000 * 61);
  EXPECT_EQ(prompt_set::load(folder_).error(), error::prompt_unreadable) << "longer than a minute";
  std::ofstream{folder_ / "beep.wav", std::ios::trunc} << "no audio";
  EXPECT_EQ(prompt_set::load(folder_).error(), error::prompt_unreadable) << "damaged";
  write("beep.wav", 3400);
  EXPECT_TRUE(prompt_set::load(folder_));
}

TEST_F(Prompts, WhatALanguageDoesNotHaveIsSaidOtherwise) {
  std::filesystem::remove(folder_ / "vm-msgforwarded.wav");
  write("vm-msgsaved.wav", 16000);
  const auto set = prompt_set::load(folder_);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->duration({"vm-msgforwarded"}), 2s);
}

TEST_F(Prompts, AnotherKeyIsSaidInWholeClipsWhereTheRecordingIsNotKnown) {
  write("vm-undeleted.wav", 16000);
  EXPECT_EQ(prompt_set::load(folder_)->duration({"vm-undelete=9"}), 5s) << "press, nine, for, message undeleted";
  write("vm-undelete-9.wav", 24000);
  EXPECT_EQ(prompt_set::load(folder_)->duration({"vm-undelete=9"}), 3s) << "a recording of the carrier's own";
}

TEST(PromptLibrary, DebiansVoicesSayTheKeysOfTheMenu) {
  const std::filesystem::path sounds = "/usr/share/asterisk/sounds";
  for (const auto& [spoken, folder] : {std::pair{language::english, "en_US_f_Allison"},
                                       {language::spanish, "es_MX_f_Allison"},
                                       {language::french, "fr_CA_f_June"},
                                       {language::italian, "it_IT_m_Carlo"},
                                       {language::russian, "ru_RU_f_IvrvoiceRU"}}) {
    const auto set = prompt_set::load(sounds / folder, spoken).value();
    for (const char* name : {"vm-repeat=1", "vm-toforward=3", "vm-undelete=9"}) {
      const auto how = splice_of(spoken, name).value();
      const auto digit = pstn::media::read_audio_file(sounds / folder / (how.digit + ".wav")).value();
      const auto taken_out = std::chrono::milliseconds(how.digit_to_ms - how.digit_from_ms);
      const auto put_in = std::chrono::milliseconds(digit.samples.size() / 8);
      const auto recorded = std::chrono::milliseconds(how.length / 8);
      EXPECT_NEAR(static_cast<double>(set.duration({name}).count()), static_cast<double>((recorded - taken_out + put_in).count()), 2)
          << folder << " " << name << ": not the recording of which the places are known";
    }
  }
}

TEST(PromptLibrary, DebiansSoundsHaveEverythingThatIsSaid) {
  const std::filesystem::path sounds = "/usr/share/asterisk/sounds";
  for (const auto& [spoken, folder] : {std::pair{language::english, "en_US_f_Allison"},
                                       {language::spanish, "es_MX_f_Allison"},
                                       {language::french, "fr_CA_f_June"},
                                       {language::italian, "it_IT_m_Carlo"},
                                       {language::russian, "ru_RU_f_IvrvoiceRU"}}) {
    const auto set = prompt_set::load(sounds / folder, spoken);
    EXPECT_TRUE(set) << folder;
  }
  prompt_library library(prompt_set::load(sounds / "en_US_f_Allison").value());
  library.add(prompt_set::load(sounds / "it_IT_m_Carlo", language::italian).value());
  EXPECT_EQ(library.of(language::italian).spoken(), language::italian);
  EXPECT_EQ(library.of(language::russian).spoken(), language::english);
  EXPECT_EQ(library.of(std::nullopt).spoken(), language::english);
}

}  // namespace
}  // namespace tollgate::voicemail
