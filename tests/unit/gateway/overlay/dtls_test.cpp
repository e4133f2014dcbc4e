// SPDX-License-Identifier: Apache-2.0
// DTLS between two endpoints in memory: keys agree; wrong fingerprints, profiles and datagrams are refused.
#include "gateway/overlay/dtls.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <deque>
#include <random>
#include <vector>

#include "gateway/overlay/datagram.hpp"
#include "gateway/overlay/datagram_bio.hpp"
#include "sample.hpp"

namespace tollgate::gateway::overlay {
namespace {

using namespace std::chrono_literals;
using datagrams = std::deque<std::vector<std::byte>>;

dtls_endpoint::datagram_sink into(datagrams& queue) {
  return
      [&queue](std::span<const std::byte> datagram) { queue.emplace_back(datagram.begin(), datagram.end()); };
}

class Dtls : public testing::Test {
 protected:
  dtls_endpoint make_client(const fingerprint& expected) {
    return {client_context_, dtls_role::client, expected, into(to_server_)};
  }
  dtls_endpoint make_server(const fingerprint& expected) {
    return {server_context_, dtls_role::server, expected, into(to_client_)};
  }
  const fingerprint& client_digest() const { return client_context_.own_certificate().digest(); }
  const fingerprint& server_digest() const { return server_context_.own_certificate().digest(); }

  // Carries datagrams to and fro until there are none.
  void carry(dtls_endpoint& client, dtls_endpoint& server) {
    while (!to_server_.empty() || !to_client_.empty()) {
      for (; !to_server_.empty(); to_server_.pop_front())
        server.receive(to_server_.front(), now_);
      for (; !to_client_.empty(); to_client_.pop_front())
        client.receive(to_client_.front(), now_);
    }
  }

