// SPDX-License-Identifier: Apache-2.0
// Callers that must show a digest: sipp, and a socket that speaks by hand.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "far_end.hpp"
#include "pstn/sip/digest.hpp"

namespace tollgate::tests::sip {
namespace {

struct asking_agent {
  using adjustment = std::function<void(ua::user_agent_options&)>;
  explicit asking_agent(std::vector<ua::digest_algorithm> offered = {ua::digest_algorithm::sha_256,
                                                                     ua::digest_algorithm::md5},
                        const adjustment& adjust = {})
      : ours([&](ua::user_agent_options& options) {
          options.realm = "gateway.example";
          options.challenge_algorithms = std::move(offered);
          if (adjust) adjust(options);
        }) {
    ours.user_agent.set_admission([](const ua::source_address&, std::string_view user) {
      ua::admission wanted{true, true};
      if (user == "carrier7") wanted.password = "secret";
      return wanted;
    });
  }
  agent ours;
};

std::string parameter(std::string_view message, std::string_view name) {
  const std::size_t at = message.find(std::string(name) + "=\"");
  if (at == std::string_view::npos) return {};
  const std::size_t begin = at + name.size() + 2;
  return std::string(message.substr(begin, message.find('"', begin) - begin));
}

/// The Authorization line of an INVITE, in answer to a 401.
std::string authorization(const agent& ours, std::string_view challenge, const std::string& password,
                          const std::string& number = "+16505550100", const std::string& user = "carrier7") {
  ua::digest_challenge asked;
  asked.realm = parameter(challenge, "realm");
  asked.nonce = parameter(challenge, "nonce");
  asked.algorithm = ua::digest_algorithm::sha_256;
  asked.algorithm_named = true;
  asked.qop_auth = true;
  return "Authorization: " +
         ua::digest_authorization(asked, {"INVITE", ours.uri(number), user, password, "0a4f113b", 1}) +
         "\r\n";
}

TEST(Authentication, ACallerThatKnowsThePasswordIsTold) {
  asking_agent asking({ua::digest_algorithm::md5});  // sipp looks at the first alone, and knows no other
  sipp caller("caller_is_challenged", asking.ours.port);
  const auto incoming = asking.ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  EXPECT_EQ(incoming->authenticated_user, "carrier7");
  asking.ours.user_agent.answer(incoming->key, pcma_sdp(40000));
  EXPECT_TRUE(asking.ours.events.expect<ua::acknowledged>());
  asking.ours.user_agent.hang_up(incoming->key, 16, "");
  EXPECT_TRUE(asking.ours.events.expect<ua::ended>());
  EXPECT_TRUE(caller.succeeds());
}

TEST(Authentication, OthersAreRefusedWithoutAnEvent) {
  asking_agent asking;
  agent& ours = asking.ours;
  const auto answer_to = [&](auto line_of) {
    wire far(ours.port);
    far.send(far.request("INVITE", {}, 1, {}, pcma_sdp(41000)));
    const auto challenge = far.receive("SIP/2.0 401");
    EXPECT_TRUE(challenge);
    if (!challenge) return std::string();
    EXPECT_NE(challenge->find("algorithm=SHA-256"), std::string::npos);
    EXPECT_NE(challenge->find("algorithm=MD5"), std::string::npos);
    far.send(far.request("ACK", to_tag_of(*challenge), 1));
    far.send(far.request("INVITE", {}, 2, line_of(*challenge), pcma_sdp(41000)));
    const auto answer = far.receive("SIP/2.0 4");
    return answer ? answer->substr(0, 11) + (answer->find("stale=true") == std::string::npos ? "" : " stale")
                  : std::string();
  };
  using text = const std::string&;
  EXPECT_EQ(answer_to([&](text asked) { return authorization(ours, asked, "guess"); }), "SIP/2.0 403");
  EXPECT_EQ(answer_to([&](text asked) { return authorization(ours, asked, "", "+16505550100", "nobody"); }),
            "SIP/2.0 403");
  EXPECT_EQ(answer_to([&](text asked) { return authorization(ours, asked, "secret", "+19005550100"); }),
            "SIP/2.0 403");
  const std::string foreign = "Digest realm=\"gateway.example\", nonce=\"abc\"";
  EXPECT_EQ(answer_to([&](text) { return authorization(ours, foreign, "secret"); }), "SIP/2.0 401 stale");
  EXPECT_TRUE(ours.events.is_empty());
}

TEST(Authentication, TheSameAnswerDoesNotDoTwice) {
  asking_agent asking;
  agent& ours = asking.ours;
  wire far(ours.port), listener(ours.port);
  far.send(far.request("INVITE", {}, 1, {}, pcma_sdp(41000)));
  const auto challenge = far.receive("SIP/2.0 401");
  ASSERT_TRUE(challenge);
  const std::string heard = authorization(ours, *challenge, "secret");
  far.send(far.request("ACK", to_tag_of(*challenge), 1));
  far.send(far.request("INVITE", {}, 2, heard, pcma_sdp(41000)));
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  listener.send(listener.request("INVITE", {}, 1, heard, pcma_sdp(41000)));
  const auto refusal = listener.receive("SIP/2.0 401");
  ASSERT_TRUE(refusal);
  EXPECT_NE(refusal->find("stale=true"), std::string::npos);
  ours.user_agent.reject(incoming->key, 486, "Busy Here", 17);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
}

// A carrier that is known by its digest alone is a stranger to the gate until it has shown a right one: from
// then on a flood of others does not shut it out.
TEST(Authentication, WhoHasProvedItIsNoStrangerForADay) {
  std::atomic<std::chrono::hours> passed{std::chrono::hours(0)};
  const auto start = std::chrono::steady_clock::now();
  asking_agent asking({ua::digest_algorithm::sha_256}, [&](ua::user_agent_options& options) {
    options.strangers_per_second = 2;  // and twice as many at once; the clock stands still
    options.now = [&] { return start + passed.load(); };
  });
  agent& ours = asking.ours;
  const auto heard = [&] {
    const auto figures = ours.user_agent.strangers();
    return figures.answered + figures.dropped;
  };
  wire far(ours.port);
  far.send(far.request("INVITE", {}, 1, {}, pcma_sdp(41000)));
  const auto challenge = far.receive("SIP/2.0 401");
  ASSERT_TRUE(challenge);
  EXPECT_EQ(heard(), 1U);
  far.send(far.request("INVITE", {}, 2, authorization(ours, *challenge, "secret"), pcma_sdp(41000)));
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  ours.user_agent.reject(incoming->key, 486, "Busy Here", 17);
  EXPECT_TRUE(ours.events.expect<ua::ended>());
  const auto before = heard();
  for (int i = 0; i < 10; ++i) {
    wire again(ours.port);
    again.send(again.request("INVITE", {}, 1, {}, pcma_sdp(41000)));
    EXPECT_TRUE(again.receive("SIP/2.0 401"));
  }
  EXPECT_EQ(heard(), before);
  passed = std::chrono::hours(25);
  wire late(ours.port);
  late.send(late.request("INVITE", {}, 1, {}, pcma_sdp(41000)));
  EXPECT_TRUE(late.receive("SIP/2.0 401"));
  EXPECT_GT(heard(), before);
}

// Where no realm is named, the one that a carrier has taken our digest for is the only one that is answered there: a
// called party behind it gets nothing to guess the password from.
TEST(LearntRealm, IsTheOnlyOneThatIsAnsweredFromThenOn) {
  agent ours;
  wire far(ours.port);
  const auto begin = [&](const std::string& password) {
    auto request = invite_to(far.port);
    request.credentials = ua::digest_credentials{{}, "gateway7", password};
    ours.user_agent.send_invite(ours.user_agent.next_call_key(), request);
  };
  const auto asked_for = [&](const char* realm) {
    const auto invite = far.receive("INVITE ");
    ASSERT_TRUE(invite);
    far.send(received_invite(*invite).answer(
        "401 Unauthorized", "a", far,
        "WWW-Authenticate: Digest realm=\"" + std::string(realm) + "\", nonce=\"abc\", algorithm=MD5\r\n"));
    ASSERT_TRUE(far.receive("ACK "));
  };
  const auto refused = [&](int status) {
    const auto failed = ours.events.expect<ua::failed>();
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->status, status);
    ASSERT_TRUE(ours.events.expect<ua::ended>());
  };
  const auto answered = [&](const char* realm, const char* status) {
    const auto invite = far.receive("INVITE ");
    ASSERT_TRUE(invite);
    EXPECT_EQ(parameter(*invite, "Authorization: Digest username"), "gateway7");
    EXPECT_EQ(parameter(*invite, "realm"), realm);
    far.send(received_invite(*invite).answer(status, "a", far));
    ASSERT_TRUE(far.receive("ACK "));
  };
  begin("secret");
  asked_for("wrong.example");
  answered("wrong.example", "403 Forbidden");
  refused(403);  // the digest was not taken: nothing is learnt
  begin("secret");
  asked_for("carrier.example");
  answered("carrier.example", "486 Busy Here");
  refused(486);
  begin("secret");
  asked_for("trap.example");
  refused(401);
  begin("secret");
  asked_for("carrier.example");
  asked_for("trap.example");
  refused(401);
  begin("another");  // which is to be learnt anew
  asked_for("other.example");
  answered("other.example", "486 Busy Here");
  refused(486);
  far.settle();
  EXPECT_TRUE(ours.events.is_empty());
}

}  // namespace
}  // namespace tollgate::tests::sip
