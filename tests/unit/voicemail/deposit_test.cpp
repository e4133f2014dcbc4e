// SPDX-License-Identifier: Apache-2.0
// One caller leaving one message, in virtual time.
#include "voicemail/deposit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tollgate::voicemail {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using enum deposit_action;

// A machine and the time it lives in.
class Deposit : public testing::Test {
 protected:
  deposit::actions after(std::chrono::milliseconds wait, const deposit_event& event) {
    now_ += wait;
    return machine_.handle(event, now_);
  }
  // Through greeting (3 s) and beep (400 ms) into the recording.
  void reach_recording() {
    EXPECT_THAT(machine_.begin(true, now_), ElementsAre(play_greeting));
    EXPECT_THAT(after(3s, prompt_finished{}), ElementsAre(play_beep));
    EXPECT_THAT(after(400ms, prompt_finished{}), ElementsAre(start_recording));
  }
  // Ticks of 100 ms each, as the call reports them.
  deposit::actions listen(std::chrono::milliseconds length, double level_dbov) {
    deposit::actions last;
    for (auto heard = 0ms; heard < length && last.empty(); heard += 100ms) {
      last = after(100ms, sound_heard{100ms, level_dbov});
    }
    return last;
  }

  deposit machine_{
      deposit_limits{.longest = 180s, .shortest = 1s, .silence = 10s, .silence_level_dbov = -50}};
  deposit::time_point now_{1h};
};

TEST_F(Deposit, ACallerWhoHangsUpLeavesAMessageThatIsCommittedBeforeTheRelease) {
  reach_recording();
  EXPECT_THAT(listen(5s, -20), IsEmpty());
  EXPECT_THAT(after(0ms, far_end_hung_up{}), ElementsAre(stop_recording, store_message));
  EXPECT_EQ(machine_.message_duration(), 5s);
  EXPECT_FALSE(machine_.finished());
  EXPECT_THAT(after(20ms, message_committed{}), ElementsAre(release));
  EXPECT_TRUE(machine_.finished());
}

TEST_F(Deposit, ACallerWhoseMessageCouldNotBeKeptHearsThatInPlaceOfTheGreeting) {
  EXPECT_THAT(machine_.begin_unavailable(now_), ElementsAre(play_failed));
  EXPECT_THAT(after(1s, digit_pressed{'#'}), IsEmpty());
  EXPECT_THAT(after(2s, prompt_finished{}), ElementsAre(hang_up));
  EXPECT_TRUE(machine_.finished());
  EXPECT_THAT(machine_.begin_unavailable(now_), IsEmpty());
}

TEST_F(Deposit, TheOwnerGetsInAlthoughNoMessageCouldBeKept) {
  machine_.begin_unavailable(now_);
  EXPECT_THAT(after(1s, digit_pressed{'*'}), ElementsAre(stop_prompt, enter_mailbox));
}

TEST_F(Deposit, TheLongestMessageIsStoredAndTheCallerIsToldSo) {
  reach_recording();
  ASSERT_TRUE(machine_.next_deadline());
  EXPECT_EQ(*machine_.next_deadline() - now_, 180s);
  listen(179s, -20);
  EXPECT_THAT(after(1s, deadline_passed{}), ElementsAre(stop_recording, store_message));
  EXPECT_EQ(machine_.message_duration(), 180s);
  EXPECT_THAT(after(20ms, message_committed{}), ElementsAre(play_saved));
  EXPECT_THAT(after(2s, prompt_finished{}), ElementsAre(hang_up));
  EXPECT_TRUE(machine_.finished());
}

TEST_F(Deposit, SilenceEndsTheMessageAndIsNotKept) {
  reach_recording();
  EXPECT_THAT(listen(4s, -20), IsEmpty());
  EXPECT_THAT(listen(5s, -70), IsEmpty());
  EXPECT_THAT(listen(2s, -30), IsEmpty());
  EXPECT_THAT(listen(20s, -70), ElementsAre(stop_recording, store_message));
  EXPECT_EQ(machine_.message_duration(), 11s);
}

TEST_F(Deposit, ThePoundKeyEndsTheMessage) {
  reach_recording();
  listen(3s, -20);
  EXPECT_THAT(after(0ms, digit_pressed{'5'}), IsEmpty());
  EXPECT_THAT(after(0ms, digit_pressed{'#'}), ElementsAre(stop_recording, play_review));
  EXPECT_EQ(machine_.message_duration(), 3s);
  EXPECT_THAT(after(1s, digit_pressed{'1'}), ElementsAre(stop_prompt, store_message));
  EXPECT_THAT(after(20ms, message_committed{}), ElementsAre(play_saved));
}