  dtls_context client_context_{sample::make_certificate()};
  dtls_context server_context_{sample::make_certificate()};
  datagrams to_server_;
  datagrams to_client_;
  dtls_endpoint::time_point now_{100s};
};

TEST_F(Dtls, BothEndsGetTheSameKeysForOppositeDirections) {
  auto client = make_client(server_digest());
  auto server = make_server(client_digest());
  server.start(now_);
  client.start(now_);
  ASSERT_FALSE(to_server_.empty());
  EXPECT_EQ(classify(to_server_.front()), datagram_kind::dtls);
  EXPECT_TRUE(client.next_deadline());
  carry(client, server);
  ASSERT_EQ(client.state(), dtls_state::connected);
  ASSERT_EQ(server.state(), dtls_state::connected);
  ASSERT_TRUE(client.keys() && server.keys());
  EXPECT_EQ(client.keys()->local, server.keys()->remote);
  EXPECT_EQ(client.keys()->remote, server.keys()->local);
  EXPECT_NE(client.keys()->local, client.keys()->remote);
  EXPECT_EQ(server.profile(), "SRTP_AEAD_AES_256_GCM");
  EXPECT_FALSE(server.cipher().empty());
  EXPECT_FALSE(client.next_deadline());
}

// A browser offers no AES-256-GCM cipher in DTLS 1.2; the SRTP profile is AES-256 all the same.
TEST_F(Dtls, CiphersOfABrowserWillDo) {
  for (const auto* cipher : {"ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-GCM-SHA256"}) {
    ASSERT_EQ(SSL_CTX_set_cipher_list(client_context_.native(), cipher), 1);
    auto client = make_client(server_digest());
    auto server = make_server(client_digest());
    server.start(now_);
    client.start(now_);
    carry(client, server);
    EXPECT_EQ(server.state(), dtls_state::connected) << cipher;
    EXPECT_EQ(server.cipher(), cipher);
    EXPECT_EQ(server.profile(), "SRTP_AEAD_AES_256_GCM");
  }
}

TEST_F(Dtls, DatagramsStayBelowTheMtu) {
  auto client = make_client(server_digest());
  auto server = make_server(client_digest());
  std::size_t largest = 0;
  server.start(now_);
  client.start(now_);
  while (!to_server_.empty() || !to_client_.empty()) {
    for (const auto* queue : {&to_server_, &to_client_})
      for (const auto& datagram : *queue)
        largest = std::max(largest, datagram.size());
    for (auto moved = std::exchange(to_server_, {}); !moved.empty(); moved.pop_front())
      server.receive(moved.front(), now_);
    for (auto moved = std::exchange(to_client_, {}); !moved.empty(); moved.pop_front())
      client.receive(moved.front(), now_);
  }
  EXPECT_EQ(server.state(), dtls_state::connected);
  EXPECT_LE(largest, 1200U);
}

TEST_F(Dtls, WrongFingerprintOfTheClientIsRefusedInsideTheHandshake) {
  auto client = make_client(server_digest());
  auto server = make_server(server_digest());
  server.start(now_);
  client.start(now_);
  carry(client, server);
  EXPECT_EQ(server.state(), dtls_state::failed);
  EXPECT_EQ(server.failure(), dtls_failure::wrong_fingerprint);
  EXPECT_FALSE(server.keys());
  EXPECT_NE(client.state(), dtls_state::connected);  // told by an alert
  EXPECT_FALSE(client.keys());
}

TEST_F(Dtls, WrongFingerprintOfTheServerIsRefusedInsideTheHandshake) {
  auto client = make_client(client_digest());
  auto server = make_server(client_digest());
  server.start(now_);
  client.start(now_);
  carry(client, server);
  EXPECT_EQ(client.failure(), dtls_failure::wrong_fingerprint);
  EXPECT_EQ(server.state(), dtls_state::failed);
  EXPECT_FALSE(server.keys());
}

TEST_F(Dtls, OtherProfilesAreRefusedInTheClientHello) {
  for (const auto* profile : {"SRTP_AES128_CM_SHA1_80", "SRTP_AEAD_AES_128_GCM",
                              "SRTP_AES128_CM_SHA1_80:SRTP_AES128_CM_SHA1_32:SRTP_AEAD_AES_128_GCM"}) {
    ASSERT_EQ(SSL_CTX_set_tlsext_use_srtp(client_context_.native(), profile), 0);
    auto client = make_client(server_digest());
    auto server = make_server(client_digest());
    server.start(now_);
    client.start(now_);
    carry(client, server);
    EXPECT_EQ(server.failure(), dtls_failure::no_srtp_profile) << profile;
    EXPECT_EQ(client.state(), dtls_state::failed) << profile;
    EXPECT_FALSE(client.keys());
  }
}

TEST_F(Dtls, RequiredProfileIsChosenFromAList) {
  ASSERT_EQ(SSL_CTX_set_tlsext_use_srtp(client_context_.native(),
                                        "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM"),
            0);
  auto client = make_client(server_digest());
  auto server = make_server(client_digest());
  server.start(now_);
  client.start(now_);
  carry(client, server);
  EXPECT_EQ(server.profile(), "SRTP_AEAD_AES_256_GCM");
  EXPECT_EQ(client.state(), dtls_state::connected);
}

// An OpenSSL end that knows nothing of SRTP, in the place of either end.
class plain_end {
 public:
  plain_end(const certificate& own, bool server) : context_(SSL_CTX_new(DTLS_method()), SSL_CTX_free) {
    SSL_CTX_use_certificate(context_.get(), own.native());
    SSL_CTX_use_PrivateKey(context_.get(), own.key().native());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    SSL_CTX_set_options(context_.get(), SSL_OP_NO_QUERY_MTU);
    ssl_.reset(SSL_new(context_.get()));
    auto bio = make_datagram_bio(port_);
    SSL_set_bio(ssl_.get(), bio.get(), bio.get());
    static_cast<void>(bio.release());
    SSL_set_mtu(ssl_.get(), 1200);
    server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
  }
  void step(std::span<const std::byte> datagram, datagrams& out) {
    port_.incoming = datagram;
    SSL_do_handshake(ssl_.get());
    port_.incoming = {};
    for (auto& made : std::exchange(port_.outgoing, {}))
      out.push_back(std::move(made));
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  datagram_port port_;
  ssl_handle ssl_;
};

TEST_F(Dtls, ClientWithoutAnyProfileIsRefused) {
  plain_end client(client_context_.own_certificate(), false);
  auto server = make_server(client_digest());
  server.start(now_);
  client.step({}, to_server_);
  for (int round = 0; round < 10; ++round) {
    for (auto moved = std::exchange(to_server_, {}); !moved.empty(); moved.pop_front())
      server.receive(moved.front(), now_);
    for (auto moved = std::exchange(to_client_, {}); !moved.empty(); moved.pop_front())
      client.step(moved.front(), to_server_);
  }
  EXPECT_EQ(server.state(), dtls_state::failed);
  EXPECT_EQ(server.failure(), dtls_failure::no_srtp_profile);
  EXPECT_FALSE(server.keys());
}

TEST_F(Dtls, ServerThatChoosesNoProfileIsRefused) {
  plain_end server(server_context_.own_certificate(), true);
  auto client = make_client(server_digest());
  client.start(now_);
  for (int round = 0; round < 10; ++round) {
    for (auto moved = std::exchange(to_server_, {}); !moved.empty(); moved.pop_front())
      server.step(moved.front(), to_client_);
    for (auto moved = std::exchange(to_client_, {}); !moved.empty(); moved.pop_front())
      client.receive(moved.front(), now_);
  }
  EXPECT_EQ(client.state(), dtls_state::failed);
  EXPECT_EQ(client.failure(), dtls_failure::no_srtp_profile);
  EXPECT_FALSE(client.keys());
}

TEST_F(Dtls, MutatedDatagramsDoNoHarm) {
  std::mt19937 random(6347);
  for (int round = 0; round < 60; ++round) {
    to_server_.clear();
    to_client_.clear();
    auto client = make_client(server_digest());
    auto server = make_server(client_digest());
    server.start(now_);
    client.start(now_);
    const auto deliver = [&](datagrams& queue, dtls_endpoint& to) {
      for (auto moved = std::exchange(queue, {}); !moved.empty(); moved.pop_front()) {
        auto changed = moved.front();
        for (auto count = random() % 4; count > 0; --count)
          changed[random() % changed.size()] = static_cast<std::byte>(random() & 0xff);
        if (random() % 8 == 0) changed.resize(random() % changed.size());
        to.receive(changed, now_);
        if (random() % 4 == 0) to.receive(moved.front(), now_);
      }
    };
    for (int turn = 0; turn < 8; ++turn) {
      deliver(to_server_, server);
      deliver(to_client_, client);
    }
    if (client.keys() && server.keys()) {
      EXPECT_EQ(client.keys()->local, server.keys()->remote);
    }
  }
}

TEST_F(Dtls, GarbageAfterTheHandshakeIsDropped) {
  auto client = make_client(server_digest());
  auto server = make_server(client_digest());
  server.start(now_);
  client.start(now_);
  carry(client, server);
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::byte> garbage(13 + random() % 300);
    for (auto& octet : garbage)
      octet = static_cast<std::byte>(random() & 0xff);
    garbage[0] = static_cast<std::byte>(20 + random() % 5);
    garbage[1] = std::byte{0xfe};
    garbage[2] = std::byte{0xfd};
    server.receive(garbage, now_);
  }
  EXPECT_EQ(server.state(), dtls_state::connected);
}

TEST_F(Dtls, CloseIsSeenByTheOtherEnd) {
  auto client = make_client(server_digest());
  auto server = make_server(client_digest());
  server.start(now_);
  client.start(now_);
  carry(client, server);
  client.close();
  carry(client, server);
  EXPECT_EQ(client.state(), dtls_state::closed);
  EXPECT_EQ(server.state(), dtls_state::closed);
  EXPECT_TRUE(server.keys());
}

TEST_F(Dtls, GivesUpAfterItsLimit) {
  auto client = make_client(server_digest());
  client.start(now_);
  client.advance(now_ + dtls_handshake_limit - 1ms);
  EXPECT_EQ(client.state(), dtls_state::handshaking);
  client.advance(now_ + dtls_handshake_limit);
  EXPECT_EQ(client.state(), dtls_state::failed);
  EXPECT_EQ(client.failure(), dtls_failure::timed_out);
  EXPECT_FALSE(client.next_deadline());
}

TEST_F(Dtls, NothingBeforeTheStart) {
  auto server = make_server(client_digest());
  auto client = make_client(server_digest());
  client.start(now_);
  server.receive(to_server_.front(), now_);
  EXPECT_TRUE(to_client_.empty());
  EXPECT_EQ(server.state(), dtls_state::handshaking);
}

}  // namespace
}  // namespace tollgate::gateway::overlay
