// SPDX-License-Identifier: Apache-2.0
// ICE-TCP with real sockets: who is let in, and what those get who mean no good.
#include "gateway/call/ice_tcp_listener.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "gateway/overlay/stream_framing.hpp"

namespace tollgate::gateway::call {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using octets = std::vector<std::byte>;
using namespace std::chrono_literals;

constexpr std::byte friend_mark{1};

// As far as the listener looks: a STUN message; the mark tells whether somebody here knows its sender.
octets stun(std::byte mark) {
  octets packet(20, std::byte{0});
  packet[19] = mark;
  return packet;
}

octets rtp(std::byte filling, std::size_t size = 160) {
  octets packet(size, filling);
  packet[0] = std::byte{0x80};
  packet[1] = std::byte{0};
  return packet;
}

octets framed(const octets& packet) {
  const auto length = overlay::frame_length_of(packet.size());
  octets stream(length.begin(), length.end());
  stream.insert(stream.end(), packet.begin(), packet.end());
  return stream;
}

// A far end with a blocking socket.
class far_end {
 public:
  explicit far_end(const tcp::endpoint& to) { socket_.connect(to); }
  void send(const octets& stream) {
    boost::system::error_code ignored;  // the other end may have closed already
    asio::write(socket_, asio::buffer(stream), ignored);
  }
  // The next packet; nothing when the connection was closed.
  std::optional<octets> receive() {
    overlay::frame_length length{};
    boost::system::error_code error;
    asio::read(socket_, asio::buffer(length), error);
    if (error) return std::nullopt;
    octets packet(std::to_integer<std::size_t>(length[0]) << 8 | std::to_integer<std::size_t>(length[1]));
    asio::read(socket_, asio::buffer(packet), error);
    return error ? std::nullopt : std::optional(packet);
  }
  bool closed() { return !receive(); }

 private:
  asio::io_context context_;
  tcp::socket socket_{context_};
};

class IceTcp : public testing::Test {
 protected:
  ~IceTcp() override {
    if (!runner_.joinable()) return;
    asio::post(context_, [this] { listener_->stop(); });
    work_.reset();
    runner_.join();
  }

  // Friends prove themselves by their first check; whatever they send comes back.
  void listen(ice_tcp_limits limits = {}) {
    const tcp::endpoint any(asio::ip::make_address("127.0.0.1"), 0);
    const auto take = [this](std::span<const std::byte> packet, const overlay::transport_address& from) {
      ++packets_;
      EXPECT_EQ(overlay::transport_protocol::tcp, from.protocol);
      const bool check = packet[0] == std::byte{0};
      if (check && packet[19] != friend_mark) return false;
      if (check) listener_->prove(from);
      latest_ = from;
      listener_->send(packet, from);
      return true;
    };
    // The port of a throw-away acceptor: the listener tells of its port to nobody.
    {
      tcp::acceptor probe(context_, any);
      at_ = probe.local_endpoint();
    }
    listener_ = std::make_shared<ice_tcp_listener>(context_, at_, limits, take);
    listener_->start();
    runner_ = std::thread([this] { context_.run(); });
  }

