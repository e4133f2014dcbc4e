// SPDX-License-Identifier: Apache-2.0
// Calls of ours towards sipp as the carrier.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <ostream>
#include <string>
#include <thread>

#include "far_end.hpp"
#include "pstn/sip/offer_answer.hpp"

namespace tollgate::tests::sip {
namespace {

using namespace std::chrono_literals;

constexpr int normal_clearing = 16;  // ITU-T Q.850

ua::call_key call_out(agent& ours, const sipp& theirs, const std::string& transport = "udp") {
  const ua::call_key key = ours.user_agent.next_call_key();
  ours.user_agent.send_invite(key, invite_to(theirs.port, transport));
  return key;
}

/// Answered, hung up by us, ended: the rest of a call that has nothing else to show.
void expect_answer_and_hang_up(agent& ours, ua::call_key key) {
  const auto answered = ours.events.expect<ua::answered>();
  ASSERT_TRUE(answered);
  EXPECT_TRUE(ua::accept_answer(pcma_sdp(40000), answered->sdp));
  ours.user_agent.hang_up(key, normal_clearing, "Normal call clearing");
  EXPECT_TRUE(ours.events.expect<ua::ended>());
}

TEST(OutgoingCall, TellsProgressEarlyMediaAndAnswerAndHangsUpWithCause) {
  sipp carrier("called_answers", 0);
  agent ours;
  const auto key = call_out(ours, carrier);
  const auto ringing = ours.events.expect<ua::provisional>();
  ASSERT_TRUE(ringing);
  EXPECT_EQ(ringing->status, 180);
  EXPECT_EQ(ringing->sdp, "");
  const auto progress = ours.events.expect<ua::provisional>();
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->status, 183);
  EXPECT_TRUE(ua::accept_answer(pcma_sdp(40000), progress->sdp));
  const auto answered = ours.events.expect<ua::answered>();
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->key, key);
  EXPECT_EQ(answered->contact, "sip:127.0.0.1:" + std::to_string(carrier.port) + ";transport=UDP");
  ours.user_agent.hang_up(key, normal_clearing, "Normal call clearing");
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(carrier.succeeds());
  EXPECT_TRUE(ours.events.is_empty());
}

TEST(OutgoingCall, GoesOverTcp) {
  sipp carrier("called_answers", 0, "t1");
  agent ours;
  const auto key = call_out(ours, carrier, "tcp");
  EXPECT_TRUE(ours.events.expect<ua::provisional>());
  EXPECT_TRUE(ours.events.expect<ua::provisional>());
  expect_answer_and_hang_up(ours, key);
  EXPECT_TRUE(carrier.succeeds());
}

TEST(OutgoingCall, FollowsTheRouteAndNotTheRequestUri) {
  sipp carrier("called_answers", 0);
  agent ours;
  auto request = invite_to(9);
  request.request_uri = "sip:+442079460958@carrier.invalid";
  request.route = "sip:127.0.0.1:" + std::to_string(carrier.port) + ";transport=udp";
  const auto key = ours.user_agent.next_call_key();
  ours.user_agent.send_invite(key, request);
  EXPECT_TRUE(ours.events.expect<ua::provisional>());
  EXPECT_TRUE(ours.events.expect<ua::provisional>());
  expect_answer_and_hang_up(ours, key);
  EXPECT_TRUE(carrier.succeeds());
}

TEST(OutgoingCall, HungUpByTheFarEndTellsTheCause) {
  sipp carrier("called_hangs_up", 0);
  agent ours;
  const auto key = call_out(ours, carrier);
  EXPECT_TRUE(ours.events.expect<ua::provisional>());
  EXPECT_TRUE(ours.events.expect<ua::answered>());
  const auto bye = ours.events.expect<ua::bye_received>();
  ASSERT_TRUE(bye);
  EXPECT_EQ(bye->q850, 31);
  EXPECT_EQ(bye->reason, "Normal, unspecified");
  ours.user_agent.confirm_bye(key);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(carrier.succeeds());
}

TEST(OutgoingCall, AnUnconfirmedByeIsAnsweredByItself) {
  sipp carrier("called_hangs_up", 0);
  agent ours([](ua::user_agent_options& options) { options.bye_confirmation = std::chrono::seconds(1); });
  call_out(ours, carrier);
  EXPECT_TRUE(ours.events.expect<ua::provisional>());
  EXPECT_TRUE(ours.events.expect<ua::answered>());
  EXPECT_TRUE(ours.events.expect<ua::bye_received>());
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(carrier.succeeds());
}

