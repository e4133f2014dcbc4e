// SPDX-License-Identifier: Apache-2.0
// The whole peer, as its command line runs it, against a gateway double with real signalling and media.
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gateway/peer/application.hpp"
#include "gateway/peer/command_line.hpp"
#include "gateway_double.hpp"
#include "pstn/media/audio_file.hpp"

namespace tollgate::gateway::peer::test {
namespace {

/// How a run of the peer ended, and what it said.
struct outcome {
  exit_code code = exit_code::usage;
  std::vector<boost::json::object> events;
  std::string text;

  const boost::json::object* find(std::string_view name) const {
    for (const auto& event : events)
      if (event.at("event").as_string() == name) return &event;
    return nullptr;
  }
  std::string member(std::string_view event, std::string_view key) const {
    const auto* found = find(event);
    if (found == nullptr || !found->contains(key)) return "(none)";
    return std::string(found->at(key).as_string());
  }
};

class ReferencePeer : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tollgate-peer-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string file(const std::string& name) const { return (root_ / name).string(); }

  outcome run_peer(std::vector<std::string> words, bool json = true) const {
    std::vector<std::string> all{"tollgate-peer", "--state", file("state")};
    if (json) all.push_back("--json");
    all.insert(all.end(), words.begin(), words.end());
    std::vector<char*> pointers;
    for (std::string& word : all)
      pointers.push_back(word.data());
    const auto parsed = parse_command_line(static_cast<int>(pointers.size()), pointers.data());
    outcome ended;
    std::ostringstream stream;
    if (const auto* line = std::get_if<command_line>(&parsed)) ended.code = run(*line, stream, false);
    ended.text = stream.str();
    if (!json) return ended;
    std::istringstream lines(ended.text);
    for (std::string line; std::getline(lines, line);)
      ended.events.push_back(boost::json::parse(line).as_object());
    return ended;
  }

  outcome log_in(const gateway_double& gateway, const std::string& passphrase = "secret") const {
    std::ofstream(file("ca.pem")) << gateway.authority_pem();
    std::ofstream(file("passphrase")) << passphrase << "\n";
    return run_peer({"login", "--gateway", gateway.url(), "--ca", file("ca.pem"), "--name", "alice",
                     "--passphrase-file", file("passphrase")});
  }

  double recorded_level_dbfs(const std::string& name) const {
    const auto audio = pstn::media::read_audio_file(file(name));
    if (!audio || audio->samples.size() < static_cast<std::size_t>(audio->rate_hz)) return -96;
    const std::size_t half = static_cast<std::size_t>(audio->rate_hz) / 2;
    return pstn::media::level_dbfs(
        std::span(audio->samples).subspan(audio->samples.size() / 2 - half / 2, half));
  }

