// SPDX-License-Identifier: Apache-2.0
// Real sockets on loopback: what waits in them is handed over whole, in order, and with the times at which it
// arrived.
#include "gateway/call/datagram_poller.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace tollgate::gateway::call;
using std::chrono::steady_clock;

const auto loopback = boost::asio::ip::make_address("127.0.0.1");

class DatagramPoller : public testing::Test {
 protected:
  struct taken {
    std::size_t socket;
    std::string text;
    std::uint16_t from;
    steady_clock::time_point at;
  };
  // Number of a socket that is read from now on.
  std::size_t open() {
    const auto number = sockets_.size();
    sockets_.push_back(datagram_socket::bind({loopback, 0}).value());
    watched_.push_back(
        poller_.watch(sockets_.back(), [this, number](auto bytes, const auto& source, auto at) {
          taken_.push_back({number, std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
                            source.port(), at});
          if (then_) then_(number);
        }));
    return number;
  }
  void send(std::size_t to, const std::string& text) {
    sender_.send(std::as_bytes(std::span(text)), {loopback, sockets_[to].port()});
  }
  std::size_t read() { return poller_.read(steady_clock::now()); }

  datagram_poller poller_{
      {[] { return steady_clock::now(); }, [] { return std::chrono::system_clock::now(); }}};
  datagram_socket sender_ = datagram_socket::bind({loopback, 0}).value();
  std::vector<datagram_socket> sockets_;
  std::vector<std::shared_ptr<datagram_poller::watched>> watched_;
  std::vector<taken> taken_;
  std::function<void(std::size_t)> then_;
};

TEST_F(DatagramPoller, HandsOverEverythingThatWaits) {
  constexpr std::size_t sockets = 300, each = 3, many = 100;  // more than are asked for at once
  for (std::size_t i = 0; i < sockets; ++i)
    open();
  for (std::size_t i = 0; i < sockets; ++i)
    for (std::size_t k = 0; k < each; ++k)
      send(i, std::to_string(k));
  for (std::size_t k = each; k < many; ++k)
    send(0, std::to_string(k));
  EXPECT_EQ(sockets * each + many - each, read());
  std::vector<std::size_t> next(sockets, 0);
  for (const auto& one : taken_) {
    EXPECT_EQ(std::to_string(next[one.socket]++), one.text);
    EXPECT_EQ(sender_.port(), one.from);
  }
  EXPECT_EQ(many, next[0]);
  EXPECT_EQ(each, next[sockets - 1]);
  EXPECT_EQ(0U, read());
}

TEST_F(DatagramPoller, TellsWhenEachArrivedHoweverLateItIsRead) {
  const auto socket = open();
  // The kernel begins to note arrivals a while after it was asked to: that is done in the background (net_enable_timestamp).
  for (const auto deadline = steady_clock::now() + 30s; taken_.empty() || taken_.back().at + 2ms > steady_clock::now();) {
    ASSERT_LT(steady_clock::now(), deadline);
    taken_.clear();
    send(socket, "noted?");
    std::this_thread::sleep_for(5ms);
    read();
  }
  taken_.clear();
  const auto before = steady_clock::now();
  send(socket, "a");
  std::this_thread::sleep_for(40ms);
  const auto between = steady_clock::now();
  send(socket, "b");
  std::this_thread::sleep_for(40ms);
  const auto after = steady_clock::now();
  EXPECT_EQ(2U, read());
  ASSERT_EQ(2U, taken_.size());
  constexpr auto exact = 1ms;  // two clocks are read one after the other
  EXPECT_GE(taken_[0].at + exact, before);
  EXPECT_LE(taken_[0].at, between - 40ms + (between - before - 40ms) + exact);
  EXPECT_GE(taken_[1].at + exact, between);
  EXPECT_LE(taken_[1].at, after - 40ms + exact);
}

TEST_F(DatagramPoller, CutsWhatIsTooLongButShowsThatItIs) {
  const auto socket = open();
  send(socket, std::string(datagram_max_bytes, 'x'));
  send(socket, std::string(datagram_max_bytes + 1000, 'y'));
  send(socket, "");
  read();
  ASSERT_EQ(3U, taken_.size());
  EXPECT_EQ(datagram_max_bytes, taken_[0].text.size());
  EXPECT_EQ(datagram_max_bytes + 1, taken_[1].text.size());
  EXPECT_EQ(0U, taken_[2].text.size());
}

TEST_F(DatagramPoller, ReadsNoLongerWhatIsForgotten) {
  open();
  open();
  send(0, "a");
  send(1, "b");
  // Whichever comes first forgets both, inside its own call.
  then_ = [this](std::size_t) {
    for (const auto& each : watched_)
      poller_.forget(each);
  };
  read();
  EXPECT_EQ(1U, taken_.size());
  send(0, "c");
  EXPECT_EQ(0U, read());
}

TEST_F(DatagramPoller, ComesBackFromASocketThatIsFilledFasterThanItIsRead) {
  const auto socket = open();
  std::size_t answered = 0;
  then_ = [&](std::size_t) {
    for (int i = 0; i < 3 && answered < 100'000; ++i, ++answered)
      send(socket, "more");
  };
  send(socket, "first");
  EXPECT_LT(read(), 1'000U);
}

TEST_F(DatagramPoller, IsReadableWhenASocketIs) {
  const auto socket = open();
  pollfd waits{poller_.descriptor(), POLLIN, 0};
  EXPECT_EQ(0, poll(&waits, 1, 0));
  send(socket, "a");
  EXPECT_EQ(1, poll(&waits, 1, 10'000));
  read();
  EXPECT_EQ(0, poll(&waits, 1, 0));
}

}  // namespace