TEST_F(Deposit, TheReviewPlaysRecordsAgainAndMarksAsUrgent) {
  reach_recording();
  listen(3s, -20);
  after(0ms, digit_pressed{'#'});
  EXPECT_THAT(after(1s, digit_pressed{'2'}), ElementsAre(play_recording));
  EXPECT_THAT(after(3s, prompt_finished{}), ElementsAre(play_review));
  EXPECT_THAT(after(1s, digit_pressed{'4'}), ElementsAre(play_urgent));
  EXPECT_TRUE(machine_.urgent());
  EXPECT_THAT(after(1s, digit_pressed{'4'}), ElementsAre(play_not_urgent));
  EXPECT_FALSE(machine_.urgent());
  EXPECT_THAT(after(1s, digit_pressed{'8'}), IsEmpty());
  EXPECT_THAT(after(1s, digit_pressed{'3'}), ElementsAre(discard_message, play_beep));
  EXPECT_THAT(after(400ms, prompt_finished{}), ElementsAre(start_recording));
  listen(2s, -20);
  EXPECT_THAT(after(0ms, digit_pressed{'#'}), ElementsAre(stop_recording, play_review));
  EXPECT_EQ(machine_.message_duration(), 2s);
}

TEST_F(Deposit, WhoHangsUpOrDoesNothingInTheReviewHasSaved) {
  reach_recording();
  listen(3s, -20);
  after(0ms, digit_pressed{'#'});
  EXPECT_THAT(after(1s, far_end_hung_up{}), ElementsAre(stop_prompt, store_message));
  EXPECT_THAT(after(20ms, message_committed{}), ElementsAre(release));
  machine_ = deposit{};
  reach_recording();
  listen(3s, -20);
  after(0ms, digit_pressed{'#'});
  EXPECT_THAT(after(7s, prompt_finished{}), IsEmpty());
  EXPECT_THAT(after(7s, deadline_passed{}), IsEmpty());
  EXPECT_THAT(after(1s, deadline_passed{}), ElementsAre(store_message));
}

TEST_F(Deposit, AMessageThatIsTooShortMayBeTriedAgainButNotForEver) {
  machine_ = deposit{deposit_limits{.attempts = 2}};
  reach_recording();
  listen(400ms, -20);
  EXPECT_THAT(after(0ms, digit_pressed{'#'}), ElementsAre(stop_recording, discard_message, play_too_short));
  EXPECT_THAT(after(2s, prompt_finished{}), ElementsAre(play_beep));
  EXPECT_THAT(after(400ms, prompt_finished{}), ElementsAre(start_recording));
  EXPECT_THAT(after(0ms, digit_pressed{'#'}), ElementsAre(stop_recording, discard_message, play_nothing_kept));
  EXPECT_THAT(after(2s, prompt_finished{}), ElementsAre(hang_up));
}

TEST_F(Deposit, TheStarKeyLetsTheOwnerInAlsoWhereTheMailboxIsFull) {
  machine_.begin(true, now_);
  EXPECT_THAT(after(1s, digit_pressed{'*'}), ElementsAre(stop_prompt, enter_mailbox));
  EXPECT_TRUE(machine_.finished());
  machine_ = deposit{};
  machine_.begin(false, now_);
  EXPECT_THAT(after(1s, digit_pressed{'*'}), ElementsAre(stop_prompt, enter_mailbox));
  machine_ = deposit{};
  reach_recording();
  listen(3s, -20);
  EXPECT_THAT(after(0ms, digit_pressed{'*'}), ElementsAre(stop_recording, play_review)) << "a caller's own key";
}

TEST_F(Deposit, AKeySkipsTheGreeting) {
  machine_.begin(true, now_);
  EXPECT_THAT(after(500ms, digit_pressed{'#'}), ElementsAre(stop_prompt, play_beep));
  EXPECT_THAT(after(400ms, prompt_finished{}), ElementsAre(start_recording));
}

TEST_F(Deposit, NothingIsKeptOfACallerWhoSaysNothing) {
  struct row {
    const char* name;
    std::chrono::milliseconds length;
    double level_dbov;
  };
  for (const auto& row :
       {row{"silence", 8s, -80.0}, row{"too short", 600ms, -20.0}, row{"nothing", 0ms, 0.0}}) {
    machine_ = deposit{};
    reach_recording();
    listen(row.length, row.level_dbov);
    EXPECT_THAT(after(0ms, far_end_hung_up{}), ElementsAre(stop_recording, discard_message, release))
        << row.name;
    EXPECT_TRUE(machine_.finished());
  }
}

