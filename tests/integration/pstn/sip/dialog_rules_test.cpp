// SPDX-License-Identifier: Apache-2.0
// What a far end may not do to a call, spoken by hand: transfers, take-overs, unknown extensions, the same
// request by two ways, and requests of those who are no party of the dialog.
#include <gtest/gtest.h>

#include <string>

#include "far_end.hpp"

namespace tollgate::tests::sip {
namespace {

// A header's value in a message, or nothing.
std::string header_of(const std::string& message, const std::string& name) {
  const std::size_t at = message.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return message.substr(begin, message.find("\r\n", begin) - begin);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  if (at == std::string::npos) {
    ADD_FAILURE() << "no " << what;
    return text;
  }
  return text.replace(at, what.size(), by);
}

void expect_alive(agent& ours, call_by_hand& call) {
  EXPECT_TRUE(ours.events.is_empty());
  call.far.send(call.far.request("BYE", call.tag, 50));
  EXPECT_TRUE(ours.events.expect<ua::bye_received>());
  ours.user_agent.confirm_bye(call.key);
  EXPECT_TRUE(call.far.receive("SIP/2.0 200"));
  EXPECT_TRUE(ours.events.expect<ua::ended>());
}

TEST(DialogRules, ATransferIsRefusedAndTheCallGoesOn) {
  agent ours;
  call_by_hand call(ours);
  ASSERT_TRUE(call.is_up);
  call.far.send(call.far.request("REFER", call.tag, 2, "Refer-To: <sip:+19005550100@127.0.0.1>\r\n"));
  const auto refusal = call.far.receive("SIP/2.0 ");
  ASSERT_TRUE(refusal);
  EXPECT_TRUE(refusal->starts_with("SIP/2.0 405")) << *refusal;
  EXPECT_EQ(header_of(*refusal, "Allow").find("REFER"), std::string::npos);
  expect_alive(ours, call);
}

TEST(DialogRules, ACallIsNotTakenOver) {
  agent ours;
  call_by_hand call(ours);
  ASSERT_TRUE(call.is_up);
  wire other(ours.port);
  const auto invite = call.far.request("INVITE", {}, 1);
  const std::string replaces = "Replaces: " + header_of(invite, "Call-ID") + ";to-tag=" + call.tag +
                               ";from-tag=w" + header_of(invite, "Call-ID") + "\r\n";
  other.send(other.request("INVITE", {}, 1, replaces, pcma_sdp(41000)));
  EXPECT_TRUE(other.receive("SIP/2.0 481"));
  other.send(other.request("INVITE", {}, 2, replaces + "Require: replaces\r\n", pcma_sdp(41000)));
  const auto refusal = other.receive("SIP/2.0 420");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(header_of(*refusal, "Unsupported"), "replaces");
  expect_alive(ours, call);
}

TEST(DialogRules, AnUnknownExtensionIsNamedInTheRefusal) {
  agent ours;
  wire far(ours.port);
  far.send(far.request("INVITE", {}, 1, "Require: 100rel, teleportation\r\n", pcma_sdp(41000)));
  const auto refusal = far.receive("SIP/2.0 420");
  ASSERT_TRUE(refusal);
  EXPECT_EQ(header_of(*refusal, "Unsupported"), "teleportation");
  EXPECT_TRUE(ours.events.is_empty());
}

TEST(DialogRules, ACallThatHasMadeAllItsHopsEnds) {
  agent ours;
  wire far(ours.port);
  far.send(
      replaced(far.request("INVITE", {}, 1, {}, pcma_sdp(41000)), "Max-Forwards: 70", "Max-Forwards: 0"));
  EXPECT_TRUE(far.receive("SIP/2.0 483"));
  wire other(ours.port);
  other.send(
      replaced(other.request("INVITE", {}, 1, {}, pcma_sdp(41000)), "Max-Forwards: 70", "Max-Forwards: 7"));
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  EXPECT_EQ(incoming->max_forwards, 7);
  ours.user_agent.reject(incoming->key, 486, "Busy Here", 17);
}

// RFC 3261 §8.2.2.2: a proxy before us forked, and both branches came here.
TEST(DialogRules, TheSameInviteByASecondWayIsALoop) {
  agent ours;
  wire far(ours.port);
  const std::string invite = far.request("INVITE", {}, 1, {}, pcma_sdp(41000));
  far.send(invite);
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  far.send(replaced(invite, ";branch=z9hG4bK", ";branch=z9hG4bKother"));
  EXPECT_TRUE(far.receive("SIP/2.0 482"));
  EXPECT_TRUE(ours.events.is_empty());
  ours.user_agent.reject(incoming->key, 486, "Busy Here", 17);
  EXPECT_TRUE(far.receive("SIP/2.0 486"));
}

TEST(DialogRules, WhoIsNoPartyOfTheDialogChangesNothing) {
  agent ours;
  call_by_hand call(ours);
  ASSERT_TRUE(call.is_up);
  const std::string bye = call.far.request("BYE", call.tag, 3);
  const std::string from_tag = ";tag=w";
  for (const std::string& forged :
       {replaced(bye, from_tag, ";tag=forged"), replaced(bye, ";tag=" + call.tag, ";tag=forged"),
        replaced(bye, "\r\nCall-ID: ", "\r\nCall-ID: forged")}) {
    call.far.send(forged);
    EXPECT_TRUE(call.far.receive("SIP/2.0 481"));
  }
  call.far.send(call.far.request("BYE", call.tag, 0));  // RFC 3261 §12.2.2: lower than that of the INVITE
  EXPECT_TRUE(call.far.receive("SIP/2.0 500"));
  // A CANCEL of nothing, and one of an INVITE that has been answered long ago.
  call.far.send(call.far.request("CANCEL", {}, 1));
  EXPECT_TRUE(call.far.receive("SIP/2.0 481"));
  call.far.send(call.far.request("CANCEL", call.tag, 1));
  EXPECT_TRUE(call.far.receive("SIP/2.0 481"));
  expect_alive(ours, call);
}

TEST(DialogRules, ARefusedOfferIsRefusedAgainAndNotTakenForAgreed) {
  agent ours;
  call_by_hand call(ours);
  ASSERT_TRUE(call.is_up);
  for (const int sequence : {2, 3}) {
    call.far.send(call.far.request("INVITE", call.tag, sequence, {}, pcma_sdp(41008, 2)));
    const auto told = ours.events.expect<ua::reinvite>();
    ASSERT_TRUE(told) << sequence;
    ours.user_agent.answer_reinvite(told->key, "");
    EXPECT_TRUE(call.far.receive("SIP/2.0 488"));
    call.far.send(call.far.request("ACK", call.tag, sequence));
  }
  // What was agreed before still is: a refresh, which nobody needs to hear of.
  call.far.send(call.far.request("INVITE", call.tag, 4, {}, pcma_sdp(41000)));
  EXPECT_TRUE(call.far.receive("SIP/2.0 200"));
  call.far.send(call.far.request("ACK", call.tag, 4));
  call.far.settle();
  EXPECT_TRUE(ours.events.is_empty());
  ours.user_agent.hang_up(call.key, 16, "");
}

// RFC 3261 §15.1.2: the request that still waits is over as well.
TEST(DialogRules, AByeRightBehindAnOfferEndsTheCallAndBothAreAnswered) {
  agent ours;
  call_by_hand call(ours);
  ASSERT_TRUE(call.is_up);
  call.far.send(call.far.request("INVITE", call.tag, 2, {}, pcma_sdp(41008, 2)));
  call.far.send(call.far.request("BYE", call.tag, 3));
  EXPECT_TRUE(ours.events.expect<ua::reinvite>());
  ASSERT_TRUE(ours.events.expect<ua::bye_received>());
  ours.user_agent.confirm_bye(call.key);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  bool invite_ended = false, bye_answered = false;
  while (!invite_ended || !bye_answered) {
    const auto answer = call.far.receive("SIP/2.0 ");
    ASSERT_TRUE(answer) << invite_ended << bye_answered;
    if (answer->find("CSeq: 2 INVITE") != std::string::npos && !answer->starts_with("SIP/2.0 1")) {
      EXPECT_TRUE(answer->starts_with("SIP/2.0 487")) << *answer;
      invite_ended = true;
    }
    if (answer->find("CSeq: 3 BYE") != std::string::npos) {
      EXPECT_TRUE(answer->starts_with("SIP/2.0 200")) << *answer;
      bye_answered = true;
    }
  }
}

TEST(DialogRules, ACallerMayEndItsCallByByeBeforeTheAnswer) {
  agent ours;
  wire far(ours.port);
  far.send(far.request("INVITE", {}, 1, {}, pcma_sdp(41000)));
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  ours.user_agent.send_progress(incoming->key, 180, "");
  const auto ringing = far.receive("SIP/2.0 180");
  ASSERT_TRUE(ringing);
  far.send(far.request("BYE", to_tag_of(*ringing), 2));
  EXPECT_TRUE(ours.events.expect<ua::cancelled>());
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  bool invite_ended = false, bye_answered = false;
  while (!invite_ended || !bye_answered) {
    const auto answer = far.receive("SIP/2.0 ");
    ASSERT_TRUE(answer) << invite_ended << bye_answered;
    invite_ended =
        invite_ended || (answer->starts_with("SIP/2.0 487") && answer->find(" INVITE") != std::string::npos);
    bye_answered =
        bye_answered || (answer->starts_with("SIP/2.0 200") && answer->find(" BYE") != std::string::npos);
  }
}

TEST(DialogRules, ASpoofedCancelStopsNoRinging) {
  agent ours;
  wire far(ours.port), stranger(ours.port);
  const std::string invite = far.request("INVITE", {}, 1, {}, pcma_sdp(41000));
  far.send(invite);
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  ours.user_agent.send_progress(incoming->key, 180, "");
  const auto ringing = far.receive("SIP/2.0 180");
  ASSERT_TRUE(ringing);
  std::string cancel = far.request("CANCEL", {}, 1);
  stranger.send(replaced(cancel, ";branch=z9hG4bK", ";branch=z9hG4bKforged"));
  far.settle();
  EXPECT_TRUE(ours.events.is_empty());
  ours.user_agent.answer(incoming->key, pcma_sdp(40000));
  EXPECT_TRUE(far.receive("SIP/2.0 200"));
}

}  // namespace
}  // namespace tollgate::tests::sip
