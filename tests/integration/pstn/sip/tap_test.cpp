// SPDX-License-Identifier: Apache-2.0
// What is seen of a user agent's messages, and how it treats those whom nobody knows.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "far_end.hpp"

namespace tollgate::tests::sip {
namespace {

class seen_messages {
 public:
  void operator()(const ua::seen_message& one) {
    const std::lock_guard lock(mutex_);
    all_.push_back(one);
  }
  std::vector<ua::seen_message> all() {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  std::vector<ua::seen_message> all_;
};

TEST(MessageTap, SeesEveryMessageAsItIsOnTheWire) {
  seen_messages seen;
  agent ours([&](ua::user_agent_options& options) { options.trace = std::ref(seen); });
  std::vector<std::string> received, sent;
  std::uint16_t far_port = 0;
  {
    wire far(ours.port);
    far_port = far.port;
    const std::string odd = "X-Odd: 100% %s %n tab\there \xc3\xa9\r\n";
    sent.push_back(far.request("INVITE", {}, 1, odd, pcma_sdp(41000)));
    far.send(sent.back());
    const auto incoming = ours.events.expect<ua::incoming_invite>();
    ASSERT_TRUE(incoming);
    received.push_back(far.receive("SIP/2.0 100").value_or(""));
    ours.user_agent.answer(incoming->key, pcma_sdp(40000));
    received.push_back(far.receive("SIP/2.0 200").value_or(""));
    sent.push_back(far.request("ACK", to_tag_of(received.back()), 1));
    far.send(sent.back());
    ASSERT_TRUE(ours.events.expect<ua::acknowledged>());
    sent.push_back(far.request("BYE", to_tag_of(received.back()), 2));
    far.send(sent.back());
    ASSERT_TRUE(ours.events.expect<ua::bye_received>());
    ours.user_agent.confirm_bye(incoming->key);
    received.push_back(far.receive("SIP/2.0 200").value_or(""));
  }
  // A message is told when it has been sent: the far end may have it before.
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (seen.all().size() < sent.size() + received.size() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::vector<std::string> seen_sent, seen_received;
  for (const auto& one : seen.all()) {
    EXPECT_EQ(one.transport, "udp");
    EXPECT_EQ(one.remote.ip, "127.0.0.1");
    EXPECT_EQ(one.remote.port, far_port);
    (one.sent ? seen_sent : seen_received).push_back(one.text);
  }
  EXPECT_EQ(seen_received, sent);
  // A 200 may have been sent twice before its ACK came.
  for (const std::string& one : received)
    EXPECT_NE(std::find(seen_sent.begin(), seen_sent.end(), one), seen_sent.end()) << one;
}

TEST(MessageTap, SeesTcpToo) {
  seen_messages seen;
  agent ours([&](ua::user_agent_options& options) { options.trace = std::ref(seen); });
  sipp far("called_hangs_up", 0, "t1");
  ours.user_agent.send_invite(ours.user_agent.next_call_key(), invite_to(far.port, "tcp"));
  while (const auto any = ours.events.next()) {
    if (const auto* bye = std::get_if<ua::bye_received>(&*any)) ours.user_agent.confirm_bye(bye->key);
    if (std::holds_alternative<ua::ended>(*any)) break;
  }
  EXPECT_TRUE(far.succeeds());
  ours.user_agent.stop();
  bool ack = false, bye = false;
  for (const auto& one : seen.all()) {
    EXPECT_EQ(one.transport, "tcp");
    ack = ack || (one.sent && one.text.starts_with("ACK "));
    bye = bye || (!one.sent && one.text.starts_with("BYE "));
  }
  EXPECT_TRUE(ack && bye);
}

// How many of `count` INVITEs of strangers were answered, once the agent is through with them.
std::uint64_t answered_of(agent& ours, int count) {
  wire stranger(ours.port);
  for (int i = 0; i < count; ++i)
    stranger.send(stranger.request("INVITE", {}, 1 + i, {}, pcma_sdp(41000)));
  const auto deadline = std::chrono::steady_clock::now() + patience;
  ua::stranger_figures now{};
  while (now.answered + now.dropped < static_cast<std::uint64_t>(count) &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    now = ours.user_agent.strangers();
  }
  EXPECT_EQ(now.answered + now.dropped, static_cast<std::uint64_t>(count));
  return now.answered;
}

TEST(Strangers, AreRefusedWhileTheyAreFew) {
  agent ours([](ua::user_agent_options& options) { options.strangers_per_second = 100; });
  ours.user_agent.set_admission([](const ua::source_address&, std::string_view) { return ua::admission{}; });
  EXPECT_EQ(answered_of(ours, 5), 5U);
  EXPECT_TRUE(ours.events.is_empty());
}

TEST(Strangers, OfAFloodAreDroppedAndACallGoesOn) {
  agent ours([](ua::user_agent_options& options) { options.strangers_per_second = 0; });
  std::atomic<std::uint16_t> carrier_port = 0;
  ours.user_agent.set_admission([&](const ua::source_address& from, std::string_view) {
    return ua::admission{from.port == carrier_port};
  });
  wire carrier(ours.port);
  carrier_port = carrier.port;
  carrier.send(carrier.request("INVITE", {}, 1, {}, pcma_sdp(41000)));
  const auto incoming = ours.events.expect<ua::incoming_invite>();
  ASSERT_TRUE(incoming);
  EXPECT_EQ(answered_of(ours, 200), 0U);
  // The carrier's own address may change within a call (RFC 3261 §12.2 binds it to none): its dialog is
  // known.
  carrier_port = 0;
  ours.user_agent.answer(incoming->key, pcma_sdp(40000));
  const auto ok = carrier.receive("SIP/2.0 200");
  ASSERT_TRUE(ok);
  carrier.send(carrier.request("ACK", to_tag_of(*ok), 1));
  EXPECT_TRUE(ours.events.expect<ua::acknowledged>());
  carrier.send(carrier.request("BYE", to_tag_of(*ok), 2));
  EXPECT_TRUE(ours.events.expect<ua::bye_received>());
  ours.user_agent.confirm_bye(incoming->key);
  EXPECT_TRUE(carrier.receive("SIP/2.0 200"));
  EXPECT_TRUE(ours.events.expect<ua::ended>());
}

}  // namespace
}  // namespace tollgate::tests::sip