  std::filesystem::path root_;
};

TEST_F(ReferencePeer, LogsInAndAsksForPriceAndCredit) {
  gateway_double gateway({});
  ASSERT_EQ(log_in(gateway).code, exit_code::ok);
  const outcome price = run_peer({"price", "+442079460958"});
  EXPECT_EQ(price.code, exit_code::ok) << price.text;
  EXPECT_EQ(price.find("price")->at("price_per_minute_micros").as_int64(), 17'000);
  EXPECT_NE(run_peer({"balance"}, false).text.find("EUR 10.00"), std::string::npos);
}

TEST_F(ReferencePeer, AWrongPassphraseIsRefused) {
  gateway_double gateway({});
  const outcome refused = log_in(gateway, "wrong");
  EXPECT_EQ(refused.code, exit_code::login_refused);
  EXPECT_EQ(refused.member("refused", "code"), "wrong_passphrase");
  EXPECT_EQ(run_peer({"balance"}).code, exit_code::login_refused);
}

TEST_F(ReferencePeer, AnAbsentOrStrangeGatewayCannotBeConnectedTo) {
  std::optional<gateway_double> gateway(std::in_place, behaviour{});
  ASSERT_EQ(log_in(*gateway).code, exit_code::ok);
  gateway.reset();
  EXPECT_EQ(run_peer({"balance"}).code, exit_code::cannot_connect);
  gateway_double one({});
  gateway_double stranger({});
  std::ofstream(file("other.pem")) << stranger.authority_pem();
  const outcome untrusted = run_peer({"login", "--gateway", one.url(), "--ca", file("other.pem"), "--name",
                                      "alice", "--passphrase-file", file("passphrase")});
  EXPECT_EQ(untrusted.code, exit_code::cannot_connect);
  EXPECT_EQ(untrusted.member("refused", "code"), "tls_failed");
}

TEST_F(ReferencePeer, CallsHearsIsHeardAndSendsDigits) {
  gateway_double gateway({});
  ASSERT_EQ(log_in(gateway).code, exit_code::ok);
  const outcome call = run_peer({"call", "+442079460958", "--play", "tone:440", "--record", file("heard.wav"),
                                 "--dtmf", "12#", "--dtmf-after", "2", "--duration", "3.5"});
  EXPECT_EQ(call.code, exit_code::ok) << call.text;
  for (const char* name :
       {"calling", "connecting", "ringing", "media_up", "answered", "playing", "dtmf", "ended"})
    EXPECT_NE(call.find(name), nullptr) << name;
  EXPECT_EQ(call.member("media_up", "srtp_profile"), "SRTP_AEAD_AES_256_GCM");
  const auto& ended = *call.find("ended");
  EXPECT_TRUE(ended.at("answered").as_bool());
  EXPECT_EQ(ended.at("summary").at("charged_micros").as_int64(), 17'000);
  EXPECT_TRUE(ended.at("times").as_object().contains("answer_in_recording_ms"));
  EXPECT_EQ(gateway.digits(), "12#");
  EXPECT_EQ(gateway.hang_ups(), std::vector<std::string>{"normal"});
  EXPECT_GT(gateway.heard_level_dbfs(), -25);
  EXPECT_GT(recorded_level_dbfs("heard.wav"), -25);
}

TEST_F(ReferencePeer, HangsUpByItselfOnceTheFileIsThrough) {
  gateway_double gateway({});
  ASSERT_EQ(log_in(gateway).code, exit_code::ok);
  const auto recorder = pstn::media::wav_recorder::create(file("short.wav"), 16'000).value();
  recorder->write(std::vector<std::int16_t>(8'000, 1000), 16'000);
  ASSERT_TRUE(recorder->close());
  const outcome call = run_peer({"call", "+442079460958", "--play", file("short.wav"), "--hang-up"});
  EXPECT_EQ(call.code, exit_code::ok) << call.text;
  EXPECT_EQ(call.member("hanging_up", "why"), "played");
}

TEST_F(ReferencePeer, CtrlCHangsUpAndWaitsForTheCharge) {
  gateway_double gateway({.once_answered = [] { kill(getpid(), SIGINT); }});
  ASSERT_EQ(log_in(gateway).code, exit_code::ok);
  const outcome call = run_peer({"call", "+442079460958", "--play", "tone"}, false);
  EXPECT_EQ(call.code, exit_code::ok) << call.text;
  EXPECT_EQ(gateway.hang_ups(), std::vector<std::string>{"normal"});
  EXPECT_NE(call.text.find("charged EUR 0.017, credit EUR 9.983"), std::string::npos) << call.text;
}

TEST_F(ReferencePeer, ARefusedCallSaysWhy) {
  gateway_double gateway({.refuse = overlay::refusal{"emergency", "Emergency calls are not possible here."}});
  ASSERT_EQ(log_in(gateway).code, exit_code::ok);
  const outcome call = run_peer({"call", "112"});
  EXPECT_EQ(call.code, exit_code::call_refused);
  EXPECT_EQ(call.member("ended", "code"), "emergency");
  EXPECT_EQ(call.member("ended", "text"), "Emergency calls are not possible here.");
}

TEST_F(ReferencePeer, CreditThatEndsIsWarnedOfAndHasItsOwnExitCode) {
  gateway_double gateway({.cut_off = overlay::refusal{"credit_exhausted", "Your credit is used up."}});
  ASSERT_EQ(log_in(gateway).code, exit_code::ok);
  const outcome call = run_peer({"call", "+442079460958"});
  EXPECT_EQ(call.code, exit_code::credit_exhausted) << call.text;
  ASSERT_NE(call.find("warning"), nullptr);
  EXPECT_EQ(call.find("warning")->at("seconds_left").as_int64(), 10);
}

TEST_F(ReferencePeer, AGatewayWithAnotherCertificateThanSignedForIsNotTalkedTo) {
  gateway_double gateway({.lie_about_fingerprint = true});
  ASSERT_EQ(log_in(gateway).code, exit_code::ok);
  const outcome call = run_peer({"call", "+442079460958", "--play", "tone"});
  EXPECT_EQ(call.code, exit_code::call_refused) << call.text;
  EXPECT_EQ(call.member("ended", "code"), "media_failed");
  EXPECT_EQ(call.find("media_up"), nullptr);
  EXPECT_EQ(gateway.heard_level_dbfs(), -96);
}

TEST_F(ReferencePeer, AnswersACallAndTalks) {
  gateway_double gateway({.call_when_attached = true, .incoming_talk = std::chrono::milliseconds(2500)});
  ASSERT_EQ(log_in(gateway).code, exit_code::ok);
  const outcome answer = run_peer({"answer", "--count", "1", "--ring-for", "0.2", "--play", "tone:440",
                                   "--record", file("heard.wav"), "--wait", "20"});
  EXPECT_EQ(answer.code, exit_code::ok) << answer.text;
  EXPECT_EQ(answer.member("incoming", "from"), "+16505550100");
  EXPECT_TRUE(answer.find("ended")->at("answered").as_bool());
  EXPECT_GT(gateway.heard_level_dbfs(), -25);
  EXPECT_GT(recorded_level_dbfs("heard.wav"), -25);
}

TEST_F(ReferencePeer, DeclinesWhenToldTo) {
  gateway_double gateway({.call_when_attached = true});
  ASSERT_EQ(log_in(gateway).code, exit_code::ok);
  const outcome answer = run_peer({"answer", "--count", "1", "--reject", "--wait", "20"});
  EXPECT_EQ(answer.code, exit_code::ok) << answer.text;
  EXPECT_EQ(answer.member("ended", "code"), "declined");
}

TEST_F(ReferencePeer, StopsRingingWhenAnotherDeviceTookTheCall) {
  gateway_double gateway({.call_when_attached = true, .take_elsewhere = true});
  ASSERT_EQ(log_in(gateway).code, exit_code::ok);
  const outcome answer = run_peer({"answer", "--count", "1", "--ring-for", "30", "--wait", "20"});
  EXPECT_EQ(answer.member("ended", "code"), "taken") << answer.text;
}

TEST_F(ReferencePeer, IsToldOfVoicemailAndFetchesIt) {
  gateway_double gateway({.voicemail_when_attached = true});
  ASSERT_EQ(log_in(gateway).code, exit_code::ok);
  const outcome told = run_peer({"answer", "--await-voicemail", "--wait", "20"});
  EXPECT_EQ(told.code, exit_code::ok) << told.text;
  EXPECT_EQ(told.find("voicemail")->at("new").as_int64(), 1);

  EXPECT_EQ(run_peer({"voicemail", "play", "--output", file("message.ogg")}).code, exit_code::ok);
  EXPECT_EQ(std::filesystem::file_size(file("message.ogg")), gateway_double::message_audio().size());
  EXPECT_EQ(gateway.marked(), std::vector<std::string>{"mark"});
  const outcome decoded = run_peer({"voicemail", "play", "--output", file("message.wav")});
  EXPECT_EQ(decoded.code, exit_code::ok) << decoded.text;
  EXPECT_GT(recorded_level_dbfs("message.wav"), -25);
  EXPECT_EQ(run_peer({"voicemail", "delete", "unknown"}).code, exit_code::call_refused);
}

}  // namespace
}  // namespace tollgate::gateway::peer::test
