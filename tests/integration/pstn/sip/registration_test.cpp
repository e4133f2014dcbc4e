// SPDX-License-Identifier: Apache-2.0
// REGISTER to a registrar that speaks by hand.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "far_end.hpp"

namespace tollgate::tests::sip {
namespace {

std::string header_of(const std::string& message, const std::string& name) {
  const std::size_t at = message.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return message.substr(begin, message.find("\r\n", begin) - begin);
}

std::string answer(const std::string& request, const std::string& status, const std::string& extra = {}) {
  std::string out = "SIP/2.0 " + status + "\r\n";
  for (const char* name : {"Via", "From", "Call-ID", "CSeq"})
    out += std::string(name) + ": " + header_of(request, name) + "\r\n";
  return out + "To: " + header_of(request, "To") + ";tag=registrar\r\n" + extra + "Content-Length: 0\r\n\r\n";
}

struct registering {
  explicit registering(const std::function<void(ua::user_agent_options&)>& adjust = {})
      : ours(adjust), far(ours.port), key(ours.user_agent.next_call_key()) {
    ua::registration_request request;
    request.registrar_uri = "sip:carrier.example";
    request.address_of_record = "sip:trunk7@carrier.example";
    request.route = "sip:127.0.0.1:" + std::to_string(far.port) + ";transport=udp";
    request.credentials = {"carrier.example", "trunk7", "se:cret"};
    ours.user_agent.start_registration(key, request);
  }
  // The first REGISTER, challenged; the second one.
  std::optional<std::string> challenge(const std::string& realm) {
    const auto first = far.receive("REGISTER ");
    if (!first) return std::nullopt;
    EXPECT_EQ(header_of(*first, "Authorization"), "");
    far.send(answer(
        *first, "401 Unauthorized",
        "WWW-Authenticate: Digest realm=\"" + realm + "\", nonce=\"abc\", algorithm=MD5, qop=\"auth\"\r\n"));
    return first;
  }
  agent ours;
  wire far;
  ua::call_key key;
};

TEST(Registration, AnswersTheChallengeIsToldAndRemovedAtTheEnd) {
  registering one;
  const auto first = one.challenge("carrier.example");
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->starts_with("REGISTER sip:carrier.example SIP/2.0")) << *first;
  EXPECT_NE(header_of(*first, "To").find("sip:trunk7@carrier.example"), std::string::npos);
  EXPECT_NE(header_of(*first, "Contact").find("trunk7@127.0.0.1:" + std::to_string(one.ours.port)),
            std::string::npos)
      << header_of(*first, "Contact");
  const auto second = one.far.receive("REGISTER ");
  ASSERT_TRUE(second);
  EXPECT_NE(header_of(*second, "Authorization").find("username=\"trunk7\""), std::string::npos);
  one.far.send(answer(*second, "200 OK", "Contact: " + header_of(*second, "Contact") + ";expires=300\r\n"));
  const auto told = one.ours.events.expect<ua::registration_result>();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->status, 200);
  EXPECT_EQ(told->expires, std::chrono::seconds(300));
  one.ours.user_agent.stop_registration(one.key);
  const auto last = one.far.receive("REGISTER ");
  ASSERT_TRUE(last);
  EXPECT_TRUE(header_of(*last, "Expires") == "0" ||
              header_of(*last, "Contact").find("expires=0") != std::string::npos)
      << *last;
  one.far.send(answer(*last, "200 OK"));
}

TEST(Registration, ARefusalIsToldWithThePauseBeforeTheNextAttempt) {
  registering one;
  const auto first = one.far.receive("REGISTER ");
  ASSERT_TRUE(first);
  one.far.send(answer(*first, "503 Service Unavailable", "Retry-After: 120\r\n"));
  const auto told = one.ours.events.expect<ua::registration_result>();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->status, 503);
  EXPECT_EQ(told->retry_in, std::chrono::seconds(120));
}