TEST_F(Deposit, SilenceFromTheStartEndsTheCallAndTheCallerIsToldSo) {
  reach_recording();
  EXPECT_THAT(listen(11s, -90), ElementsAre(stop_recording, discard_message, play_nothing_kept));
  EXPECT_FALSE(machine_.heard_speech());
  EXPECT_THAT(after(2s, prompt_finished{}), ElementsAre(hang_up));
}

TEST_F(Deposit, WhatIsSilenceIsTheCarriersToSay) {
  machine_ = deposit{deposit_limits{.silence_level_dbov = -60}};
  reach_recording();
  listen(3s, -55);
  EXPECT_TRUE(machine_.heard_speech());
  EXPECT_THAT(after(0ms, far_end_hung_up{}), ElementsAre(stop_recording, store_message));
}

TEST_F(Deposit, HangingUpBeforeTheBeepLeavesNothing) {
  machine_.begin(true, now_);
  EXPECT_THAT(after(1s, far_end_hung_up{}), ElementsAre(stop_prompt, release));
  EXPECT_THAT(after(2s, prompt_finished{}), IsEmpty());
  EXPECT_THAT(after(0ms, far_end_hung_up{}), IsEmpty());
}

TEST_F(Deposit, AFullMailboxIsSaidWithoutAGreeting) {
  EXPECT_THAT(machine_.begin(false, now_), ElementsAre(play_full));
  EXPECT_THAT(after(3s, prompt_finished{}), ElementsAre(hang_up));
}

TEST_F(Deposit, AMessageThatCannotBeKeptIsOwnedUpTo) {
  reach_recording();
  listen(3s, -20);
  after(0ms, digit_pressed{'#'});
  after(0ms, digit_pressed{'1'});
  EXPECT_THAT(after(20ms, message_refused{}), ElementsAre(play_failed));
  EXPECT_THAT(after(3s, prompt_finished{}), ElementsAre(hang_up));
}

TEST_F(Deposit, HangingUpWhileTheMessageIsBeingStoredWaitsForTheCommit) {
  reach_recording();
  listen(3s, -20);
  after(0ms, digit_pressed{'#'});
  after(0ms, digit_pressed{'1'});
  EXPECT_THAT(after(5ms, far_end_hung_up{}), IsEmpty());
  EXPECT_THAT(after(5ms, message_committed{}), ElementsAre(release));
}

TEST_F(Deposit, HangingUpDuringTheGoodbyeReleases) {
  reach_recording();
  listen(3s, -20);
  after(0ms, digit_pressed{'#'});
  after(0ms, digit_pressed{'1'});
  after(5ms, message_committed{});
  EXPECT_THAT(after(300ms, far_end_hung_up{}), ElementsAre(stop_prompt, release));
  EXPECT_TRUE(machine_.finished());
}

TEST_F(Deposit, APromptWhoseEndIsNeverReportedDoesNotHoldTheLine) {
  machine_.begin(true, now_);
  EXPECT_THAT(after(59s, deadline_passed{}), IsEmpty());
  EXPECT_THAT(after(1s, deadline_passed{}), ElementsAre(stop_prompt, play_beep));
}

TEST_F(Deposit, EventsAfterTheEndAndOutOfOrderDoNothing) {
  EXPECT_THAT(machine_.handle(prompt_finished{}, now_), IsEmpty());
  EXPECT_THAT(machine_.handle(message_committed{}, now_), IsEmpty());
  reach_recording();
  EXPECT_THAT(machine_.begin(true, now_), IsEmpty());
  EXPECT_THAT(machine_.handle(prompt_finished{}, now_), IsEmpty());
  EXPECT_THAT(machine_.handle(sound_heard{-5s, -80}, now_), IsEmpty());
  after(2s, far_end_hung_up{});
  EXPECT_TRUE(machine_.finished());
  for (const deposit_event& event :
       {deposit_event{prompt_finished{}}, deposit_event{digit_pressed{'#'}}, deposit_event{far_end_hung_up{}},
        deposit_event{message_committed{}}, deposit_event{message_refused{}},
        deposit_event{deadline_passed{}}}) {
    EXPECT_THAT(machine_.handle(event, now_), IsEmpty());
  }
  EXPECT_EQ(machine_.next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace tollgate::voicemail
