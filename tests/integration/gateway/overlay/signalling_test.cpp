// SPDX-License-Identifier: Apache-2.0
// Log-in, attach, calls and requests between a real server and real clients over TLS 1.3 WebSockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "two_ends.hpp"

namespace tollgate::gateway::overlay {
namespace {

using namespace std::chrono_literals;
using boost::asio::awaitable;
using testing::Contains;
using testing::ElementsAre;
using testing::StartsWith;
using two_ends::fake_peer;
using two_ends::make_sdp;
using two_ends::stage;

// Tables stand outside of the coroutines: g++ 12 cannot keep an array in a frame.
constexpr std::pair<const char*, const char*> refused_requests[] = {
    {"large", "reply_too_large"}, {"throw", "internal"}, {"nonsense", "unknown_type"}};
constexpr std::pair<const char*, const char*> refused_addresses[] = {
    {"http://127.0.0.1/", "address_invalid"},
    {"wss://", "address_invalid"},
    {"wss://127.0.0.1:0/", "address_invalid"},
    {"wss://127.0.0.1:1/", "connection_failed"}};

// Connects, logs in and attaches; the identity, so that the device can come again.
awaitable<device_identity> enter(stage& on, client& peer, std::string name,
                                 private_key device = private_key::generate()) {
  const auto connected = co_await peer.connect(on.url());
  connected.value();
  const auto identity = co_await peer.log_in(name, "correct horse", device);
  identity.value();
  const auto attached = co_await peer.attach(*identity);
  attached.value();
  co_return *identity;
}

awaitable<void> call_out(stage& on) {
  fake_peer ears;
  const auto peer = on.make_client(ears);
  co_await enter(on, *peer, "alice");
  EXPECT_EQ(peer->node(), "node1");
  const auto call = make_call_id();
  EXPECT_TRUE(peer->send_offer(call, "+442079460958", make_sdp()));
  co_await on.until([&] { return ears.heard.size() >= 2; });
  EXPECT_THAT(ears.heard, ElementsAre("rang with sdp", "answered"));
  EXPECT_TRUE(peer->send_digit(call, '#', 120ms));
  EXPECT_TRUE(peer->send_trickle(call, {host_candidate("192.0.2.1", 5)}));
  EXPECT_TRUE(peer->send_restart(call, make_sdp()));
  co_await on.until([&] { return ears.heard.size() >= 3; });
  EXPECT_EQ(ears.heard.back(), "restarted");
  EXPECT_TRUE(peer->send_hangup(call, "normal"));
  co_await on.until([&] { return !ears.ends.empty(); });
  EXPECT_EQ(ears.ends[0].summary.at("charged_micros").as_int64(), 17000);
  co_await peer->close();
  co_await on.until([&] { return on.gateway.devices.empty(); });
  EXPECT_THAT(on.gateway.heard, ElementsAre("attached alice", "offered +442079460958", "digit # 120",
                                            "trickled 1", "restarted", "hung_up normal", "detached alice"));
  EXPECT_EQ(ears.heard.back(), "hung_up normal");  // closing is no disconnection
}

TEST(Signalling, CallOutFromOfferToSummary) {
  stage on;
  on.run(call_out(on));
}

awaitable<void> call_in(stage& on) {
  fake_peer first_ears, second_ears;
  const auto first = on.make_client(first_ears);
  const auto second = on.make_client(second_ears);
  co_await enter(on, *first, "alice");
  co_await enter(on, *second, "alice");
  const auto call = make_call_id();
  const auto devices = on.gate->sessions_of(on.gateway.devices.at(0)->account_id());
  EXPECT_EQ(devices.size(), 2U);
  for (const auto& device : devices)
    device->send_offer(call, "+16505550100", "Bob", "verified_a", make_sdp());
  co_await on.until([&] { return !first_ears.heard.empty() && !second_ears.heard.empty(); });
  EXPECT_THAT(first_ears.heard, ElementsAre("offered +16505550100 " + call));
  EXPECT_TRUE(first->send_ring(call));
  EXPECT_TRUE(first->send_answer(call, make_sdp()));
  EXPECT_FALSE(first->send_answer(call, make_sdp()));
  co_await on.until([&] { return on.gateway.heard.size() >= 4; });
  EXPECT_EQ(on.gateway.heard[2], "rang");
  EXPECT_THAT(on.gateway.heard[3], StartsWith("answered "));
  on.gateway.devices[1]->send_taken(call);
  on.gateway.devices[0]->send_hangup(call, "normal", "the caller has hung up", {});
  on.gateway.devices[0]->send_event("voicemail", {{"new", 1}}, "");
  co_await on.until([&] { return first_ears.heard.size() >= 3 && second_ears.heard.size() >= 2; });
  EXPECT_EQ(second_ears.heard.back(), "taken");
  EXPECT_EQ(first_ears.heard.back(), "event voicemail");
  co_await first->close();
  co_await second->close();
}

TEST(Signalling, CallInRingsAllDevicesAndOneTakesIt) {
  stage on;
  on.run(call_in(on));
}

awaitable<void> decline(stage& on) {
  fake_peer ears;
  const auto peer = on.make_client(ears);
  co_await enter(on, *peer, "alice");
  on.gateway.answers_hang_ups = false;  // it has other devices to think of
  const auto call = make_call_id();
  on.gateway.devices.at(0)->send_offer(call, "+16505550100", "", "", make_sdp());
  co_await on.until([&] { return !ears.heard.empty(); });
  EXPECT_TRUE(peer->send_hangup(call, "declined"));
  co_await on.until([&] { return ears.heard.size() >= 2; });
  EXPECT_THAT(ears.heard, ElementsAre("offered +16505550100 " + call, "hung_up declined"));
  EXPECT_EQ(on.gateway.heard.back(), "hung_up declined");
  co_await peer->close();
}

TEST(Signalling, ACallThatADeviceDeclinesEndsForItAtOnce) {
  stage on;
  on.run(decline(on));
}

awaitable<void> ask(stage& on) {
  fake_peer ears;
  const auto peer = on.make_client(ears);
  co_await enter(on, *peer, "alice");
  boost::json::object wanted;
  wanted["currency"] = "EUR";
  const auto balance = co_await peer->request("balance", wanted);
  EXPECT_EQ(balance.value().at("available_micros").as_int64(), 20'000'000);
  for (const auto& [type, code] : refused_requests) {
    const auto reply = co_await peer->request(type, {});
    EXPECT_EQ(reply.error().code, code);
  }
  co_await peer->close();
}

TEST(Signalling, RequestsAreAnsweredOrRefused) {
  stage on;
  on.run(ask(on));
}

awaitable<void> wrong_log_ins(stage& on) {
  fake_peer ears;
  const auto peer = on.make_client(ears);
  const auto connected = co_await peer->connect(on.url());
  EXPECT_TRUE(connected);
  const auto early = co_await peer->request("balance", {});
  EXPECT_EQ(early.error().code, "not_attached");
  EXPECT_EQ(peer->send_offer(make_call_id(), "+4420", make_sdp()).error().code, "not_attached");
  for (int attempt = 0; attempt < 5; ++attempt) {
    const auto wrong = co_await peer->log_in("alice", "battery staple", private_key::generate());
    EXPECT_EQ(wrong.error().code, "wrong_passphrase");
  }
  const auto limited = co_await peer->log_in("Alice", "correct horse", private_key::generate());
  EXPECT_EQ(limited.error().code, "rate_limited");
  const auto other = co_await peer->log_in("bob", "correct horse", private_key::generate());
  EXPECT_TRUE(other);
  const auto broken = co_await peer->log_in("carol", "throw", private_key::generate());
  EXPECT_EQ(broken.error().code, "internal");
  on.steady += 15min;
  const auto later = co_await peer->log_in("alice", "correct horse", private_key::generate());
  EXPECT_TRUE(later);
  co_await peer->close();
}

TEST(Signalling, WrongPassphrasesAreRefusedAndLimited) {
  stage on;
  on.run(wrong_log_ins(on));
}

awaitable<void> bad_credentials(stage& on) {
  fake_peer ears;
  const auto peer = on.make_client(ears);
  const auto connected = co_await peer->connect(on.url());
  EXPECT_TRUE(connected);
  const auto identity = co_await peer->log_in("alice", "correct horse", private_key::generate());
  EXPECT_TRUE(identity);

  auto stolen = *identity;  // the credential without its key
  stolen.device = private_key::generate();
  const auto theft = co_await peer->attach(stolen);
  EXPECT_EQ(theft.error().code, "token_bad_signature");
  auto foreign = *identity;
  foreign.authority = private_key::generate().public_part();
  const auto other = co_await peer->attach(foreign);
  EXPECT_EQ(other.error().code, "credential_foreign");
  auto forged = *identity;
  forged.credential = sign_credential(private_key::generate(), {.name = "alice",
                                                                .holder = forged.device.public_part(),
                                                                .issued_at = on.wall,
                                                                .expires_at = on.wall + credential_lifetime});
  const auto forgery = co_await peer->attach(forged);
  EXPECT_EQ(forgery.error().code, "token_bad_signature");
  on.gateway.blocked = true;
  const auto blocked = co_await peer->attach(*identity);
  EXPECT_EQ(blocked.error().code, "suspended");
  on.gateway.blocked = false;
  on.wall += credential_lifetime;
  const auto expired = co_await peer->attach(*identity);
  EXPECT_EQ(expired.error().code, "credential_expired");
  EXPECT_TRUE(on.gateway.heard.empty());
  co_await peer->close();
}

TEST(Signalling, StolenForeignForgedAndExpiredCredentialsAreRefused) {
  stage on;
  on.run(bad_credentials(on));
}

// All of it within one second of the clock, which tells nothing apart.
awaitable<void> revoked_credentials(stage& on) {
  fake_peer ears;
  const auto peer = on.make_client(ears);
  const auto connected = co_await peer->connect(on.url());
  EXPECT_TRUE(connected);
  const auto before = co_await peer->log_in("alice", "correct horse", private_key::generate());
  EXPECT_TRUE(before);
  on.gateway.generation = 1;
  const auto revoked = co_await peer->attach(*before);
  EXPECT_EQ(revoked.error().code, "credential_expired");
  const auto since = co_await peer->log_in("alice", "correct horse", private_key::generate());
  EXPECT_TRUE(since);
  on.gateway.after_find = [&on] {  // the look-up has seen what is no more
    on.gateway.generation = 2;
    on.gate->credentials_revoked();
  };
  const auto overtaken = co_await peer->attach(*since);
  EXPECT_EQ(overtaken.error().code, "credential_expired");
  EXPECT_TRUE(on.gateway.heard.empty());
  const auto latest = co_await peer->log_in("alice", "correct horse", private_key::generate());
  EXPECT_TRUE(latest);
  const auto attached = co_await peer->attach(*latest);
  EXPECT_TRUE(attached);
  EXPECT_EQ(on.gateway.devices.at(0)->credential_generation(), 2);
  EXPECT_EQ(on.gateway.devices.at(0)->since(), on.wall);
  EXPECT_FALSE(on.gateway.devices.at(0)->from_browser());
  co_await peer->close();
}

TEST(Signalling, RevokedCredentialsAreRefusedAndThoseMadeSinceAreGood) {
  stage on;
  on.run(revoked_credentials(on));
}

awaitable<void> come_again(stage& on) {
  fake_peer first_ears, second_ears;
  const auto first = on.make_client(first_ears);
  const auto second = on.make_client(second_ears);
  const auto identity = co_await enter(on, *first, "alice");
  const auto kept = device_identity_from_json(to_json(identity));
  EXPECT_TRUE(kept);
  const auto connected = co_await second->connect(on.url());
  EXPECT_TRUE(connected);
  const auto attached = co_await second->attach(*kept);
  EXPECT_TRUE(attached);
  co_await on.until([&] { return !first_ears.heard.empty(); });
  EXPECT_THAT(first_ears.heard, ElementsAre("disconnected replaced"));
  EXPECT_EQ(on.gate->session_count(), 1U);
  EXPECT_THAT(on.gateway.heard, ElementsAre("attached alice", "detached alice", "attached alice"));
  co_await second->close();
}

TEST(Signalling, TheSameDeviceReplacesItsOldConnection) {
  stage on;
  on.run(come_again(on));
}

awaitable<void> many_calls(stage& on) {
  fake_peer ears;
  const auto peer = on.make_client(ears);
  co_await enter(on, *peer, "alice");
  on.gateway.answer_sdp.clear();
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(peer->send_offer(make_call_id(), "+442079460958", make_sdp()));
  co_await on.until([&] { return !ears.ends.empty(); });
  EXPECT_EQ(ears.ends[0].code, "too_many_calls");
  on.gate->set_draining(true);
  EXPECT_TRUE(peer->send_offer(make_call_id(), "+442079460958", make_sdp()));
  co_await on.until([&] { return ears.ends.size() == 2; });
  EXPECT_EQ(ears.ends[1].code, "draining");
  // Neither stands in the way of what may be an emergency number.
  EXPECT_TRUE(peer->send_offer(make_call_id(), "112", make_sdp()));
  co_await on.until([&] { return on.gateway.heard.back() == "offered 112"; });
  fake_peer late_ears;
  const auto late = on.make_client(late_ears);
  const auto refused = co_await late->connect(on.url());
  EXPECT_EQ(refused.error().code, "draining");
  on.gate->set_draining(false);
  on.wall += 2min;  // the device's clock goes with it; the gateway's is the same
  co_await peer->close();
}

TEST(Signalling, CallsAreLimitedAndDrained) {
  stage on;
  on.run(many_calls(on));
}

awaitable<void> offers_per_minute(stage& on) {
  fake_peer ears;
  const auto peer = on.make_client(ears);
  co_await enter(on, *peer, "alice");
  for (int i = 0; i < 11; ++i) {
    const auto call = make_call_id();
    EXPECT_TRUE(peer->send_offer(call, "+4420", make_sdp()));
    EXPECT_TRUE(peer->send_hangup(call, "cancelled"));
  }
  co_await on.until([&] { return ears.ends.size() >= 12; });
  EXPECT_THAT(ears.heard, Contains("hung_up rate_limited"));
  co_await peer->close();
}

TEST(Signalling, OffersAMinuteAreLimited) {
  stage on;
  on.run(offers_per_minute(on));
}

awaitable<void> untrusted(stage& on) {
  fake_peer ears;
  const auto peer = on.make_client(ears, false);
  const auto refused = co_await peer->connect(on.url());
  EXPECT_EQ(refused.error().code, "tls_failed");
  const auto trusting = on.make_client(ears);
  for (const auto& [url, code] : refused_addresses) {
    const auto failed = co_await trusting->connect(url);
    EXPECT_EQ(failed.error().code, code) << url;
  }
}

TEST(Signalling, UntrustedCertificatesAndBadAddressesAreRefused) {
  stage on;
  on.run(untrusted(on));
}

awaitable<void> gateway_stops(stage& on) {
  fake_peer ears;
  const auto peer = on.make_client(ears);
  co_await enter(on, *peer, "alice");
  co_await on.gate->stop();
  co_await on.until([&] { return !ears.heard.empty(); });
  EXPECT_THAT(ears.heard, ElementsAre("disconnected going_away"));
  EXPECT_THAT(on.gateway.heard, ElementsAre("attached alice", "detached alice"));
  const auto gone = co_await peer->request("balance", {});
  EXPECT_EQ(gone.error().code, "connection_closed");
}

TEST(Signalling, StoppingTellsEveryDevice) {
  stage on;
  on.run(gateway_stops(on));
}

}  // namespace
}  // namespace tollgate::gateway::overlay
