// SPDX-License-Identifier: Apache-2.0
// Calls of sipp, and of a socket that speaks SIP by hand, towards us.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "far_end.hpp"
#include "pstn/sip/offer_answer.hpp"

namespace tollgate::tests::sip {
namespace {

TEST(IncomingCall, IsToldRingsHasEarlyMediaAndIsAnswered) {
  agent ours;
  sipp caller("caller_is_answered", ours.port);
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  EXPECT_EQ(incoming->source_ip, "127.0.0.1");
  EXPECT_EQ(incoming->source_port, caller.port);
  EXPECT_EQ(incoming->transport, "udp");
  EXPECT_EQ(incoming->request_uri, ours.uri("+16505550100") + ";transport=UDP");
  EXPECT_EQ(incoming->to, ours.uri("+16505550100"));
  EXPECT_EQ(incoming->from, "sip:+442079460958@127.0.0.1:" + std::to_string(caller.port));
  EXPECT_EQ(incoming->from_display, "Bob");
  EXPECT_EQ(incoming->p_asserted_identities, std::vector<std::string>{"sip:+442079460000@carrier.example"});
  EXPECT_EQ(incoming->remote_party_id, "sip:+442079461111@carrier.example");
  EXPECT_EQ(incoming->privacy, "id;user");
  EXPECT_EQ(incoming->diversion_count, 2U);
  ASSERT_EQ(incoming->diversions.size(), 2U);
  EXPECT_EQ(incoming->diversions[0].uri, "sip:+16505550111@carrier.example");
  EXPECT_EQ(incoming->diversions[0].reason, "no-answer");
  EXPECT_FALSE(incoming->sip_call_id.empty());

  ua::local_media media;
  media.address = "127.0.0.1";
  media.port = 40000;
  media.codecs = {pstn::media::default_description(pstn::media::codec_id::pcma)};
  const auto answer = ua::answer_offer(incoming->sdp, media);
  ASSERT_TRUE(answer);
  ours.user_agent.send_progress(incoming->key, 180, "");
  ours.user_agent.send_progress(incoming->key, 183, answer->sdp);
  ours.user_agent.answer(incoming->key, answer->sdp);
  EXPECT_TRUE(ours.events.expect<ua::acknowledged>());
  ours.user_agent.hang_up(incoming->key, 16, "Normal call clearing");
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(caller.succeeds());
  EXPECT_TRUE(ours.events.is_empty());
}

TEST(IncomingCall, PrivacyOfItsHistoryIsKeptToInAnySpelling) {
  agent ours;
  wire far(ours.port);
  std::string invite = far.request("INVITE", {}, 1, {}, pcma_sdp(41000));
  const std::string_view hops = "Max-Forwards: 70\r\n";
  const std::size_t at = invite.find(hops);
  ASSERT_NE(at, std::string::npos);
  invite.insert(at + hops.size(), "Privacy: History\r\nDiversion: <sip:+16505550111@carrier.example>;reason=no-answer\r\n");
  far.send(invite);
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  ASSERT_EQ(incoming->diversions.size(), 1U);
  EXPECT_TRUE(incoming->diversions[0].withheld);
  ours.user_agent.reject(incoming->key, 486, "Busy Here", 17);
}

TEST(IncomingCall, ComesOverTcp) {
  agent ours;
  sipp caller("caller_hangs_up", ours.port, "t1");
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  EXPECT_EQ(incoming->transport, "tcp");
  EXPECT_EQ(incoming->source_ip, "127.0.0.1");
  ours.user_agent.answer(incoming->key, pcma_sdp(40000));
  EXPECT_TRUE(ours.events.expect<ua::acknowledged>());
  EXPECT_TRUE(ours.events.expect<ua::bye_received>());
  ours.user_agent.confirm_bye(incoming->key);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(caller.succeeds());
}

TEST(IncomingCall, HungUpByTheCallerTellsTheCause) {
  agent ours;
  sipp caller("caller_hangs_up", ours.port);
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  ours.user_agent.send_progress(incoming->key, 180, "");
  ours.user_agent.answer(incoming->key, pcma_sdp(40000));
  EXPECT_TRUE(ours.events.expect<ua::acknowledged>());
  const auto bye = ours.events.expect<ua::bye_received>();
  ASSERT_TRUE(bye);
  EXPECT_EQ(bye->q850, 16);
  EXPECT_EQ(bye->reason, "Normal call clearing");
  ours.user_agent.confirm_bye(incoming->key);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(caller.succeeds());
}

TEST(IncomingCall, RefusalCarriesStatusAndCause) {
  agent ours;
  sipp caller("caller_is_refused", ours.port);
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  ours.user_agent.reject(incoming->key, 404, "Not Found", 1);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(caller.succeeds());
}

TEST(IncomingCall, CancelEndsItAndALateAnswerIsNothing) {
  agent ours;
  sipp caller("caller_cancels", ours.port);
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  ours.user_agent.send_progress(incoming->key, 180, "");
  const auto cancelled = ours.events.expect<ua::cancelled>();
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->q850, 16);
  ours.user_agent.answer(incoming->key, pcma_sdp(40000));
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(caller.succeeds());
  EXPECT_TRUE(ours.events.is_empty());
}

TEST(IncomingCall, ProgressIsReliableWhereTheCallerRequiresIt) {
  agent ours;
  sipp caller("caller_requires_100rel", ours.port);
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  ours.user_agent.send_progress(incoming->key, 183, pcma_sdp(40000));
  ours.user_agent.answer(incoming->key, pcma_sdp(40000));
  EXPECT_TRUE(ours.events.expect<ua::acknowledged>());
  EXPECT_TRUE(ours.events.expect<ua::bye_received>());
  ours.user_agent.confirm_bye(incoming->key);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(caller.succeeds());
}

// A caller that wants reliable provisional answers, up to our first one.
struct reliable_caller {
  reliable_caller(agent& ours, const std::string& offer) : far(ours.port) {
    far.send(far.request("INVITE", {}, 1, "Require: 100rel\r\n", offer));
    const auto incoming = ours.events.expect<ua::incoming_invite>();
    if (!incoming) return;
    key = incoming->key;
    ours.user_agent.send_progress(key, 183, pcma_sdp(40000));
    const auto progress = far.receive("SIP/2.0 183");
    if (!progress) return;
    tag = to_tag_of(*progress);
    const std::size_t at = progress->find("RSeq: ");
    if (at == std::string::npos) return;
    rack = "RAck: " + progress->substr(at + 6, progress->find('\r', at) - at - 6) + " 1 INVITE\r\n";
  }
  void prack(const std::string& sdp) { far.send(far.request("PRACK", tag, 2, rack, sdp)); }

