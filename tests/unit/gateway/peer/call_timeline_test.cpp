// SPDX-License-Identifier: Apache-2.0
#include "gateway/peer/call_timeline.hpp"

#include <gtest/gtest.h>

namespace tollgate::gateway::peer {
namespace {

using std::chrono::milliseconds;

TEST(CallTimeline, TellsWhereTheAnswerIsInTheRecording) {
  call_timeline timeline;
  timeline.begun_at = call_timeline::time_point(milliseconds(10'000));
  timeline.media_up_at = timeline.begun_at + milliseconds(200);
  timeline.answered_at = timeline.begun_at + milliseconds(1'500);
  timeline.playing_at = timeline.begun_at + milliseconds(1'501);
  timeline.ended_at = timeline.begun_at + milliseconds(9'500);
  const boost::json::object members = timeline.to_json();
  EXPECT_EQ(members.at("answered_ms").as_int64(), 1'500);
  EXPECT_EQ(members.at("answer_in_recording_ms").as_int64(), 1'300);
  EXPECT_EQ(members.at("play_in_recording_ms").as_int64(), 1'301);
  EXPECT_FALSE(members.contains("ringing_ms"));
  EXPECT_EQ(timeline.talk(timeline.begun_at + milliseconds(60'000)), milliseconds(8'000));
}

TEST(CallTimeline, AnUnansweredCallHasNoTalk) {
  call_timeline timeline;
  timeline.begun_at = call_timeline::time_point(milliseconds(10'000));
  EXPECT_EQ(timeline.talk(timeline.begun_at + milliseconds(5'000)), milliseconds(0));
  EXPECT_TRUE(timeline.to_json().empty());
}

}  // namespace
}  // namespace tollgate::gateway::peer
