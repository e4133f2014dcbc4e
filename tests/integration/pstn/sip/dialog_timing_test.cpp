// SPDX-License-Identifier: Apache-2.0
// Session timers (RFC 4028) from both sides, and the several dialogs of one INVITE that a carrier forks (RFC
// 3261 §13.2.2.4), spoken by hand.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "far_end.hpp"

namespace tollgate::tests::sip {
namespace {

TEST(SessionTimer, OfACallerIsAgreedToOnItsTerms) {
  agent ours;
  wire far(ours.port);
  far.send(far.request("INVITE", {}, 1, "Supported: timer\r\nSession-Expires: 120;refresher=uac\r\n",
                       pcma_sdp(41000)));
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  ours.user_agent.answer(incoming->key, pcma_sdp(40000));
  const auto answer = far.receive("SIP/2.0 200");
  ASSERT_TRUE(answer);
  EXPECT_EQ(header_of(*answer, "Session-Expires"), "120;refresher=uac");
  EXPECT_NE(header_of(*answer, "Require").find("timer"), std::string::npos);
}

TEST(SessionTimer, ThatIsTooShortIsRefusedWithTheLeast) {
  agent ours;
  wire far(ours.port);
  far.send(far.request("INVITE", {}, 1, "Supported: timer\r\nSession-Expires: 30\r\n", pcma_sdp(41000)));
  const auto refusal = far.receive("SIP/2.0 422");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(header_of(*refusal, "Min-SE"), "90");
  EXPECT_TRUE(ours.events.is_empty());
}

TEST(SessionTimer, IsAskedForAndRaisedWhereTheCarrierAsksForMore) {
  call_to_a_wire call;
  const auto first = call.far.receive("INVITE ");
  ASSERT_TRUE(first);
  EXPECT_EQ(header_of(*first, "Session-Expires").substr(0, 4), "1800");
  EXPECT_NE(header_of(*first, "Supported").find("timer"), std::string::npos);
  call.far.send(
      received_invite(*first).answer("422 Session Interval Too Small", "a", call.far, "Min-SE: 3600\r\n"));
  ASSERT_TRUE(call.far.receive("ACK "));
  const auto second = call.far.receive("INVITE ");
  ASSERT_TRUE(second);
  EXPECT_EQ(header_of(*second, "Session-Expires").substr(0, 4), "3600");
  EXPECT_EQ(header_of(*second, "Min-SE"), "3600");
  call.far.send(received_invite(*second).answer(
      "200 OK", "a", call.far, "Session-Expires: 3600;refresher=uas\r\nRequire: timer\r\n", pcma_sdp(42000)));
  EXPECT_TRUE(call.ours.events.expect<ua::answered>());
}

TEST(Forking, TheLastEarlyDialogIsHeardAndTheOneThatAnswersIsTheCall) {
  call_to_a_wire call;
  const auto text = call.far.receive("INVITE ");
  ASSERT_TRUE(text);
  const received_invite invite(*text);
  for (const std::uint16_t port : {43000, 43002}) {
    call.far.send(
        invite.answer("183 Session Progress", port == 43000 ? "a" : "b", call.far, {}, pcma_sdp(port)));
    const auto early = call.ours.events.expect<ua::provisional>();
    ASSERT_TRUE(early);
    EXPECT_EQ(early->sdp, pcma_sdp(port));
  }
  call.far.send(invite.answer("200 OK", "b", call.far, {}, pcma_sdp(43002)));
  const auto answered = call.ours.events.expect<ua::answered>();
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->sdp, pcma_sdp(43002));
  EXPECT_TRUE(answered->contact.starts_with("sip:b@"));
  const auto ack = call.far.receive("ACK ");
  ASSERT_TRUE(ack);
  EXPECT_EQ(to_tag_of(*ack), "b");
  call.ours.user_agent.hang_up(call.key, 16, "");
  const auto bye = call.far.receive("BYE ");
  ASSERT_TRUE(bye);
  EXPECT_EQ(to_tag_of(*bye), "b");
}

// Both branches of a fork answered: the second call is acknowledged and ended at once, or somebody would be
// kept on the line, and charged for.
TEST(Forking, ASecondAnswerIsAcknowledgedAndEnded) {
  call_to_a_wire call;
  const auto text = call.far.receive("INVITE ");
  ASSERT_TRUE(text);
  const received_invite invite(*text);
  call.far.send(invite.answer("180 Ringing", "a", call.far));
  call.far.send(invite.answer("180 Ringing", "b", call.far));
  call.far.send(invite.answer("200 OK", "b", call.far, {}, pcma_sdp(43002)));
  ASSERT_TRUE(call.far.receive("ACK "));
  call.far.send(invite.answer("200 OK", "a", call.far, {}, pcma_sdp(43000)));
  const auto ack = call.far.receive("ACK ");
  ASSERT_TRUE(ack);
  EXPECT_EQ(to_tag_of(*ack), "a");
  const auto bye = call.far.receive("BYE ");
  ASSERT_TRUE(bye);
  EXPECT_EQ(to_tag_of(*bye), "a");
  EXPECT_TRUE(call.ours.events.expect<ua::provisional>());
  EXPECT_TRUE(call.ours.events.expect<ua::provisional>());
  EXPECT_TRUE(call.ours.events.expect<ua::answered>());
  EXPECT_TRUE(call.ours.events.is_empty());  // the call goes on
}

// The stack makes the first branch that answers reliably the dialog, and ends what another one answers: where
// that may happen no reliable answer is asked for.
TEST(Forking, WithoutReliableProgressAnotherBranchMayAnswerThanTheOneThatWasHeard) {
  agent ours;
  wire far(ours.port);
  const auto key = ours.user_agent.next_call_key();
  auto request = invite_to(far.port);
  request.reliable_progress = false;
  ours.user_agent.send_invite(key, request);
  const auto text = far.receive("INVITE ");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->find("100rel"), std::string::npos) << *text;
  const received_invite invite(*text);
  far.send(invite.answer("183 Session Progress", "a", far, {}, pcma_sdp(43000)));
  EXPECT_TRUE(ours.events.expect<ua::provisional>());
  far.send(invite.answer("180 Ringing", "b", far));  // nobody there: on to the mailbox
  EXPECT_TRUE(ours.events.expect<ua::provisional>());
  far.send(invite.answer("200 OK", "b", far, {}, pcma_sdp(43002)));
  const auto answered = ours.events.expect<ua::answered>();
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->sdp, pcma_sdp(43002));
  ASSERT_TRUE(far.receive("ACK "));
  far.settle();
  EXPECT_TRUE(ours.events.is_empty());  // the call goes on
  ours.user_agent.hang_up(key, 16, "");
  EXPECT_TRUE(far.receive("BYE "));
}