  wire far;
  ua::call_key key;
  std::string tag, rack;
};

TEST(IncomingCall, AnOfferInPrackIsAnswered) {
  agent ours;
  reliable_caller caller(ours, pcma_sdp(41000));
  ASSERT_FALSE(caller.rack.empty());
  caller.prack(pcma_sdp(41002, 2));
  const auto offer = ours.events.expect<ua::reinvite>();
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->sdp, pcma_sdp(41002, 2));
  ours.user_agent.answer_reinvite(caller.key, pcma_sdp(40002, 2));
  const auto pracked = caller.far.receive("SIP/2.0 200");
  ASSERT_TRUE(pracked);
  EXPECT_TRUE(pracked->ends_with(pcma_sdp(40002, 2))) << *pracked;
  ours.user_agent.answer(caller.key, pcma_sdp(40002, 2));
  ASSERT_TRUE(caller.far.receive("SIP/2.0 200"));
  caller.far.send(caller.far.request("ACK", caller.tag, 1));
  EXPECT_TRUE(ours.events.expect<ua::acknowledged>());
  ours.user_agent.hang_up(caller.key, 16, "");
}

TEST(IncomingCall, AnOfferInPrackThatCannotBeTakenLosesItsMediumOnly) {
  agent ours;
  reliable_caller caller(ours, pcma_sdp(41000));
  ASSERT_FALSE(caller.rack.empty());
  caller.prack(pcma_sdp(41002, 2));
  ASSERT_TRUE(ours.events.expect<ua::reinvite>());
  ours.user_agent.answer_reinvite(caller.key, "");
  const auto pracked = caller.far.receive("SIP/2.0 200");
  ASSERT_TRUE(pracked);
  EXPECT_NE(pracked->find("m=audio 0 RTP/AVP"), std::string::npos) << *pracked;
  ours.user_agent.reject(caller.key, 488, "", 65);
  EXPECT_TRUE(caller.far.receive("SIP/2.0 488"));
}

