// SPDX-License-Identifier: Apache-2.0
// Flows of RFC 3665 and RFC 3666 that other tests do not have, spoken by hand. Where all of them are:
//   RFC 3665  2.1 to 2.5 Registration.AnswersTheChallenge..., .ARefusalIsTold...
//             3.1 OutgoingCall.TellsProgress..., IncomingCall.IsToldRings...   3.2 here (both ways)
//             3.3 Digest.ChallengeIsAnswered (of one realm: a trunk has one account)
//             3.4 tests/e2e/routing_test.py, proxy_test.py   3.5 (a proxy that stands between all of it) proxy_test.py
//             3.6 OutgoingCall.ARedirectionIsNotFollowed (on purpose); its SDP in the ACK:
//             IncomingCall.WithoutAnOfferIsOffered...   3.7 OutgoingCall.OffersInTheDialog...
//             3.8 OutgoingCall.CancelEndsARingingCall, IncomingCall.CancelEndsIt...   3.9 OutgoingCall.BusyTells...,
//             IncomingCall.RefusalCarries...   3.10 OutgoingCall.SilenceFails...   3.11 tests/e2e/routing_test.py
//   RFC 3666  2.1, 2.3 OutgoingCall.TellsProgressEarlyMedia...   2.2 here   2.4 tests/e2e/trunk_test.py
//             (announcement, then refusal)   2.5 to 2.8, 3.3 to 3.8 tests/unit/pstn/trunk/failure_test.cpp
//             3.1 IncomingCall.IsToldRings...   3.2 here (fast answer)
//             4.1, 4.2 (telephone to telephone) tests/e2e/forwarding_test.py
//   Through a real proxy: tests/e2e/proxy_test.py.
#include <gtest/gtest.h>

#include <string>

#include "far_end.hpp"