TEST(Forking, AnAnswerWithoutADescriptionHasThatOfItsOwnBranch) {
  call_to_a_wire call;
  const auto text = call.far.receive("INVITE ");
  ASSERT_TRUE(text);
  const received_invite invite(*text);
  for (const std::uint16_t port : {43000, 43002}) {
    call.far.send(
        invite.answer("183 Session Progress", port == 43000 ? "a" : "b", call.far, {}, pcma_sdp(port)));
    ASSERT_TRUE(call.ours.events.expect<ua::provisional>());
  }
  call.far.send(invite.answer("200 OK", "a", call.far));
  const auto answered = call.ours.events.expect<ua::answered>();
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->sdp, pcma_sdp(43000));
}

TEST(EarlyDialog, OfACarrierThatHangsUpBeforeItAnswersHasFailed) {
  call_to_a_wire call;
  const auto text = call.far.receive("INVITE ");
  ASSERT_TRUE(text);
  const received_invite invite(*text);
  call.far.send(invite.answer("183 Session Progress", "a", call.far,
                              "Require: 100rel\r\nRSeq: 1\r\nAllow: UPDATE\r\n", pcma_sdp(43000)));
  ASSERT_TRUE(call.ours.events.expect<ua::provisional>());
  const auto prack = call.far.receive("PRACK ");
  ASSERT_TRUE(prack);
  call.far.send(received_invite(*prack).reply("200 OK"));
  std::string bye = "BYE sip:gateway@127.0.0.1:" + std::to_string(call.ours.port) +
                    " SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:" + std::to_string(call.far.port) +
                    ";branch=z9hG4bKearly\r\nMax-Forwards: 70\r\n";
  bye += "From: " + header_of(*text, "To") + ";tag=a\r\nTo: " + header_of(*text, "From") + "\r\n";
  bye += "Call-ID: " + header_of(*text, "Call-ID") +
         "\r\nCSeq: 1 BYE\r\nReason: Q.850;cause=31\r\nContent-Length: 0\r\n\r\n";
  call.far.send(bye);
  const auto failed = call.ours.events.expect<ua::failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->q850, 31);
  EXPECT_TRUE(call.ours.events.expect<ua::ended>());
  const auto cancel = call.far.receive("CANCEL ");
  ASSERT_TRUE(cancel);
  call.far.send(received_invite(*cancel).reply("200 OK"));
  call.far.send(invite.answer("487 Request Terminated", "a", call.far, "", ""));
  EXPECT_TRUE(call.far.receive("ACK "));
  EXPECT_TRUE(call.far.receive("SIP/2.0 200"));
}

TEST(Refresh, ByReInviteMayBringAnotherAddress) {
  agent ours([](ua::user_agent_options& options) { options.session_timer = std::chrono::seconds(3); });
  call_by_hand call(ours);  // the far end knows no UPDATE and no timer: we refresh, by re-INVITE
  ASSERT_TRUE(call.is_up);
  for (const bool is_news : {true, false}) {
    const auto refresh = call.far.receive("INVITE ");
    ASSERT_TRUE(refresh);
    call.far.send(received_invite(*refresh).reply("200 OK", call.far, pcma_sdp(41004, 2)));
    ASSERT_TRUE(call.far.receive("ACK "));
    if (!is_news) break;
    const auto changed = ours.events.expect<ua::acknowledged>();
    ASSERT_TRUE(changed);
    EXPECT_EQ(changed->sdp, pcma_sdp(41004, 2));
    EXPECT_EQ(changed->offer, pcma_sdp(40000));
  }
  call.far.settle();
  EXPECT_TRUE(ours.events.is_empty());
  ours.user_agent.hang_up(call.key, 16, "");
}