TEST(OutgoingCall, BusyTellsStatusAndCause) {
  sipp carrier("called_is_busy", 0);
  agent ours;
  call_out(ours, carrier);
  EXPECT_TRUE(ours.events.expect<ua::provisional>());
  const auto failed = ours.events.expect<ua::failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->status, 486);
  EXPECT_EQ(failed->phrase, "Busy Here");
  EXPECT_EQ(failed->q850, 17);
  EXPECT_EQ(failed->reason, "User busy");
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(carrier.succeeds());
}

TEST(OutgoingCall, RetryAfterIsToldAndNotWaitedFor) {
  sipp carrier("called_is_overloaded", 0);
  agent ours;
  call_out(ours, carrier);
  const auto failed = ours.events.expect<ua::failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->status, 503);
  EXPECT_EQ(failed->retry_after, std::chrono::seconds(7));
  EXPECT_TRUE(failed->heard);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
}

TEST(OutgoingCall, ARedirectionIsNotFollowed) {
  sipp carrier("called_redirects", 0);
  agent ours;
  call_out(ours, carrier);
  const auto failed = ours.events.expect<ua::failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->status, 302);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(carrier.succeeds());
}

TEST(OutgoingCall, SilenceFailsInBoundedTime) {
  sipp carrier("called_is_silent", 0);
  agent ours([](ua::user_agent_options& options) { options.provisional_timeout = 300ms; });
  call_out(ours, carrier);
  const auto failed = ours.events.expect<ua::failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->status, 408);
  EXPECT_EQ(failed->phrase, "No Response");
  EXPECT_FALSE(failed->heard);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
}

TEST(OutgoingCall, HungUpBeforeAnyAnswerEndsInBoundedTime) {
  sipp carrier("called_is_silent", 0);
  agent ours([](ua::user_agent_options& options) { options.farewell_timeout = 300ms; });
  const auto key = call_out(ours, carrier);
  ours.user_agent.hang_up(key, normal_clearing, "");
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(ours.events.is_empty());
}

class OutgoingCallToNobody : public testing::TestWithParam<std::string> {};

TEST_P(OutgoingCallToNobody, FailsInBoundedTime) {
  agent ours([](ua::user_agent_options& options) { options.provisional_timeout = 1000ms; });
  ours.user_agent.send_invite(ours.user_agent.next_call_key(), invite_to(free_port(), GetParam()));
  const auto failed = ours.events.expect<ua::failed>();
  ASSERT_TRUE(failed);
  EXPECT_TRUE(failed->status == 503 || failed->status == 408) << failed->status;
  EXPECT_FALSE(failed->heard) << "nobody has said that";
  EXPECT_TRUE(ours.events.expect<ua::ended>());
}

INSTANTIATE_TEST_SUITE_P(Transports, OutgoingCallToNobody, testing::Values("udp", "tcp", "tls"),
                         [](const auto& which) { return which.param; });

TEST(OutgoingCall, CancelEndsARingingCall) {
  sipp carrier("called_is_cancelled", 0);
  agent ours;
  const auto key = call_out(ours, carrier);
  EXPECT_TRUE(ours.events.expect<ua::provisional>());
  ours.user_agent.hang_up(key, normal_clearing, "");
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(carrier.succeeds());
}

TEST(OutgoingCall, AnAnswerThatCrossesTheCancelIsAcknowledgedAndEnded) {
  sipp carrier("called_answers_across_cancel", 0);
  agent ours;
  const auto key = call_out(ours, carrier);
  EXPECT_TRUE(ours.events.expect<ua::provisional>());
  ours.user_agent.hang_up(key, normal_clearing, "");
  EXPECT_TRUE(ours.events.expect<ua::answered>()) << "the carrier will charge it";
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(carrier.succeeds());
  EXPECT_TRUE(ours.events.is_empty());
}

TEST(OutgoingCall, ReliableProgressIsAcknowledgedAndItsAnswerHolds) {
  sipp carrier("called_wants_prack", 0);
  agent ours;
  const auto key = call_out(ours, carrier);
  const auto progress = ours.events.expect<ua::provisional>();
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->status, 183);
  const auto answered = ours.events.expect<ua::answered>();
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->sdp, progress->sdp);
  ours.user_agent.hang_up(key, normal_clearing, "");
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(carrier.succeeds());
}