TEST(IncomingCall, PrackBringsTheAnswerToAnOfferOfOurs) {
  agent ours;
  reliable_caller caller(ours, {});
  ASSERT_FALSE(caller.rack.empty());
  caller.prack(pcma_sdp(41000));
  ASSERT_TRUE(caller.far.receive("SIP/2.0 200"));
  ours.user_agent.answer(caller.key, "");
  ASSERT_TRUE(caller.far.receive("SIP/2.0 200"));
  caller.far.send(caller.far.request("ACK", caller.tag, 1));
  const auto acknowledged = ours.events.expect<ua::acknowledged>();
  ASSERT_TRUE(acknowledged);
  EXPECT_EQ(acknowledged->sdp, pcma_sdp(41000));
  ours.user_agent.hang_up(caller.key, 16, "");
}

TEST(IncomingCall, IsOverWhenItsInvitationHasExpired) {
  agent ours;
  wire far(ours.port);
  far.send(far.request("INVITE", {}, 1, "Expires: 1\r\n", pcma_sdp(41000)));
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  ours.user_agent.send_progress(incoming->key, 180, "");
  EXPECT_TRUE(far.receive("SIP/2.0 487"));
  EXPECT_TRUE(ours.events.expect<ua::cancelled>());
  EXPECT_TRUE(ours.events.expect<ua::ended>());
}

TEST(IncomingCall, WithoutAnOfferIsOfferedAndItsAcknowledgementBringsTheAnswer) {
  agent ours;
  sipp caller("caller_offers_late", ours.port);
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  EXPECT_EQ(incoming->sdp, "");
  ours.user_agent.answer(incoming->key, pcma_sdp(40000));
  const auto acknowledged = ours.events.expect<ua::acknowledged>();
  ASSERT_TRUE(acknowledged);
  EXPECT_TRUE(ua::accept_answer(pcma_sdp(40000), acknowledged->sdp));
  ours.user_agent.hang_up(incoming->key, 16, "");
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(caller.succeeds());
}

TEST(IncomingCall, ByeIsAnsweredOnlyAfterItsConfirmation) {
  agent ours;
  call_by_hand call(ours);
  ASSERT_TRUE(call.is_up);
  const std::string bye = call.far.request("BYE", call.tag, 2);
  call.far.send(bye);
  ASSERT_TRUE(ours.events.expect<ua::bye_received>());
  call.far.send(bye);  // a retransmission changes nothing
  for (const std::string& one : call.far.settle())
    EXPECT_EQ(one.find("SIP/2.0 200"), std::string::npos) << one;
  ours.user_agent.confirm_bye(call.key);
  EXPECT_TRUE(call.far.receive("SIP/2.0 200"));
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  call.far.settle();
  EXPECT_TRUE(ours.events.is_empty());
}

TEST(IncomingCall, CommandsAfterTheEndAreNothing) {
  agent ours;
  call_by_hand call(ours);
  ASSERT_TRUE(call.is_up);
  call.far.send(call.far.request("BYE", call.tag, 2));
  ASSERT_TRUE(ours.events.expect<ua::bye_received>());
  ours.user_agent.hang_up(call.key, 16, "");  // stands for the confirmation
  ASSERT_TRUE(ours.events.expect<ua::ended>());
  ours.user_agent.confirm_bye(call.key);
  ours.user_agent.hang_up(call.key, 16, "");
  ours.user_agent.answer(call.key, pcma_sdp(40000));
  ours.user_agent.answer_reinvite(call.key, pcma_sdp(40000));
  ours.user_agent.send_info_dtmf(call.key, '1', std::chrono::milliseconds(100));
  call.far.settle();
  EXPECT_TRUE(ours.events.is_empty());
}

TEST(IncomingCall, ByesThatCrossEndBothWays) {
  agent ours;
  call_by_hand call(ours);
  ASSERT_TRUE(call.is_up);
  ours.user_agent.hang_up(call.key, 16, "");
  ASSERT_TRUE(call.far.receive("BYE "));
  call.far.send(call.far.request("BYE", call.tag, 2));
  EXPECT_TRUE(call.far.receive("SIP/2.0 200"));
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(ours.events.is_empty());
}

TEST(IncomingCall, ARetransmittedInviteIsOneCall) {
  agent ours;
  wire far(ours.port);
  const std::string invite = far.request("INVITE", {}, 1, {}, pcma_sdp(41000));
  far.send(invite);
  far.send(invite);
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  far.send(invite);
  far.settle();
  EXPECT_TRUE(ours.events.is_empty());
  ours.user_agent.reject(incoming->key, 486, "Busy Here", 17);
  EXPECT_TRUE(far.receive("SIP/2.0 486"));
  EXPECT_TRUE(ours.events.expect<ua::ended>());
}