namespace tollgate::tests::sip {
namespace {

std::string header_of(const std::string& message, const std::string& name) {
  const std::size_t at = message.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return message.substr(begin, message.find("\r\n", begin) - begin);
}

// All values of a header, in their order, whether in one line or in several.
std::string all_of(const std::string& message, const std::string& name) {
  std::string out;
  for (std::size_t at = 0; (at = message.find("\r\n" + name + ": ", at)) != std::string::npos; ++at) {
    const std::size_t begin = at + name.size() + 4;
    out += (out.empty() ? "" : ",") + message.substr(begin, message.find("\r\n", begin) - begin);
  }
  return out;
}

std::string answer(const std::string& invite, const std::string& status, const wire& by,
                   const std::string& extra = {}, const std::string& sdp = {}) {
  std::string out = "SIP/2.0 " + status + "\r\n";
  for (const char* name : {"Via", "From", "Call-ID", "CSeq"})
    out += std::string(name) + ": " + header_of(invite, name) + "\r\n";
  out += "To: " + header_of(invite, "To") +
         ";tag=far\r\nContact: <sip:far@127.0.0.1:" + std::to_string(by.port) + ">\r\n" + extra;
  if (!sdp.empty()) out += "Content-Type: application/sdp\r\n";
  return out + "Content-Length: " + std::to_string(sdp.size()) + "\r\n\r\n" + sdp;
}

std::string proxies(const wire& at, const char* first, const char* second) {
  const std::string host = "127.0.0.1:" + std::to_string(at.port);
  return "<sip:" + host + ";lr;hop=" + first + ">,<sip:" + host + ";lr;hop=" + second + ">";
}

std::string without_blanks(std::string text) {
  std::erase(text, ' ');
  return text;
}

// RFC 3665 §3.2: what follows goes by the proxies in the order of our side, to the far end's Contact.
TEST(Flow, ACallOutThroughTwoProxiesKeepsToTheirRoute) {
  agent ours;
  wire far(ours.port);
  const auto key = ours.user_agent.next_call_key();
  ours.user_agent.send_invite(key, invite_to(far.port));
  const auto invite = far.receive("INVITE ");
  ASSERT_TRUE(invite);
  const std::string recorded =
      "Record-Route: " + proxies(far, "2", "1") + "\r\n";  // the last proxy's is on top
  far.send(answer(*invite, "180 Ringing", far, recorded));
  far.send(answer(*invite, "200 OK", far, recorded, pcma_sdp(42000)));
  const auto ack = far.receive("ACK ");
  ASSERT_TRUE(ack);
  EXPECT_TRUE(ours.events.expect<ua::provisional>());
  EXPECT_TRUE(ours.events.expect<ua::answered>());
  ours.user_agent.hang_up(key, 16, "");
  const auto bye = far.receive("BYE ");
  ASSERT_TRUE(bye);
  const std::string contact = "sip:far@127.0.0.1:" + std::to_string(far.port);
  for (const std::string& one : {*ack, *bye}) {
    EXPECT_EQ(without_blanks(all_of(one, "Route")), proxies(far, "1", "2"));
    EXPECT_NE(one.substr(0, one.find("\r\n")).find(contact), std::string::npos) << one;
  }
}

TEST(Flow, ACallInThroughTwoProxiesIsEndedByTheirRoute) {
  agent ours;
  wire far(ours.port);
  const std::string recorded = proxies(far, "2", "1");
  far.send(far.request("INVITE", {}, 1, "Record-Route: " + recorded + "\r\n", pcma_sdp(41000)));
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  ours.user_agent.answer(incoming->key, pcma_sdp(40000));
  const auto ok = far.receive("SIP/2.0 200");
  ASSERT_TRUE(ok);
  EXPECT_EQ(without_blanks(all_of(*ok, "Record-Route")), recorded);
  far.send(far.request("ACK", to_tag_of(*ok), 1));
  ASSERT_TRUE(ours.events.expect<ua::acknowledged>());
  ours.user_agent.hang_up(incoming->key, 16, "");
  const auto bye = far.receive("BYE ");
  ASSERT_TRUE(bye);
  EXPECT_EQ(without_blanks(all_of(*bye, "Route")), recorded) << "as they were recorded: nearest first";
  EXPECT_TRUE(bye->starts_with("BYE sip:wire@127.0.0.1:" + std::to_string(far.port)));
}

// RFC 3666 §3.2, seen from the other side: an exchange that answers at once.
TEST(Flow, AnAnswerWithoutAnythingBeforeItIsACall) {
  agent ours;
  wire far(ours.port);
  const auto key = ours.user_agent.next_call_key();
  ours.user_agent.send_invite(key, invite_to(far.port));
  const auto invite = far.receive("INVITE ");
  ASSERT_TRUE(invite);
  far.send(answer(*invite, "200 OK", far, {}, pcma_sdp(42000)));
  EXPECT_TRUE(far.receive("ACK "));
  const auto told = ours.events.expect<ua::answered>();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->sdp, pcma_sdp(42000));
}

// RFC 3666 §2.2: the gateway behind the proxy says 183 without media, then 180, then answers.
TEST(Flow, ProgressWithoutMediaIsToldBeforeTheRinging) {
  agent ours;
  wire far(ours.port);
  const auto key = ours.user_agent.next_call_key();
  ours.user_agent.send_invite(key, invite_to(far.port));
  const auto invite = far.receive("INVITE ");
  ASSERT_TRUE(invite);
  for (const char* status : {"100 Trying", "183 Session Progress", "180 Ringing"})
    far.send(answer(*invite, status, far));
  far.send(answer(*invite, "200 OK", far, {}, pcma_sdp(42000)));
  const auto progress = ours.events.expect<ua::provisional>();
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->status, 183);
  EXPECT_TRUE(progress->sdp.empty());
  const auto ringing = ours.events.expect<ua::provisional>();
  ASSERT_TRUE(ringing);
  EXPECT_EQ(ringing->status, 180);
  EXPECT_TRUE(ours.events.expect<ua::answered>());
}

}  // namespace
}  // namespace tollgate::tests::sip