TEST(OutgoingCall, OffersInTheDialogAreAnsweredAndRefreshesAreNotTold) {
  sipp carrier("called_offers_again", 0);
  agent ours;
  const auto key = call_out(ours, carrier);
  EXPECT_TRUE(ours.events.expect<ua::answered>());
  const auto offer = ours.events.expect<ua::reinvite>();
  ASSERT_TRUE(offer);
  ua::local_media moved;
  moved.address = "127.0.0.1";
  moved.port = 40002;
  moved.codecs = {pstn::media::default_description(pstn::media::codec_id::pcma)};
  const auto answer = ua::answer_offer(offer->sdp, moved);
  ASSERT_TRUE(answer);
  ours.user_agent.answer_reinvite(key, answer->sdp);
  const auto digit = ours.events.expect<ua::info_dtmf>();
  ASSERT_TRUE(digit);
  EXPECT_EQ(digit->digit, '5');
  EXPECT_EQ(digit->duration, 120ms);
  ours.user_agent.hang_up(key, normal_clearing, "");
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  EXPECT_TRUE(carrier.succeeds());
}

class Digest : public testing::TestWithParam<std::string> {};

TEST_P(Digest, ChallengeIsAnswered) {
  sipp carrier(GetParam(), 0);
  agent ours;
  auto request = invite_to(carrier.port);
  request.credentials = ua::digest_credentials{"carrier.example", "trunk7", "se:cret"};
  const auto key = ours.user_agent.next_call_key();
  ours.user_agent.send_invite(key, request);
  expect_answer_and_hang_up(ours, key);
  EXPECT_TRUE(carrier.succeeds());
}

INSTANTIATE_TEST_SUITE_P(Algorithms, Digest,
                         testing::Values("called_challenges", "called_challenges_by_sha_256"),
                         [](const auto& which) { return which.param; });

struct credentials_row {
  std::string name;
  std::string scenario;
  std::optional<ua::digest_credentials> credentials;
  int status;

  friend void PrintTo(const credentials_row& one, std::ostream* out) { *out << one.name; }
};

class DigestRefusal : public testing::TestWithParam<credentials_row> {};

TEST_P(DigestRefusal, EndsAfterAFewRounds) {
  sipp carrier(GetParam().scenario, 0);
  agent ours;
  auto request = invite_to(carrier.port);
  request.credentials = GetParam().credentials;
  ours.user_agent.send_invite(ours.user_agent.next_call_key(), request);
  const auto failed = ours.events.expect<ua::failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->status, GetParam().status);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
}

INSTANTIATE_TEST_SUITE_P(
    Rows, DigestRefusal,
    testing::Values(credentials_row{"NoCredentials", "called_challenges", std::nullopt, 401},
                    credentials_row{"AnotherRealm", "called_challenges",
                                    ua::digest_credentials{"elsewhere", "trunk7", "se:cret"}, 401},
                    credentials_row{"WrongPassword", "called_challenges",
                                    ua::digest_credentials{"", "trunk7", "guess"}, 403},
                    credentials_row{"StaleForEver", "called_refuses_every_password",
                                    ua::digest_credentials{"", "trunk7", "x"}, 401}),
    [](const auto& which) { return which.param.name; });

std::string challenge_of(const std::string& request, const std::string& realm) {
  std::string out = "SIP/2.0 407 Proxy Authentication Required\r\n";
  for (const char* name : {"Via", "From", "Call-ID", "CSeq"}) {
    const std::size_t at = request.find("\r\n" + std::string(name) + ": ");
    if (at == std::string::npos) return {};
    out += request.substr(at + 2, request.find("\r\n", at + 2) - at);
  }
  const std::size_t to = request.find("\r\nTo: ");
  out += request.substr(to + 2, request.find("\r\n", to + 2) - to - 2) + ";tag=" + realm + "\r\n";
  return out + "Proxy-Authenticate: Digest realm=\"" + realm + "\", nonce=\"" + realm +
         "\", algorithm=MD5, qop=\"auth\"\r\nContent-Length: 0\r\n\r\n";
}

