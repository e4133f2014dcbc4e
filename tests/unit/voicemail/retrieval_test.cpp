// SPDX-License-Identifier: Apache-2.0
// An owner at a telephone, in virtual time.
#include "voicemail/retrieval.hpp"

#include <gtest/gtest.h>

#include <random>

namespace tollgate::voicemail {
namespace {

using namespace std::chrono_literals;
namespace act = retrieval_action;
namespace event = retrieval_event;

boost::uuids::uuid id(std::uint8_t last) {
  boost::uuids::uuid value{};
  value.data[15] = last;
  return value;
}

template <class... Kinds>
struct overloaded : Kinds... {
  using Kinds::operator()...;
};

// Actions as words: "say vm-deleted", "play 1".
std::string text(const retrieval::actions& actions) {
  std::string all;
  const auto number = [](const boost::uuids::uuid& one) { return std::to_string(one.data[15]); };
  for (const auto& any : actions) {
    all += all.empty() ? "" : "; ";
    all += std::visit(
        overloaded{[](const act::say& one) {
                     std::string words = "say";
                     for (const auto& clip : one.said)
                       words += " " + clip;
                     return words;
                   },
                   [&](const act::play_message& one) { return "play " + number(one.message_id); },
                   [](const act::play_recording&) -> std::string { return "play recording"; },
                   [](const act::stop_playing&) -> std::string { return "stop playing"; },
                   [](const act::check_pin& one) { return "check " + one.pin; },
                   [](const act::list_messages&) -> std::string { return "list"; },
                   [&](const act::list_more& one) { return std::string(one.unread ? "new" : "saved") + " after " + number(one.after); },
                   [&](const act::mark_saved& one) { return "mark " + number(one.message_id); },
                   [&](const act::erase& one) { return "erase " + number(one.message_id); },
                   [&](const act::restore& one) { return "restore " + number(one.message_id); },
                   [&](const act::forward& one) { return "forward " + number(one.message_id) + " to " + one.digits; },
                   [](const act::keep_greeting& one) { return "keep " + std::string(to_text(one.kind)); },
                   [](const act::remove_greeting& one) { return "remove " + std::string(to_text(one.kind)); },
                   [](const act::change_pin& one) { return "pin " + one.pin; },
                   [](const act::start_recording&) -> std::string { return "record"; },
                   [](const act::stop_recording&) -> std::string { return "stop recording"; },
                   [](const act::discard_recording&) -> std::string { return "discard"; },
                   [](const act::hang_up&) -> std::string { return "hang up"; },
                   [](const act::release&) -> std::string { return "release"; }},
        any);
  }
  return all;
}

class Retrieval : public testing::Test {
 protected:
  std::string after(std::chrono::milliseconds wait, const any_retrieval_event& happened) {
    now_ += wait;
    return text(machine_.handle(happened, now_));
  }
  std::string press(char key) { return after(200ms, event::key_pressed{key}); }
  std::string keys(std::string_view keys) {
    std::string last;
    for (const char key : keys)
      last = press(key);
    return last;
  }
  std::string played() { return after(1s, event::playback_finished{}); }
  std::string answer(const any_retrieval_event& value) { return after(5ms, value); }
  // Until nothing more happens by itself.
  std::string silence() {
    const auto due = machine_.next_deadline();
    if (!due) return "nothing is due";
    now_ = *due;
    return text(machine_.handle(event::deadline_passed{}, now_));
  }
  void log_in() {
    machine_.begin(now_);
    keys("739264#");
    answer(event::pin_checked{pin_verdict::right});
    answer(event::listed{view_});
  }
  void open_first() {
    log_in();
    press('1');
    played();
  }

