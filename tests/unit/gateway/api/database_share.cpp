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
  void enter_for(const char* client, const char* name) {
    boost::asio::co_spawn(context_, take_for(*this, client, name), boost::asio::detached);
    settle();
  }
  static boost::asio::awaitable<void> take_for(Places& in, std::string client, std::string name) {
    auto place = co_await in.places_->enter(1h, nullptr, client);
    in.told_.push_back(name);
    in.held_.push_back(std::move(*place));
  }
  // That of the one who was the n-th to get a place, of those who have one.
  void leave(int n) {
    held_.erase(std::next(held_.begin(), n));
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

TEST_F(Places, OfOneClientAreAPartAndAnotherIsServedAtOnce) {
  places_ = std::make_shared<places>(4, 2);
  for (const char* name : {"flood 1", "flood 2", "flood 3", "flood 4", "flood 5", "flood 6"})
    enter_for("flood", name);
  EXPECT_EQ(told_, (std::vector<std::string>{"flood 1", "flood 2"})) << "though two are free";
  enter_for("desk", "desk 1");
  EXPECT_EQ(told_.back(), "desk 1");
  enter_for("other", "other 1");
  enter_for("desk", "desk 2");
  EXPECT_EQ(told_.back(), "other 1") << "four in all";
  leave(0);  // the flood's
  EXPECT_EQ(told_.back(), "flood 3") << "has waited for longer than the desk, which has as many";
  leave(1);  // the desk's
  EXPECT_EQ(told_.back(), "desk 2");
  leave(1);  // another's
  EXPECT_EQ(told_.back(), "desk 2") << "the flood has its part";
  leave(0);
  EXPECT_EQ(told_.back(), "flood 4") << "it has one less";
}

TEST_F(Places, AreForWhoHasTheFewest) {
  places_ = std::make_shared<places>(4, 3);
  for (const char* name : {"flood 1", "flood 2", "flood 3"})
    enter_for("flood", name);
  enter_for("third", "third 1");
  enter_for("flood", "flood 4");
  enter_for("desk", "desk 1");
  enter_for("desk", "desk 2");
  enter_for("", "the gateway's own");
  leave(0);  // of the flood
  EXPECT_EQ(told_.back(), "the gateway's own");
  leave(0);
  EXPECT_EQ(told_.back(), "desk 1") << "has none, and came later than one who has";
  leave(0);
  EXPECT_EQ(told_.back(), "flood 4") << "has none now";
  leave(0);
  EXPECT_EQ(told_.back(), "desk 2");
  held_.clear();
  settle();
  for (const char* name : {"flood 5", "flood 6", "flood 7", "flood 8"})
    enter_for("flood", name);
  EXPECT_EQ(told_.back(), "flood 7") << "three of four again";
}

TEST_F(Places, TheGatewaysOwnHaveNoPart) {
  places_ = std::make_shared<places>(4, 2);
  for (const char* name : {"a", "b", "c", "d", "e"})
    enter_for("", name);
  EXPECT_EQ(told_.back(), "d");
}

TEST(DatabaseShare, IsNeverOneClientsAlone) {
  using row = std::array<std::size_t, 2>;
  for (const auto& [all, part] : {row{0, 1}, row{1, 1}, row{2, 1}, row{3, 2}, row{6, 2}, row{8, 2}, row{12, 3}, row{24, 6}})
    EXPECT_EQ(database_share::of_client(all), part) << all;
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