TEST(IncomingCall, OfAStrangerIsForbiddenWithoutAnEvent) {
  agent ours;
  ours.user_agent.set_admission([](const ua::source_address& source, std::string_view) {
    return ua::admission{source.ip == "192.0.2.1"};
  });
  wire far(ours.port);
  far.send(far.request("INVITE", {}, 1, {}, pcma_sdp(41000)));
  EXPECT_TRUE(far.receive("SIP/2.0 403"));
  EXPECT_TRUE(ours.events.is_empty());
}

TEST(IncomingCall, IsRefusedWhileDrainingAndLiveOnesGoOn) {
  agent ours;
  call_by_hand live(ours);
  ASSERT_TRUE(live.is_up);
  ours.user_agent.set_draining(true);
  wire far(ours.port);
  far.send(far.request("INVITE", {}, 1, {}, pcma_sdp(41000)));
  const auto refusal = far.receive("SIP/2.0 503");
  ASSERT_TRUE(refusal);
  EXPECT_NE(refusal->find("Retry-After:"), std::string::npos);
  EXPECT_TRUE(ours.events.is_empty());
  ours.user_agent.hang_up(live.key, 16, "");
  EXPECT_TRUE(live.far.receive("BYE "));
}

TEST(IncomingCall, BeyondTheMostIsRefused) {
  agent ours([](ua::user_agent_options& options) { options.most_calls = 1; });
  call_by_hand live(ours);
  ASSERT_TRUE(live.is_up);
  wire far(ours.port);
  far.send(far.request("INVITE", {}, 1, {}, pcma_sdp(41000)));
  EXPECT_TRUE(far.receive("SIP/2.0 503"));
}

TEST(IncomingCall, AnUnansweredOfferInTheDialogCanBeRefused) {
  agent ours;
  call_by_hand call(ours);
  ASSERT_TRUE(call.is_up);
  call.far.send(call.far.request("INVITE", call.tag, 2, {}, pcma_sdp(41002, 2)));
  const auto offer = ours.events.expect<ua::reinvite>();
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->sdp, pcma_sdp(41002, 2));
  ours.user_agent.answer_reinvite(call.key, "");
  EXPECT_TRUE(call.far.receive("SIP/2.0 488"));
}

// RFC 3261 §14.2: our offer is in the 200, the far end's answer in the ACK.
TEST(IncomingCall, RequestForAnOfferInTheDialogIsTold) {
  agent ours;
  call_by_hand call(ours);
  ASSERT_TRUE(call.is_up);
  call.far.send(call.far.request("INVITE", call.tag, 2));
  const auto request = ours.events.expect<ua::reinvite>();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->sdp, "");
  ours.user_agent.answer_reinvite(call.key, pcma_sdp(40000, 2));
  const auto ok = call.far.receive("SIP/2.0 200");
  ASSERT_TRUE(ok);
  EXPECT_NE(ok->find(pcma_sdp(40000, 2)), std::string::npos);
  call.far.send(call.far.request("ACK", call.tag, 2, {}, pcma_sdp(41002, 2)));
  const auto answer = ours.events.expect<ua::acknowledged>();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->sdp, pcma_sdp(41002, 2));
}

constexpr std::string_view digits = "1234567890*#ABCD1122334455667788";

// One datagram in ten is lost, each way, and sent again: no digit is lost, doubled or out of its place.
TEST(Info, DigitsOfTheFarEndComeOnceThoughDatagramsGetLost) {
  agent ours;
  call_by_hand call(ours);
  ASSERT_TRUE(call.is_up);
  std::mt19937 random(7);
  const auto lost = [&random] { return random() % 10 == 0; };
  int sequence = 1, repeated = 0;
  for (const char digit : digits) {
    std::string info = call.far.request("INFO", call.tag, ++sequence, {},
                                        std::string("Signal=") + digit + "\r\nDuration=100\r\n");
    const std::string_view type = "application/sdp";
    info.replace(info.find(type), type.size(), "application/dtmf-relay");
    for (bool answered = false; !answered; ++repeated) {
      if (lost()) continue;
      call.far.send(info);
      const auto answer = call.far.receive("SIP/2.0 200");
      ASSERT_TRUE(answer);
      answered = !lost();
    }
  }
  EXPECT_GT(repeated, static_cast<int>(digits.size()) + 2);
  for (const char digit : digits) {
    const auto told = ours.events.expect<ua::info_dtmf>();
    ASSERT_TRUE(told);
    EXPECT_EQ(told->digit, digit);
  }
  call.far.settle();
  EXPECT_TRUE(ours.events.is_empty());
}

