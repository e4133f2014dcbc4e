// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/command_line.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tollgate::gateway::peer {
namespace {

using std::chrono::milliseconds;

std::variant<command_line, exit_code> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "tollgate-peer");
  std::vector<char*> pointers;
  for (std::string& word : words)
    pointers.push_back(word.data());
  return parse_command_line(static_cast<int>(pointers.size()), pointers.data());
}

template <typename Command>
Command parsed(const std::vector<std::string>& words) {
  const auto result = parse(words);
  const auto* line = std::get_if<command_line>(&result);
  if (line == nullptr) throw std::runtime_error("refused");
  return std::get<Command>(line->chosen);
}

TEST(CommandLine, NumbersSaysWhatIsToChange) {
  const auto set = parsed<numbers_command>({"numbers", "set", "+16505550100", "--auto-renew", "off", "--ring", "30", "--quiet",
                                            "mon,tue 22:00-07:00", "sun 00:00-00:00", "--block", "+4420*", "--time-zone", ""});
  EXPECT_EQ(set.operation, numbers_operation::set);
  EXPECT_EQ(set.number, "+16505550100");
  EXPECT_EQ(set.auto_renew, false);
  EXPECT_EQ(set.voicemail, std::nullopt);
  EXPECT_EQ(set.ring_timeout_s, 30U);
  EXPECT_EQ(set.quiet, (std::vector<std::string>{"mon,tue 22:00-07:00", "sun 00:00-00:00"}));
  EXPECT_EQ(set.block, std::vector<std::string>{"+4420*"});
  EXPECT_EQ(set.time_zone, "");
  EXPECT_EQ(parsed<numbers_command>({"numbers", "rent", "+16505550100", "--months", "12"}).term_months, 12U);
  EXPECT_EQ(parsed<numbers_command>({"numbers", "renew", "+16505550100"}).operation, numbers_operation::renew);
  EXPECT_EQ(parsed<numbers_command>({"numbers", "list"}).operation, numbers_operation::list);
  const auto settings = parsed<voicemail_command>({"voicemail", "settings", "--language", "fr"});
  EXPECT_EQ(settings.operation, voicemail_operation::settings);
  EXPECT_EQ(settings.language, "fr");
  EXPECT_EQ(settings.time_zone, std::nullopt);
}