  std::size_t connections() {
    std::promise<std::size_t> told;
    asio::post(context_, [&] { told.set_value(listener_->connections()); });
    return told.get_future().get();
  }

  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::shared_ptr<ice_tcp_listener> listener_;
  overlay::transport_address latest_;
  std::atomic<int> packets_ = 0;
  tcp::endpoint at_;
  std::thread runner_;
};

TEST_F(IceTcp, PacketsPassBothWaysAfterACheck) {
  listen();
  far_end peer(at_);
  peer.send(framed(stun(friend_mark)));
  EXPECT_EQ(stun(friend_mark), peer.receive());
  auto stream = framed(rtp(std::byte{5}));
  const auto second = framed(rtp(std::byte{6}, 1200));
  stream.insert(stream.end(), second.begin(), second.end());
  peer.send(stream);
  EXPECT_EQ(rtp(std::byte{5}), peer.receive());
  EXPECT_EQ(rtp(std::byte{6}, 1200), peer.receive());
}

TEST_F(IceTcp, WhoDoesNotBeginWithACheckIsDropped) {
  listen();
  octets request(200, std::byte{'G'});  // "GGGG…": a length that no packet has
  for (const auto& beginning : {framed(rtp(std::byte{1})), framed(octets(30, std::byte{22})),
                                framed(octets(3, std::byte{0})), request}) {
    far_end peer(at_);
    peer.send(beginning);
    EXPECT_TRUE(peer.closed());
  }
  EXPECT_EQ(0, packets_);
  EXPECT_EQ(0U, connections());
}

TEST_F(IceTcp, WhoIsNotKnownHereIsDropped) {
  listen();
  far_end stranger(at_);
  stranger.send(framed(stun(std::byte{9})));
  EXPECT_TRUE(stranger.closed());
  EXPECT_EQ(1, packets_);
}

TEST_F(IceTcp, AKnownPeerThatBreaksTheFramingIsDropped) {
  listen();
  far_end peer(at_);
  peer.send(framed(stun(friend_mark)));
  EXPECT_TRUE(peer.receive());
  peer.send(octets(2, std::byte{0xff}));
  EXPECT_TRUE(peer.closed());
}

TEST_F(IceTcp, WhoIsSlowToProveItselfIsDropped) {
  ice_tcp_limits limits;
  limits.proof = 50ms;
  listen(limits);
  far_end silent(at_), slow(at_);
  slow.send(octets(3, std::byte{0}));  // of a check that never ends
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(slow.closed());
}

TEST_F(IceTcp, AKnownPeerThatFallsSilentIsDropped) {
  ice_tcp_limits limits;
  limits.idle = 50ms;
  listen(limits);
  far_end peer(at_);
  peer.send(framed(stun(friend_mark)));
  EXPECT_TRUE(peer.receive());
  EXPECT_TRUE(peer.closed());
}

TEST_F(IceTcp, BeyondTheLimitsSomebodyIsDropped) {
  ice_tcp_limits limits;
  limits.unproven = 2;
  limits.connections_of_address = 3;
  listen(limits);
  far_end first(at_), second(at_), third(at_);
  EXPECT_TRUE(first.closed()) << "too many that have proved nothing: the oldest goes";
  for (auto* peer : {&second, &third}) {
    peer->send(framed(stun(friend_mark)));
    EXPECT_TRUE(peer->receive());
  }
  far_end fourth(at_), fifth(at_);
  EXPECT_TRUE(fifth.closed()) << "too many of one address";
  fourth.send(framed(stun(friend_mark)));
  EXPECT_TRUE(fourth.receive());
  EXPECT_EQ(3U, connections());
}

TEST_F(IceTcp, APeerThatDoesNotReadLosesMediaAndNothingElse) {
  listen();
  far_end peer(at_);
  peer.send(framed(stun(friend_mark)));
  EXPECT_TRUE(peer.receive());
  constexpr int flood = 20'000;  // far more than any socket buffer holds
  std::promise<void> sent;
  asio::post(context_, [&] {
    for (int i = 0; i < flood; ++i)
      listener_->send(rtp(static_cast<std::byte>(i % 251), 1000), latest_);
    listener_->send(stun(std::byte{77}), latest_);  // waits behind what has begun
    sent.set_value();
  });
  sent.get_future().wait();
  int whole = 0;
  for (auto packet = peer.receive(); packet; packet = peer.receive()) {
    if (*packet == stun(std::byte{77})) break;
    ASSERT_EQ(1000U, packet->size()) << "the framing was lost";
    ++whole;
  }
  EXPECT_GT(whole, 0);
  EXPECT_LT(whole, flood);
  peer.send(framed(rtp(std::byte{3})));  // and it goes on
  EXPECT_EQ(rtp(std::byte{3}), peer.receive());
}

TEST_F(IceTcp, ACallThatEndsTakesItsConnectionWithIt) {
  listen();
  far_end peer(at_);
  peer.send(framed(stun(friend_mark)));
  EXPECT_TRUE(peer.receive());
  asio::post(context_, [this] { listener_->close(latest_); });
  EXPECT_TRUE(peer.closed());
  EXPECT_EQ(0U, connections());
}

}  // namespace
}  // namespace tollgate::gateway::call
