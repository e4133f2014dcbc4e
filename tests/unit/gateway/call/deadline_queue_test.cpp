// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/deadline_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace {

using namespace std::chrono_literals;
using tollgate::gateway::call::deadline_queue;

class DeadlineQueue : public testing::Test {
 protected:
  static deadline_queue::time_point at(std::chrono::milliseconds time) {
    return deadline_queue::time_point(time);
  }
  std::unique_ptr<deadline_queue::deadline> make(char name) {
    return std::make_unique<deadline_queue::deadline>(queue_, [this, name](auto) { met_ += name; });
  }
  std::string run(std::chrono::milliseconds now) {
    met_.clear();
    queue_.run(at(now));
    return met_;
  }

  deadline_queue queue_;
  std::string met_;
};

TEST_F(DeadlineQueue, MeetsTheEarliestFirstAndEachOnce) {
  const auto a = make('a'), b = make('b'), c = make('c'), unset = make('u');
  EXPECT_EQ(deadline_queue::never, queue_.next());
  a->set(at(30ms));
  b->set(at(10ms));
  c->set(at(20ms));
  EXPECT_EQ(at(10ms), queue_.next());
  EXPECT_EQ("", run(9ms));
  EXPECT_EQ("bc", run(25ms));
  EXPECT_EQ("a", run(100ms));
  EXPECT_EQ("", run(200ms));
  EXPECT_EQ(deadline_queue::never, queue_.next());
}

TEST_F(DeadlineQueue, IsSetAnewEarlierLaterAndToNothing) {
  const auto a = make('a'), b = make('b');
  a->set(at(30ms));
  b->set(at(20ms));
  a->set(at(10ms));
  b->set(at(40ms));
  EXPECT_EQ("a", run(39ms));
  b->set(deadline_queue::never);
  EXPECT_EQ("", run(1h));
}

TEST_F(DeadlineQueue, OneThatIsSetToThePastInsideItsCallComesNextTime) {
  std::unique_ptr<deadline_queue::deadline> again;
  again = std::make_unique<deadline_queue::deadline>(queue_, [&](auto) {
    met_ += '.';
    again->set(at(1ms));
  });
  again->set(at(5ms));
  EXPECT_EQ(".", run(10ms));
  EXPECT_EQ(".", run(10ms));
}

TEST_F(DeadlineQueue, ForgetsWhatIsGone) {
  auto a = make('a');
  const auto b = make('b');
  a->set(at(1ms));
  b->set(at(1ms));
  a.reset();
  EXPECT_EQ("b", run(1ms));
}

}  // namespace