// A call of ours that is answered with this session timer.
struct timed_call : call_to_a_wire {
  explicit timed_call(const std::string& terms)
      : call_to_a_wire([](ua::user_agent_options& options) {
          options.session_interval_least = options.session_timer = std::chrono::seconds(2);
        }) {
    const auto text = far.receive("INVITE ");
    if (!text) return;
    far.send(received_invite(*text).answer(
        "200 OK", "a", far, "Allow: INVITE, ACK, BYE, UPDATE\r\nSupported: timer\r\nRequire: timer\r\nSession-Expires: " + terms + "\r\n",
        pcma_sdp(42000)));
    is_up = ours.events.expect<ua::answered>().has_value() && far.receive("ACK ");
  }
  // The BYE is there, and with its answer the call is over.
  void expect_bye() {
    const auto bye = far.receive("BYE ");
    ASSERT_TRUE(bye);
    far.send(received_invite(*bye).reply("200 OK"));
    EXPECT_TRUE(ours.events.expect<ua::ended>());
  }
  bool is_up = false;
};

TEST(Refresh, IsAnUpdateWhereTheFarEndAllowsItAndA481EndsTheCallByBye) {
  timed_call call("2;refresher=uac");
  ASSERT_TRUE(call.is_up);
  for (const std::string status : {"200 OK", "481 Call/Transaction Does Not Exist"}) {
    const auto update = call.far.receive("UPDATE ");
    ASSERT_TRUE(update);
    EXPECT_NE(header_of(*update, "Session-Expires"), "") << *update;
    EXPECT_EQ(header_of(*update, "Content-Length"), "0");
    EXPECT_TRUE(call.ours.events.is_empty());
    call.far.send(received_invite(*update).reply(status));
  }
  call.expect_bye();
}

TEST(Refresh, ThatTheFarEndOwesEndsTheCallByBye) {
  timed_call call("2;refresher=uas");
  ASSERT_TRUE(call.is_up);
  call.expect_bye();
}

TEST(Refresh, ByReInviteThatIsAnsweredBy408Or481EndsTheCallByBye) {
  for (const std::string status : {"408 Request Timeout", "481 Call/Transaction Does Not Exist"}) {
    SCOPED_TRACE(status);
    agent ours([](ua::user_agent_options& options) { options.session_timer = std::chrono::seconds(3); });
    call_by_hand call(ours);
    ASSERT_TRUE(call.is_up);
    for (const std::string& answer : {std::string("488 Not Acceptable Here"), status}) {  // the former changes nothing
      const auto refresh = call.far.receive("INVITE ");
      ASSERT_TRUE(refresh);
      EXPECT_TRUE(ours.events.is_empty());
      call.far.send(received_invite(*refresh).reply(answer));
      ASSERT_TRUE(call.far.receive("ACK "));
    }
    const auto bye = call.far.receive("BYE ");
    ASSERT_TRUE(bye);
    call.far.send(received_invite(*bye).reply("200 OK"));
    EXPECT_TRUE(ours.events.expect<ua::ended>());
  }
}

TEST(Refresh, AFirstInviteThatIsAnsweredBy481HasFailed) {
  call_to_a_wire call;
  const auto text = call.far.receive("INVITE ");
  ASSERT_TRUE(text);
  call.far.send(received_invite(*text).answer("481 Call/Transaction Does Not Exist", "a", call.far));
  EXPECT_TRUE(call.far.receive("ACK "));
  EXPECT_TRUE(call.ours.events.expect<ua::failed>());
  EXPECT_TRUE(call.ours.events.expect<ua::ended>());
}

TEST(Glare, OurReInviteAndTheirsDoNotBothGoThrough) {
  agent ours([](ua::user_agent_options& options) { options.session_timer = std::chrono::seconds(3); });
  call_by_hand call(ours);  // the far end knows no UPDATE and no timer: we refresh, by re-INVITE
  ASSERT_TRUE(call.is_up);
  const auto refresh = call.far.receive("INVITE ");
  ASSERT_TRUE(refresh);
  // Theirs, while ours waits for its answer.
  call.far.send(call.far.request("INVITE", call.tag, 2, {}, pcma_sdp(41002, 2)));
  EXPECT_TRUE(call.far.receive("SIP/2.0 491"));
  call.far.send(call.far.request("ACK", call.tag, 2));
  EXPECT_TRUE(ours.events.is_empty());
  // And ours is refused for the same reason: it comes again.
  call.far.send(received_invite(*refresh).reply("491 Request Pending"));
  EXPECT_TRUE(call.far.receive("ACK "));
  const auto again = call.far.receive("INVITE ");
  ASSERT_TRUE(again);
  EXPECT_NE(header_of(*again, "CSeq"), header_of(*refresh, "CSeq"));
  ours.user_agent.hang_up(call.key, 16, "");
}

}  // namespace
}  // namespace tollgate::tests::sip