// The stack waits for 32 s: too long where another target might take it.
TEST(Registration, ASilentRegistrarIsToldAndMayAnswerLate) {
  registering one(
      [](ua::user_agent_options& options) { options.provisional_timeout = std::chrono::milliseconds(50); });
  const auto first = one.far.receive("REGISTER ");
  ASSERT_TRUE(first);
  const auto silent = one.ours.events.expect<ua::registration_result>();
  ASSERT_TRUE(silent);
  EXPECT_EQ(silent->status, 408);
  EXPECT_EQ(silent->retry_in, std::chrono::seconds(30));
  one.far.send(answer(*first, "200 OK", "Contact: " + header_of(*first, "Contact") + ";expires=300\r\n"));
  const auto late = one.ours.events.expect<ua::registration_result>();
  ASSERT_TRUE(late);
  EXPECT_EQ(late->status, 200);
}

TEST(Registration, IsRefreshedBeforeItLapses) {
  registering one;
  for (int round = 0; round < 3; ++round) {
    const auto request = one.far.receive("REGISTER ");
    ASSERT_TRUE(request) << round;
    EXPECT_NE(header_of(*request, "Expires"), "0");
    one.far.send(answer(*request, "200 OK", "Contact: " + header_of(*request, "Contact") + ";expires=3\r\n"));
    const auto told = one.ours.events.expect<ua::registration_result>();
    ASSERT_TRUE(told);
    EXPECT_EQ(told->expires, std::chrono::seconds(3));
  }
}

TEST(Registration, AsksForAsLongAsTheRegistrarWantsAtLeast) {
  registering one;
  const auto first = one.far.receive("REGISTER ");
  ASSERT_TRUE(first);
  EXPECT_EQ(header_of(*first, "Expires"), "600");
  one.far.send(answer(*first, "423 Interval Too Brief", "Min-Expires: 900\r\n"));
  const auto second = one.far.receive("REGISTER ");
  ASSERT_TRUE(second);
  EXPECT_EQ(header_of(*second, "Expires"), "900");
  one.far.send(answer(*second, "200 OK", "Contact: " + header_of(*second, "Contact") + ";expires=900\r\n"));
  const auto told = one.ours.events.expect<ua::registration_result>();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->status, 200);
  EXPECT_EQ(told->expires, std::chrono::seconds(900));
}

TEST(Registration, ComesAgainAfterEachPauseUntilItIsTaken) {
  registering one(
      [](ua::user_agent_options& options) { options.registration_pause = std::chrono::seconds(1); });
  for (const auto& [extra, pause] : {std::pair{"", 1}, {"", 2}, {"Retry-After: 3\r\n", 4}}) {
    const auto request = one.far.receive("REGISTER ");
    ASSERT_TRUE(request);
    one.far.send(answer(*request, "503 Service Unavailable", extra));
    const auto told = one.ours.events.expect<ua::registration_result>();
    ASSERT_TRUE(told);
    EXPECT_EQ(told->status, 503);
    EXPECT_EQ(told->retry_in, std::chrono::seconds(pause));
  }
  const auto last = one.far.receive("REGISTER ");
  ASSERT_TRUE(last);
  one.far.send(answer(*last, "200 OK", "Contact: " + header_of(*last, "Contact") + ";expires=300\r\n"));
  const auto told = one.ours.events.expect<ua::registration_result>();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->status, 200);
}

TEST(Registration, EndsWithTheUserAgent) {
  auto one = std::make_unique<registering>();
  const auto first = one->far.receive("REGISTER ");
  ASSERT_TRUE(first);
  one->far.send(answer(*first, "200 OK", "Contact: " + header_of(*first, "Contact") + ";expires=300\r\n"));
  ASSERT_TRUE(one->ours.events.expect<ua::registration_result>());
  std::thread stopping([&] { one->ours.user_agent.stop(); });
  const auto last = one->far.receive("REGISTER ");
  if (last) one->far.send(answer(*last, "200 OK"));
  stopping.join();
  ASSERT_TRUE(last);
  EXPECT_TRUE(header_of(*last, "Expires") == "0" ||
              header_of(*last, "Contact").find("expires=0") != std::string::npos)
      << *last;
}

TEST(Registration, AForeignRealmIsNotAnswered) {
  registering one;
  ASSERT_TRUE(one.challenge("stranger.example"));
  const auto told = one.ours.events.expect<ua::registration_result>();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->status, 401);
  EXPECT_EQ(told->retry_in, std::chrono::seconds(30));
}

}  // namespace
}  // namespace tollgate::tests::sip
