// SPDX-License-Identifier: Apache-2.0
// Connections by TCP of those whom nobody knows: too many, silent, and beside one that is trusted.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "far_end.hpp"

namespace tollgate::tests::sip {
namespace {

constexpr const char* stranger = "127.0.0.9";
constexpr const char* friendly = "127.0.0.1";

class stream {
 public:
  stream(const char* from, std::uint16_t to) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in own{}, remote{};
    own.sin_family = remote.sin_family = AF_INET;
    remote.sin_port = htons(to);
    inet_pton(AF_INET, from, &own.sin_addr);
    inet_pton(AF_INET, "127.0.0.1", &remote.sin_addr);
    const timeval longest{patience.count(), 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own), 0);
    EXPECT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&remote), sizeof remote), 0);
  }
  ~stream() { close(socket_); }
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  void send(std::string_view text) const { (void)::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
  /// Whether the other end has closed it; waits for that, or for what comes instead.
  bool is_cut() const {
    std::array<char, 4096> buffer{};
    const auto size = recv(socket_, buffer.data(), buffer.size(), 0);
    return size == 0 || (size < 0 && errno == ECONNRESET);
  }
  /// Whether an OPTIONS is answered, with whatever.
  bool is_answered() const {
    send("OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.9:9;branch=z9hG4bK" +
         std::to_string(socket_) + "\r\nFrom: <sip:a@127.0.0.9>;tag=1\r\nTo: <sip:x@127.0.0.1>\r\nCall-ID: " +
         std::to_string(socket_) + "\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
    std::array<char, 4096> buffer{};
    const auto size = recv(socket_, buffer.data(), buffer.size(), 0);
    return size > 0 &&
           std::string_view(buffer.data(), static_cast<std::size_t>(size)).starts_with("SIP/2.0 ");
  }

 private:
  int socket_;
};

/// A user agent whose clock stands still until it is told to go on.
struct bounded_agent {
  explicit bounded_agent(ua::connection_bounds bounds)
      : ours([&](ua::user_agent_options& options) {
          options.stranger_connections = bounds;
          options.now = [this] {
            return std::chrono::steady_clock::time_point(std::chrono::seconds(now_s.load()));
          };
        }) {}
  std::atomic<int> now_s = 1'000;
  agent ours;
};

void trust(agent& ours) {
  ours.user_agent.set_admission(
      [](const ua::source_address& from, std::string_view) { return ua::admission{from.ip == friendly}; });
}

void await_cut(const agent& ours, std::uint64_t count) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (ours.user_agent.strangers().connections_cut < count && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(ours.user_agent.strangers().connections_cut, count);
}

TEST(ConnectionsOfStrangers, AreBoundedByTheirSourceAndInAll) {
  bounded_agent made({3, 2, std::chrono::hours(1)});
  agent& ours = made.ours;
  trust(ours);
  std::vector<std::unique_ptr<stream>> first;
  for (int i = 0; i < 2; ++i) {
    first.push_back(std::make_unique<stream>(stranger, ours.port));
    EXPECT_TRUE(first.back()->is_answered());
  }
  EXPECT_TRUE(stream(stranger, ours.port).is_cut()) << "a third of one source";
  const stream other("127.0.0.10", ours.port);
  EXPECT_TRUE(other.is_answered());
  EXPECT_TRUE(stream("127.0.0.11", ours.port).is_cut()) << "a fourth in all";
  for (int i = 0; i < 5; ++i)
    EXPECT_TRUE(stream(friendly, ours.port).is_answered()) << "who is trusted is not counted";
  await_cut(ours, 2);
  first.pop_back();  // makes room, once the user agent has seen it
  bool is_taken = false;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!is_taken && std::chrono::steady_clock::now() < deadline)
    is_taken = stream(stranger, ours.port).is_answered();
  EXPECT_TRUE(is_taken);
}

TEST(ConnectionsOfStrangers, AreCutWhenNothingWholeComes) {
  bounded_agent made({100, 100, std::chrono::seconds(1)});
  agent& ours = made.ours;
  trust(ours);
  const stream trusted(friendly, ours.port);
  const stream mute(stranger, ours.port);
  const stream half(stranger, ours.port);
  const stream spoken(stranger, ours.port);
  half.send("OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.9");
  EXPECT_TRUE(spoken.is_answered());
  made.now_s += 1;
  EXPECT_TRUE(mute.is_cut());
  EXPECT_TRUE(half.is_cut());
  EXPECT_TRUE(spoken.is_cut());
  await_cut(ours, 3);
  EXPECT_TRUE(trusted.is_answered());
}

TEST(ConnectionsOfStrangers, LiveOnceTheirSourceIsTrusted) {
  bounded_agent made({100, 100, std::chrono::seconds(1)});
  agent& ours = made.ours;
  ours.user_agent.set_admission([](const ua::source_address&, std::string_view) { return ua::admission{}; });
  const stream early("127.0.0.9", ours.port);
  EXPECT_TRUE(early.is_answered());
  const stream other("127.0.0.10", ours.port);
  ours.user_agent.set_admission(
      [](const ua::source_address& from, std::string_view) { return ua::admission{from.ip == stranger}; });
  EXPECT_TRUE(other.is_answered());  // by the new rule already
  made.now_s += 1;
  EXPECT_TRUE(other.is_cut());
  EXPECT_TRUE(early.is_answered());
}

}  // namespace
}  // namespace tollgate::tests::sip
