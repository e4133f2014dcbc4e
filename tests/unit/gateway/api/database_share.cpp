// SPDX-License-Identifier: Apache-2.0
#include "gateway/api/database_share.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <list>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace tollgate::gateway::api {
namespace {

using namespace std::chrono_literals;

class Places : public testing::Test {
 protected:
  void enter(const char* name, std::chrono::milliseconds patience = 1h) {
    boost::asio::co_spawn(context_, take(*this, name, patience), boost::asio::detached);
    settle();
  }
  static boost::asio::awaitable<void> take(Places& in, std::string name, std::chrono::milliseconds patience) {
    auto place = co_await in.places_->enter(patience);
    in.told_.push_back(name + (place ? "" : " gave up"));
    if (place) in.held_.push_back(std::move(*place));
  }
  // Who is given up when that is true.
  void enter(const char* name, const std::atomic<bool>& abandoned) {
    boost::asio::co_spawn(context_, take_unless(*this, name, abandoned), boost::asio::detached);
    settle();
  }
  static boost::asio::awaitable<void> take_unless(Places& in, std::string name, const std::atomic<bool>& abandoned) {
    auto place = co_await in.places_->enter(1h, &abandoned);
    in.told_.push_back(name + (place ? "" : " gave up"));
    if (place) in.held_.push_back(std::move(*place));
  }
  void leave() {
    held_.erase(held_.begin());
    settle();
  }
  // What can go on goes on; timers of an hour do not.
  void settle() {
    context_.restart();
    context_.poll();
  }

  boost::asio::io_context context_{1};
  std::shared_ptr<places> places_ = std::make_shared<places>(2);
  std::list<places::held> held_;
  std::vector<std::string> told_;
};

TEST_F(Places, AreGivenInTheOrderOfComing) {
  for (const char* name : {"a", "b", "c", "d"})
    enter(name);
  EXPECT_EQ(told_, (std::vector<std::string>{"a", "b"}));
  leave();
  EXPECT_EQ(told_.back(), "c");
  leave();
  EXPECT_EQ(told_.back(), "d");
  leave();
  leave();
  EXPECT_TRUE(held_.empty());
  enter("e");
  enter("f");
  enter("g");
  EXPECT_EQ(told_, (std::vector<std::string>{"a", "b", "c", "d", "e", "f"})) << "two again, and no more";
  held_.clear();
  settle();
  held_.clear();
}

TEST_F(Places, AreNotWaitedForForEver) {
  enter("a");
  enter("b");
  enter("c", 1ms);
  context_.restart();
  while (told_.size() < 3)
    context_.run_one();
  EXPECT_EQ(told_.back(), "c gave up");
  leave();
  enter("d");
  EXPECT_EQ(told_.back(), "d") << "nobody holds the place of who gave up";
  held_.clear();
}

TEST(DatabaseShare, LeavesConnectionsForCalls) {
  using row = std::array<int, 3>;
  for (const auto& [pool, any, lasting] : {row{8, 6, 2}, row{4, 3, 1}, row{2, 1, 1}, row{1, 1, 1}}) {
    const database_share share(static_cast<std::size_t>(pool));
    boost::asio::io_context context(1);
    std::list<places::held> held;
    const auto fill = [&](const std::shared_ptr<places>& of) {
      held.clear();
      for (int i = 0; i < pool + 1; ++i)
        boost::asio::co_spawn(context, of->enter(0ms), [&](std::exception_ptr, std::optional<places::held> place) {
          if (place) held.push_back(std::move(*place));
        });
      context.restart();
      context.run();
      return held.size();
    };
    EXPECT_EQ(static_cast<int>(fill(share.any)), any) << pool;
    EXPECT_EQ(static_cast<int>(fill(share.lasting)), lasting) << pool;
  }
}

TEST_F(Places, WhoIsNotAwaitedAnyMoreLeavesTheQueue) {
  std::atomic<bool> abandoned{false};
  for (const char* name : {"a", "b"})
    enter(name);
  enter("c", abandoned);
  enter("d");
  abandoned = true;
  context_.restart();
  while (told_.size() < 3)
    context_.run_one();
  EXPECT_EQ(told_.back(), "c gave up");
  leave();
  EXPECT_EQ(told_.back(), "d") << "the place is for who has waited for longest of the others";
}

}  // namespace
}  // namespace tollgate::gateway::api
