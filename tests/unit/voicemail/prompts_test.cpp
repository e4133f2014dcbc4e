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
    for (const auto* file : {"vm-intro.wav", "beep.wav", "vm-msgsaved.wav", "vm-goodbye.wav",
                             "vm-mailboxfull.wav", "im-sorry.wav"}) {
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
  EXPECT_EQ(set->duration(prompt::greeting), 1s);
  EXPECT_EQ(set->duration(prompt::saved), 2s);
  for (int play = 0; play < 2; ++play) {
    const auto source = set->source(prompt::beep);
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
  const auto source = set->source(prompt::greeting);
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

}  // namespace
}  // namespace tollgate::voicemail