TEST(Info, OurDigitsGoOutOnceThoughDatagramsGetLost) {
  agent ours;
  call_by_hand call(ours);
  ASSERT_TRUE(call.is_up);
  for (const char digit : digits)
    ours.user_agent.send_info_dtmf(call.key, digit, std::chrono::milliseconds(100));
  std::mt19937 random(8);
  std::string heard;
  std::vector<std::string> known;  // sequence numbers: what comes again has that of before
  int datagrams = 0;
  while (heard.size() < digits.size()) {
    const auto info = call.far.receive("INFO ");
    ASSERT_TRUE(info);
    ++datagrams;
    if (random() % 10 == 0) continue;  // lost on the way
    const auto header = [&](std::string_view name) {
      const auto begin = info->find(name) + name.size();
      return info->substr(begin, info->find("\r\n", begin) - begin);
    };
    const std::string number = header("CSeq: ");
    if (std::find(known.begin(), known.end(), number) == known.end()) {
      known.push_back(number);
      heard += header("Signal=");
    }
    if (random() % 10 == 0) continue;  // its answer is lost
    call.far.send("SIP/2.0 200 OK\r\nVia: " + header("Via: ") + "\r\nFrom: " + header("From: ") +
                  "\r\nTo: " + header("To: ") + "\r\nCall-ID: " + header("Call-ID: ") +
                  "\r\nCSeq: " + number + "\r\nContent-Length: 0\r\n\r\n");
  }
  EXPECT_EQ(heard, digits);
  EXPECT_GT(datagrams, static_cast<int>(digits.size()) + 2);
}

TEST(Stop, HangsUpEveryCallAndTellsTheirEnd) {
  agent ours;
  call_by_hand live(ours);
  ASSERT_TRUE(live.is_up);
  wire ringing(ours.port);
  ringing.send(ringing.request("INVITE", {}, 1, {}, pcma_sdp(41000)));
  ASSERT_TRUE(ours.events.expect<ua::incoming_invite>());
  ours.user_agent.stop();  // the live call's far end never answers the BYE
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(ours.events.is_empty());
  EXPECT_TRUE(live.far.receive("BYE "));
  EXPECT_TRUE(ringing.receive("SIP/2.0 503"));
  ours.user_agent.hang_up(live.key, 16, "");
}

TEST(Start, APortThatIsTakenThrows) {
  agent first;
  EXPECT_THROW(agent([&](ua::user_agent_options& options) { options.port = first.port; }),
               std::runtime_error);
}

TEST(MalformedMessages, EndNothing) {
  agent ours;
  call_by_hand live(ours);
  ASSERT_TRUE(live.is_up);
  wire far(ours.port);
  const std::string invite = far.request("INVITE", {}, 1, {}, pcma_sdp(41000));
  for (std::size_t length = 0; length < invite.size(); length += 7)
    far.send(std::string_view(invite).substr(0, length));
  const std::string nulls(64, '\0');
  for (const std::string& text :
       {std::string("\r\n\r\n"), nulls, std::string(60000, 'A'),
        "INVITE sip:x SIP/2.0\r\n" + std::string(50000, 'h') + ": 1\r\n\r\n",
        far.request("INVITE", {}, -1, "Content-Length: 99999\r\n", "v=0"),
        far.request("INVITE", "nobody", 1, {}, "v=0"), far.request("BYE", "nobody", 2),
        far.request("PRACK", {}, 2), far.request("CANCEL", {}, 2),
        far.request("REFER", {}, 3, "Refer-To: <sip:x@y>\r\n"),
        far.request("SUBSCRIBE", {}, 4, "Event: dialog\r\n"), far.request("INFO", {}, 5),
        far.request("UPDATE", {}, 6, {}, "v=0"), far.request("REGISTER", {}, 7),
        far.request("MESSAGE", {}, 8), std::string("SIP/2.0 200 OK\r\n\r\n")}) {
    far.send(text);
  }
  far.settle();
  while (!ours.events.is_empty()) {  // a shortened INVITE may be a good one; nothing else may come of it
    EXPECT_TRUE(ours.events.expect<ua::incoming_invite>());
  }
  live.far.send(live.far.request("BYE", live.tag, 2));
  EXPECT_TRUE(ours.events.expect<ua::bye_received>());
  ours.user_agent.confirm_bye(live.key);
  EXPECT_TRUE(live.far.receive("SIP/2.0 200"));
}

}  // namespace
}  // namespace tollgate::tests::sip
