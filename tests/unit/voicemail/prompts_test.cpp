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
    for (const auto& clip : clips_of(language::english)) {
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
