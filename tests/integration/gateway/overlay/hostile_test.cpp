// SPDX-License-Identifier: Apache-2.0
// Connections that do not keep to the protocol: the server drops them and goes on.
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <random>

#include "gateway/overlay/link.hpp"
#include "two_ends.hpp"

namespace tollgate::gateway::overlay {
namespace {

namespace asio = boost::asio;
using boost::asio::awaitable;
using two_ends::fake_peer;
using two_ends::make_sdp;
using two_ends::stage;

awaitable<std::shared_ptr<link>> connect(stage& on) {
  auto tls = std::make_shared<asio::ssl::context>(make_client_context(on.authority_pem.certificate).value());
  auto made = std::make_shared<link>(asio::ip::tcp::socket(on.context), tls, link_options{});
  const auto address = parse_web_address(on.url()).value();
  const auto connected = co_await made->connect(address);
  connected.value();
  const auto hello = co_await made->read();
  EXPECT_EQ(parse_frame(hello.value()).value().type, "hello");
  co_return made;
}

// Whether the server still serves.
awaitable<void> expect_service(stage& on) {
  fake_peer ears;
  const auto peer = on.make_client(ears);
  const auto connected = co_await peer->connect(on.url());
  EXPECT_TRUE(connected);
  co_await peer->close();
}

awaitable<void> send_nonsense(stage& on) {
  std::mt19937 random(2026);
  const std::string login =
      R"({"v":1,"t":"login","id":1,"body":{"name":"alice","passphrase":"x","key":{"kty":"EC","crv":"P-256"}}})";
  for (int round = 0; round < 40; ++round) {
    const auto raw = co_await connect(on);
    auto text = login;
    for (auto count = random() % 8; count > 0; --count)
      text[random() % text.size()] = static_cast<char>(32 + random() % 95);
    raw->send(text);
    raw->send("{}");  // ends the connection in any case
    auto reply = co_await raw->read();
    while (reply)
      reply = co_await raw->read();
    EXPECT_EQ(reply.error(), overlay_error::connection_closed);
  }
  co_await expect_service(on);
}

TEST(Hostile, NonsenseBeforeAttachEndsTheConnectionOnly) {
  stage on;
  on.run(send_nonsense(on));
}

awaitable<void> send_large(stage& on) {
  const auto raw = co_await connect(on);
  raw->send(std::string(frame_size_max_bytes + 1, 'x'));
  const auto reply = co_await raw->read();
  EXPECT_FALSE(reply);
  co_await expect_service(on);
}

TEST(Hostile, AFrameBeyondTheLimitEndsTheConnection) {
  stage on;
  on.run(send_large(on));
}

awaitable<void> speak_no_tls(stage& on) {
  for (const auto* text : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\xff\xff", ""}) {
    asio::ip::tcp::socket socket(on.context);
    const asio::ip::tcp::endpoint to(asio::ip::make_address("127.0.0.1"), on.gate->port());
    co_await socket.async_connect(to, asio::use_awaitable);
    co_await asio::async_write(socket, asio::buffer(std::string_view(text)), asio::use_awaitable);
    socket.close();
  }
  co_await expect_service(on);
}

TEST(Hostile, WhatIsNotTlsIsDropped) {
  stage on;
  on.run(speak_no_tls(on));
}

// An attached device whose call frames are spoiled: each offer ends in a hang-up with the reason.
awaitable<void> spoil_calls(stage& on) {
  fake_peer ears;
  const auto peer = on.make_client(ears);
  const auto connected = co_await peer->connect(on.url());
  EXPECT_TRUE(connected);
  const auto identity = co_await peer->log_in("alice", "correct horse", private_key::generate());
  co_await peer->close();

  const auto raw = co_await connect(on);
  frame attach{.type = "attach", .id = 1};
  attach.body = {{"credential", identity->credential}, {"proof", "a.b.c"}};
  raw->send(to_text(attach).value());
  const auto refused = co_await raw->read();
  EXPECT_EQ(find_text(parse_frame(refused.value()).value().body, "code"), "token_malformed");
  raw->close();
}

TEST(Hostile, AProofThatIsNoTokenIsRefused) {
  stage on;
  on.run(spoil_calls(on));
}

}  // namespace
}  // namespace tollgate::gateway::overlay
