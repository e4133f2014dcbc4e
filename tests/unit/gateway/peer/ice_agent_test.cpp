// SPDX-License-Identifier: Apache-2.0
// Two agents on loopback; every wait is for an event, with a deadline.
#include "gateway/peer/ice_agent.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

#include "gateway/peer/glib_thread.hpp"

namespace tollgate::gateway::peer {
namespace {

struct end {
  std::optional<ice_description> local;
  bool connected = false;
  bool failed = false;
  std::vector<std::vector<std::byte>> received;
  std::optional<ice_agent> agent;

  void open(glib_thread& glib, boost::asio::io_context& context) {
    agent.emplace(glib, context.get_executor(), ice_options{.include_loopback = true},
                  ice_events{[this](ice_description description) { local = std::move(description); },
                             [this] { connected = true; }, [this] { failed = true; },
                             [this](std::span<const std::byte> datagram) {
                               received.emplace_back(datagram.begin(), datagram.end());
                             }});
  }
};

class IceAgent : public testing::Test {
 protected:
  template <typename Condition>
  bool wait(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    auto work = boost::asio::make_work_guard(context_);
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      context_.restart();
      context_.run_one_for(std::chrono::milliseconds(100));
    }
    return condition();
  }

  boost::asio::io_context context_;
  glib_thread glib_;
};

TEST_F(IceAgent, GathersLoopbackWhenAsked) {
  end one;
  one.open(glib_, context_);
  ASSERT_TRUE(wait([&] { return one.local.has_value(); }));
  EXPECT_FALSE(one.local->username_fragment.empty());
  EXPECT_FALSE(one.local->password.empty());
  EXPECT_TRUE(std::ranges::any_of(one.local->candidates, [](const std::string& candidate) {
    return candidate.starts_with("candidate:") && candidate.find(" 127.0.0.1 ") != std::string::npos;
  }));
}

TEST_F(IceAgent, TwoEndsConnectAndExchangeDatagrams) {
  end one;
  end two;
  one.open(glib_, context_);
  two.open(glib_, context_);
  ASSERT_TRUE(wait([&] { return one.local.has_value() && two.local.has_value(); }));
  ice_description damaged = *two.local;
  damaged.candidates.insert(damaged.candidates.begin(), {"", "candidate:", "candidate:x y z", "nonsense"});
  one.agent->set_remote(damaged);
  two.agent->set_remote(*one.local);
  ASSERT_TRUE(wait([&] { return one.connected && two.connected; }));
  const std::vector<std::byte> datagram{std::byte{0x80}, std::byte{1}, std::byte{2}};
  one.agent->send(datagram);
  two.agent->send(datagram);
  ASSERT_TRUE(wait([&] { return !one.received.empty() && !two.received.empty(); }));
  EXPECT_EQ(one.received.front(), datagram);
  EXPECT_EQ(two.received.front(), datagram);
}

TEST_F(IceAgent, NothingArrivesAfterItsEnd) {
  for (int round = 0; round < 5; ++round) {
    end one;
    one.open(glib_, context_);
    if (round % 2 == 0) {
      ASSERT_TRUE(wait([&] { return one.local.has_value(); }));
    }
    one.agent->send(std::vector<std::byte>(3));
    one.agent.reset();
    one.local.reset();
    context_.restart();
    context_.poll();
    EXPECT_FALSE(one.local.has_value());
  }
}

}  // namespace
}  // namespace tollgate::gateway::peer