// RFC 3261 §22.3: two proxies on the way, each with a realm of its own.
TEST(OutgoingCall, TwoProxiesOfOneAccountAreAnsweredAndAThirdIsNot) {
  agent ours;
  wire carrier(ours.port);
  auto request = invite_to(carrier.port);
  request.credentials = ua::digest_credentials{"", "trunk7", "se:cret"};
  ours.user_agent.send_invite(ours.user_agent.next_call_key(), request);
  for (const std::string realm : {"first.example", "second.example", "third.example"}) {
    const auto invite = carrier.receive("INVITE ");
    ASSERT_TRUE(invite) << realm;
    EXPECT_EQ(invite->find("realm=\"first.example\"") != std::string::npos, realm != "first.example");
    EXPECT_EQ(invite->find("realm=\"second.example\"") != std::string::npos, realm == "third.example");
    carrier.send(challenge_of(*invite, realm));
  }
  const auto failed = ours.events.expect<ua::failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->status, 407);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
}

TEST(OutgoingCall, AProxyOfAForeignRealmBehindOursGetsNoAnswer) {
  agent ours;
  wire carrier(ours.port);
  auto request = invite_to(carrier.port);
  request.credentials = ua::digest_credentials{"first.example", "trunk7", "se:cret"};
  ours.user_agent.send_invite(ours.user_agent.next_call_key(), request);
  for (const std::string realm : {"first.example", "stranger.example"}) {
    const auto invite = carrier.receive("INVITE ");
    ASSERT_TRUE(invite) << realm;
    EXPECT_EQ(invite->find("realm=\"first.example\"") != std::string::npos, realm == "stranger.example");
    carrier.send(challenge_of(*invite, realm));
  }
  const auto failed = ours.events.expect<ua::failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->status, 407);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  for (const std::string& late : carrier.settle())
    EXPECT_FALSE(late.starts_with("INVITE ") && late.find("stranger.example") != std::string::npos) << late;
}

TEST(OutgoingCall, ItsHopsAreCounted) {
  agent ours;
  wire carrier(ours.port);
  auto request = invite_to(carrier.port);
  request.max_forwards = 41;
  ours.user_agent.send_invite(ours.user_agent.next_call_key(), request);
  const auto invite = carrier.receive("INVITE ");
  ASSERT_TRUE(invite);
  EXPECT_NE(invite->find("\r\nMax-Forwards: 41\r\n"), std::string::npos) << *invite;
  EXPECT_EQ(invite->find("\r\nMax-Forwards: 70"), std::string::npos) << *invite;
}

TEST(OutgoingCall, UnusableUrisFail) {
  agent ours;
  for (const std::string uri : {"", "sip:", "no uri", "sip:a@b>\r\nEvil: 1", "sip:\"a\"@b"}) {
    auto request = invite_to(9);
    request.request_uri = uri;
    ours.user_agent.send_invite(ours.user_agent.next_call_key(), request);
    const auto failed = ours.events.expect<ua::failed>();
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->status, 400) << uri;
    EXPECT_TRUE(ours.events.expect<ua::ended>());
  }
}

TEST(Options, TellsTheFarEndsStatusAndSilence) {
  agent ours([](ua::user_agent_options& options) { options.provisional_timeout = 500ms; });
  agent theirs;
  ours.user_agent.send_options(ours.user_agent.next_call_key(), theirs.uri("ping"));
  auto result = ours.events.expect<ua::options_result>();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);

  theirs.user_agent.set_draining(true);
  ours.user_agent.send_options(ours.user_agent.next_call_key(), theirs.uri("ping"));
  result = ours.events.expect<ua::options_result>();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 503);

  ours.user_agent.send_options(ours.user_agent.next_call_key(),
                               "sip:127.0.0.1:" + std::to_string(free_port()));
  result = ours.events.expect<ua::options_result>();
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->status == 503 || result->status == 408) << result->status;
}

TEST(Responds, TellsAThreadThatIsHeldUpFromOneThatWorks) {
  agent ours;
  EXPECT_TRUE(ours.user_agent.responds(0ms)) << "nothing has been asked yet";
  std::promise<void> held, release;
  std::atomic<bool> asked = false;
  ours.user_agent.set_admission([&](const auto&, auto) {
    if (!asked.exchange(true)) {  // it is asked more than once
      held.set_value();
      release.get_future().wait();
    }
    return ua::admission{};
  });
  agent theirs;
  theirs.user_agent.send_invite(theirs.user_agent.next_call_key(), invite_to(ours.port));
  held.get_future().wait();
  while (ours.user_agent.responds(50ms))
    std::this_thread::sleep_for(1ms);
  release.set_value();
  while (!ours.user_agent.responds(50ms))
    std::this_thread::sleep_for(1ms);
  ours.user_agent.stop();
  while (ours.user_agent.responds(50ms))
    std::this_thread::sleep_for(1ms);
}

}  // namespace
}  // namespace tollgate::tests::sip