  mailbox_view view_{.unread = {{id(1), "+4420", {.hour = 10}, true}, {id(2), "", {.hour = 11}}}, .saved = {{id(3), "+49", {}}}, .unread_count = 2, .saved_count = 1};
  retrieval machine_{language::english};
  retrieval::time_point now_{1h};
};

TEST_F(Retrieval, ThePinOpensTheMailboxAndTheCountsAreTold) {
  EXPECT_EQ(text(machine_.begin(now_)), "say agent-pass");
  EXPECT_EQ(press('7'), "stop playing") << "prompts are interruptible";
  EXPECT_EQ(keys("39264#"), "check 739264");
  EXPECT_EQ(machine_.next_deadline(), std::nullopt);
  EXPECT_EQ(answer(event::pin_checked{pin_verdict::right}), "list");
  const auto told = answer(event::listed{view_});
  EXPECT_TRUE(told.starts_with("say vm-youhave digits/2 vm-INBOX vm-and digits/1 vm-saved vm-message vm-onefor")) << told;
}

TEST_F(Retrieval, WrongPinsEndTheCallAndALockIsNotTold) {
  machine_.begin(now_);
  for (int attempt = 0; attempt < 2; ++attempt) {
    EXPECT_EQ(keys("111222#"), "check 111222");
    EXPECT_EQ(answer(event::pin_checked{pin_verdict::wrong}), "say auth-incorrect");
  }
  keys("111222#");
  const auto last = answer(event::pin_checked{pin_verdict::wrong});
  EXPECT_EQ(last, "say vm-incorrect vm-goodbye");
  EXPECT_EQ(played(), "hang up");
  EXPECT_TRUE(machine_.finished());
  machine_ = retrieval(language::english);
  machine_.begin(now_);
  keys("739264#");
  EXPECT_EQ(answer(event::pin_checked{pin_verdict::locked}), last);
}

TEST_F(Retrieval, AnEntryIsTakenAfterAPauseAndTheStarBeginsItAgain) {
  machine_.begin(now_);
  keys("99");
  EXPECT_EQ(press('*'), "say agent-pass");
  keys("739264");
  EXPECT_EQ(silence(), "check 739264");
}

TEST_F(Retrieval, MessagesArePlayedInTurnAndThenCountAsHeard) {
  log_in();
  EXPECT_EQ(press('1'), "say vm-message digits/1");
  EXPECT_EQ(played(), "play 1");
  EXPECT_EQ(played(), "mark 1");
  EXPECT_TRUE(answer(event::done{}).starts_with("say vm-repeat=1"));
  EXPECT_EQ(press('1'), "say vm-message digits/1");
  EXPECT_EQ(press('6'), "say vm-message digits/2");
  EXPECT_EQ(played(), "play 2");
  EXPECT_EQ(press('#'), "list") << "not heard to its end: it stays new, and after the last one come the counts";
  view_.unread = {{id(2), "", {}}};
  answer(event::listed{view_});
  EXPECT_EQ(press('2'), "say vm-message digits/1");
  EXPECT_EQ(played(), "play 3");
  EXPECT_TRUE(played().starts_with("say vm-repeat=1")) << "saved already";
}

TEST_F(Retrieval, AFolderIsToldToItsEndHoweverLong) {
  view_.saved_count = 3;
  log_in();
  EXPECT_EQ(press('2'), "say vm-message digits/1");
  EXPECT_EQ(press('#'), "saved after 3");
  EXPECT_EQ(answer(event::listed_more{{{id(4), "", {}}}}), "say vm-message digits/2");
  EXPECT_EQ(played(), "play 4");
  EXPECT_EQ(press('#'), "saved after 4");
  EXPECT_EQ(answer(event::listed_more{}), "list") << "somebody has deleted the third";
  answer(event::listed{view_});
  press('2');
  press('#');
  EXPECT_EQ(answer(event::refused{retrieval_refusal::unavailable}), "say im-sorry vm-goodbye");
}

TEST_F(Retrieval, TheKeysOfAMessage) {
  open_first();
  EXPECT_EQ(press('4'), "say vm-Urgent vm-unknown-caller vm-num-i-have digits/4 digits/4 digits/2 digits/0 vm-received digits/today "
                        "digits/at digits/10 digits/oclock digits/a-m");
  EXPECT_EQ(press('9'), "say vm-sorry") << "it is not deleted";
  EXPECT_EQ(press('7'), "erase 1");
  EXPECT_EQ(answer(event::done{}), "say vm-deleted");
  EXPECT_EQ(press('7'), "say vm-deleted") << "and nothing is undone";
  EXPECT_NE(press('0').find("vm-undelete=9"), std::string::npos);
  EXPECT_EQ(press('9'), "restore 1");
  EXPECT_EQ(answer(event::done{}), "say vm-undeleted");
  EXPECT_NE(press('0').find("vm-delete"), std::string::npos);
  EXPECT_EQ(press('2'), "mark 1");
  EXPECT_EQ(answer(event::done{}), "say vm-msgsaved vm-message digits/2");
  EXPECT_EQ(press('*'), "list");
}

TEST_F(Retrieval, AMessageIsForwardedToAnotherNumber) {
  open_first();
  EXPECT_EQ(press('3'), "say vm-whichbox");
  EXPECT_EQ(keys("16505550199#"), "forward 1 to 16505550199");
  EXPECT_EQ(answer(event::refused{retrieval_refusal::mailbox_unknown}), "say invalid");
  keys("16505550100#");
  EXPECT_EQ(answer(event::refused{retrieval_refusal::mailbox_full}), "say vm-mailboxfull");
  press('8');
  keys("16505550101#");
  EXPECT_EQ(answer(event::done{}), "say vm-msgforwarded");
  press('3');
  EXPECT_TRUE(press('*').starts_with("say vm-repeat=1"));
}

TEST_F(Retrieval, AMessageThatCannotBeHadIsNotHeard) {
  log_in();
  press('1');
  played();
  EXPECT_EQ(answer(event::refused{retrieval_refusal::unavailable}), "say im-sorry");
  EXPECT_EQ(played(), "");
}

TEST_F(Retrieval, AGreetingIsRecordedReviewedAndKept) {
  log_in();
  EXPECT_EQ(press('3'), "say vm-options");
  EXPECT_EQ(press('2'), "say vm-rec-busy");
  EXPECT_EQ(played(), "say beep");
  EXPECT_EQ(played(), "record");
  EXPECT_EQ(after(3s, event::sound_heard{200ms, -20}), "");
  EXPECT_EQ(press('#'), "stop recording; say vm-review");
  EXPECT_EQ(press('2'), "play recording");
  EXPECT_EQ(played(), "");
  EXPECT_EQ(press('3'), "discard; say beep");
  EXPECT_EQ(played(), "record");
  EXPECT_EQ(after(100ms, event::key_pressed{'#'}), "stop recording; discard; say vm-tooshort beep");
  EXPECT_EQ(played(), "record");
  for (int tick = 0; tick < 24; ++tick)
    EXPECT_EQ(after(200ms, event::sound_heard{200ms, -80}), "");
  EXPECT_EQ(after(200ms, event::sound_heard{200ms, -80}), "stop recording; say vm-review");
  EXPECT_EQ(press('1'), "keep busy");
  EXPECT_EQ(answer(event::done{}), "say vm-msgsaved vm-options");
}

TEST_F(Retrieval, TheTemporaryGreetingIsMadeAndErased) {
  log_in();
  press('3');
  EXPECT_EQ(press('4'), "say vm-tempgreeting vm-starmain");
  EXPECT_EQ(press('2'), "say vm-sorry") << "there is none";
  EXPECT_EQ(press('1'), "say vm-rec-temp");
  EXPECT_EQ(press('5'), "say beep") << "any key goes to the beep";
  played();
  after(2s, event::sound_heard{200ms, -20});
  press('#');
  press('1');
  answer(event::done{});
  EXPECT_EQ(press('4'), "say vm-tmpexists vm-tempgreeting2 vm-starmain");
  EXPECT_EQ(press('2'), "remove temporary");
  EXPECT_EQ(answer(event::done{}), "say vm-tempremoved vm-options");
}

TEST_F(Retrieval, ANewPinIsEnteredTwice) {
  log_in();
  press('3');
  EXPECT_EQ(press('5'), "say vm-newpassword");
  EXPECT_EQ(keys("847362#"), "say vm-reenterpassword");
  EXPECT_EQ(keys("847361#"), "say vm-mismatch vm-newpassword");
  keys("123456#");
  EXPECT_EQ(keys("123456#"), "pin 123456");
  EXPECT_EQ(answer(event::refused{retrieval_refusal::pin_unsuitable}), "say vm-invalid-password vm-newpassword");
  keys("847362#");
  EXPECT_EQ(keys("847362#"), "pin 847362");
  EXPECT_EQ(answer(event::done{}), "say vm-passchanged vm-options");
}

TEST_F(Retrieval, WhoSaysNothingIsRemindedAndThenLetGo) {
  log_in();
  EXPECT_EQ(silence(), "stop playing") << "the end of the prompt was never reported";
  EXPECT_TRUE(silence().starts_with("say vm-onefor"));
  played();
  EXPECT_TRUE(silence().starts_with("say vm-onefor"));
  played();
  EXPECT_EQ(silence(), "say vm-goodbye");
  EXPECT_EQ(played(), "hang up");
}

TEST_F(Retrieval, HangingUpReleasesFromWhereverOneIs) {
  log_in();
  EXPECT_EQ(after(1s, event::far_end_hung_up{}), "stop playing; release");
  EXPECT_TRUE(machine_.finished());
  EXPECT_EQ(press('1'), "");
  machine_ = retrieval(language::english);
  log_in();
  keys("31");
  played();
  played();
  EXPECT_EQ(after(1s, event::far_end_hung_up{}), "stop recording; discard; stop playing; release");
}

TEST_F(Retrieval, WithoutItsDatabaseTheMailboxApologises) {
  machine_.begin(now_);
  keys("739264#");
  EXPECT_EQ(answer(event::refused{retrieval_refusal::unavailable}), "say im-sorry vm-goodbye");
}

TEST_F(Retrieval, WhateverIsPressedItAlwaysEndsAndNeverTouchesWhatIsNotThere) {
  std::mt19937 random(42);
  for (int run = 0; run < 300; ++run) {
    machine_ = retrieval(language::english);
    text(machine_.begin(now_));
    for (int step = 0; step < 400 && !machine_.finished(); ++step) {
      retrieval::actions actions;
      const auto kind = random() % 10;
      if (kind < 6)
        actions = machine_.handle(event::key_pressed{"0123456789*#"[random() % 12]}, now_ += 300ms);
      else if (kind < 8)
        actions = machine_.handle(event::playback_finished{}, now_ += 500ms);
      else if (kind < 9)
        actions = machine_.handle(event::sound_heard{200ms, random() % 2 ? -20.0 : -80.0}, now_ += 200ms);
      else if (const auto due = machine_.next_deadline())
        actions = machine_.handle(event::deadline_passed{}, now_ = std::max(now_, *due));
      // What is answered is answered at once, as the call does it.
      while (!actions.empty()) {
        const auto& last = actions.back();
        any_retrieval_event reply = event::done{};
        if (std::holds_alternative<act::check_pin>(last))
          reply = event::pin_checked{random() % 8 == 0 ? pin_verdict::wrong : pin_verdict::right};
        else if (std::holds_alternative<act::list_messages>(last))
          reply = event::listed{random() % 4 == 0 ? mailbox_view{} : view_};
        else if (std::holds_alternative<act::list_more>(last))
          reply = event::listed_more{random() % 2 == 0 ? std::vector<mailbox_item>{} : view_.unread};
        else if (std::holds_alternative<act::say>(last) || std::holds_alternative<act::play_message>(last) ||
                 std::holds_alternative<act::play_recording>(last) || std::holds_alternative<act::stop_playing>(last) ||
                 std::holds_alternative<act::start_recording>(last) || std::holds_alternative<act::stop_recording>(last) ||
                 std::holds_alternative<act::discard_recording>(last) || std::holds_alternative<act::hang_up>(last) ||
                 std::holds_alternative<act::release>(last))
          break;
        else if (random() % 5 == 0)
          reply = event::refused{static_cast<retrieval_refusal>(random() % 4)};
        actions = machine_.handle(reply, now_);
      }
    }
    for (int wait = 0; wait < 30 && !machine_.finished(); ++wait) {
      ASSERT_TRUE(machine_.next_deadline()) << "it waits for ever";
      silence();
      answer(event::pin_checked{pin_verdict::wrong});
      answer(event::listed{view_});
      answer(event::done{});
    }
    EXPECT_TRUE(machine_.finished());
  }
}

}  // namespace
}  // namespace tollgate::voicemail