TEST(CommandLine, CallCarriesItsSoundOptions) {
  const auto call = parsed<call_command>({"call", "+442079460958", "--play", "in.wav", "--record", "out.wav",
                                          "--dtmf", "1234#", "--dtmf-after", "2.5", "--duration", "12"});
  EXPECT_EQ(call.number, "+442079460958");
  EXPECT_EQ(call.sound.play, "in.wav");
  EXPECT_EQ(call.sound.record, "out.wav");
  EXPECT_EQ(call.sound.dtmf, "1234#");
  EXPECT_EQ(call.sound.dtmf_after, milliseconds(2500));
  EXPECT_EQ(call.sound.duration, milliseconds(12'000));
  EXPECT_EQ(call.sound.from, play_start::answer);
}

TEST(CommandLine, PlayFromMediaIsAChoice) {
  EXPECT_EQ(parsed<call_command>({"call", "+1", "--play-from-media"}).sound.from, play_start::media);
  EXPECT_EQ(parsed<call_command>({"call", "+1", "--play-from-answer"}).sound.from, play_start::answer);
}

TEST(CommandLine, CallWithoutDurationGoesOnUntilHungUp) {
  EXPECT_FALSE(parsed<call_command>({"call", "+442079460958"}).sound.duration.has_value());
}

TEST(CommandLine, AnswerCarriesItsOptions) {
  const auto answer = parsed<answer_command>(
      {"answer", "--count", "2", "--ring-for", "1.5", "--wait", "30", "--play", "a.wav"});
  EXPECT_EQ(answer.count, 2u);
  EXPECT_EQ(answer.ring_for, milliseconds(1500));
  EXPECT_EQ(answer.wait, milliseconds(30'000));
  EXPECT_EQ(answer.sound.play, "a.wav");
  EXPECT_TRUE(parsed<answer_command>({"answer", "--reject"}).reject);
}

TEST(CommandLine, VoicemailOperations) {
  EXPECT_EQ(parsed<voicemail_command>({"voicemail", "list"}).operation, voicemail_operation::list);
  const auto play = parsed<voicemail_command>({"voicemail", "play", "abc", "--output", "m.wav"});
  EXPECT_EQ(play.operation, voicemail_operation::play);
  EXPECT_EQ(play.id, "abc");
  EXPECT_EQ(play.output_file, "m.wav");
  EXPECT_EQ(parsed<voicemail_command>({"voicemail", "delete", "abc"}).operation, voicemail_operation::remove);
  const auto deleted = parsed<voicemail_command>({"voicemail", "list", "--state", "deleted", "--before", "abc", "--limit", "5"});
  EXPECT_EQ(deleted.operation, voicemail_operation::list);
  EXPECT_EQ(deleted.state, "deleted");
  EXPECT_EQ(deleted.before, "abc");
  EXPECT_EQ(deleted.limit, 5u);
  EXPECT_TRUE(std::holds_alternative<exit_code>(parse({"voicemail", "list", "--state", "old"})));
  const auto mark = parsed<voicemail_command>({"voicemail", "mark", "abc", "new"});
  EXPECT_EQ(mark.operation, voicemail_operation::mark);
  EXPECT_EQ(mark.state, "new");
  EXPECT_TRUE(std::holds_alternative<exit_code>(parse({"voicemail", "mark", "abc", "deleted"})));
  EXPECT_EQ(parsed<voicemail_command>({"voicemail", "greeting", "list"}).operation, voicemail_operation::greeting_list);
  const auto set = parsed<voicemail_command>({"voicemail", "greeting", "set", "busy", "-"});
  EXPECT_EQ(set.operation, voicemail_operation::greeting_set);
  EXPECT_EQ(set.situation, "busy");
  EXPECT_EQ(set.sound_file, "-");
  EXPECT_EQ(parsed<voicemail_command>({"voicemail", "greeting", "play", "name", "--output", "g.wav"}).output_file, "g.wav");
  EXPECT_EQ(parsed<voicemail_command>({"voicemail", "greeting", "delete", "temporary"}).operation,
            voicemail_operation::greeting_remove);
  EXPECT_TRUE(std::holds_alternative<exit_code>(parse({"voicemail", "greeting", "set", "always", "a.wav"})));
}

TEST(CommandLine, APinIsMadeOrReadFromAFileNeverAnArgument) {
  const auto made = parsed<voicemail_command>({"voicemail", "pin"});
  EXPECT_EQ(made.operation, voicemail_operation::pin);
  EXPECT_FALSE(made.choose_pin);
  EXPECT_TRUE(parsed<voicemail_command>({"voicemail", "pin", "--choose"}).choose_pin);
  EXPECT_EQ(parsed<voicemail_command>({"voicemail", "pin", "--pin-file", "p"}).pin_file, "p");
  EXPECT_TRUE(std::holds_alternative<exit_code>(parse({"voicemail", "pin", "730518"})));
}

TEST(CommandLine, ASecondCallIsAskedAboutWhereThereIsAKeyboard) {
  EXPECT_EQ(parsed<answer_command>({"answer"}).second, second_call::ask);
  EXPECT_EQ(parsed<answer_command>({"--json", "answer"}).second, second_call::refuse);
  EXPECT_EQ(parsed<answer_command>({"--json", "answer", "--second", "hold"}).second, second_call::hold);
  EXPECT_EQ(parsed<answer_command>({"answer", "--second", "end"}).second, second_call::end);
  EXPECT_TRUE(std::holds_alternative<exit_code>(parse({"answer", "--second", "conference"})));
}

TEST(CommandLine, GlobalOptionsMayStandOnEitherSideOfTheCommand) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"--json", "--state", "/s", "balance"},
                                                                 {"balance", "--json", "--state", "/s"}}) {
    const auto result = parse(words);
    ASSERT_TRUE(std::holds_alternative<command_line>(result));
    EXPECT_TRUE(std::get<command_line>(result).json);
    EXPECT_EQ(std::get<command_line>(result).state_directory, "/s");
  }
}

struct refusal {
  const char* what;
  std::vector<std::string> words;
};

class CommandLineRefuses : public testing::TestWithParam<refusal> {};

TEST_P(CommandLineRefuses, WithTheUsageCode) {
  testing::internal::CaptureStderr();
  const auto result = parse(GetParam().words);
  testing::internal::GetCapturedStderr();
  ASSERT_TRUE(std::holds_alternative<exit_code>(result));
  EXPECT_EQ(std::get<exit_code>(result), exit_code::usage);
}

INSTANTIATE_TEST_SUITE_P(
    All, CommandLineRefuses,
    testing::Values(refusal{"NoCommand", {}}, refusal{"UnknownCommand", {"dance"}},
                    refusal{"CallWithoutNumber", {"call"}},
                    refusal{"BadDigits", {"call", "+1", "--dtmf", "12x"}},
                    refusal{"NegativeDuration", {"call", "+1", "--duration", "-1"}},
                    refusal{"BothStarts", {"call", "+1", "--play-from-media", "--play-from-answer"}},
                    refusal{"DeleteWithoutId", {"voicemail", "delete"}},
                    refusal{"LoginWithoutName", {"login", "--gateway", "wss://x:1", "--ca", "f"}},
                    refusal{"PassphraseAsArgument", {"login", "--passphrase", "secret"}}),
    [](const auto& row) { return row.param.what; });

TEST(CommandLine, HelpEndsWellAndNamesTheExitCodes) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--help"}, {"call", "--help"}, {"answer", "--help"}, {"voicemail", "play", "--help"}}) {
    testing::internal::CaptureStdout();
    const auto result = parse(words);
    const std::string text = testing::internal::GetCapturedStdout();
    ASSERT_TRUE(std::holds_alternative<exit_code>(result));
    EXPECT_EQ(std::get<exit_code>(result), exit_code::ok);
    EXPECT_NE(text.find("the credit ended"), std::string::npos);
  }
}

}  // namespace
}  // namespace tollgate::gateway::peer
