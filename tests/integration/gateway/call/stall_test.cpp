// SPDX-License-Identifier: Apache-2.0
// A media worker that could not run for a while: what arrived meanwhile waits in the kernel, and none of it
// is taken for lost or for late, though all of its deadlines have passed. Calls go on as if nothing had been:
// nothing is made up, and no jitter buffer grows for the worker's own lateness.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "synthetic_calls.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tollgate::gateway::call;
namespace media = tollgate::pstn::media;

// Keeps the thread that passes it.
class gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    held_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_until_somebody_is_held() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return held_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false, held_ = false;
};

// A recorder that is taken off a call ends on the worker's thread: so it comes to the gate.
class hurdle final : public media::audio_sink {
 public:
  explicit hurdle(std::shared_ptr<gate> before) : gate_(std::move(before)) {}
  ~hurdle() override { gate_->pass(); }
  void write(std::span<const std::int16_t>, int) override {}

 private:
  std::shared_ptr<gate> gate_;
};

class Stall : public testing::Test {
 protected:
  media_report report(std::size_t call) {
    std::optional<media_report> facts;
    calls_.calls()[call]->session().report([&facts](media_report report) { facts = std::move(report); });
    while (!facts) {
      calls_.signalling().restart();
      calls_.signalling().run_for(5ms);
    }
    return *facts;
  }
  static std::uint64_t harm(const media_report& facts) {
    return facts.overlay.late + facts.trunk.late +
           static_cast<std::uint64_t>((facts.overlay.concealed + facts.trunk.concealed).count());
  }

  test::synthetic_calls calls_{1};
};

TEST_F(Stall, WhatWaitsInTheKernelIsNeitherLostNorLate) {
  constexpr std::size_t number = 6;
  constexpr int attempts_most = 40, attempts_wanted = 3;
  constexpr auto held_for = 120ms, growth_most = 10ms;
  for (std::size_t i = 0; i < number; ++i)
    ASSERT_TRUE(calls_.add(true));
  ASSERT_EQ(0U, calls_.connect());
  calls_.run(2s);

  int judged = 0;
  for (int attempt = 0; attempt < attempts_most && judged < attempts_wanted; ++attempt) {
    std::vector<media_report> before;
    for (std::size_t i = 0; i < number; ++i)
      before.push_back(report(i));
    // The jitter buffers let the far ends be this much late; a busy machine may not let them keep it.
    constexpr auto pace_kept = 5ms;
    const auto stall = std::make_shared<gate>();
    auto& session = calls_.calls().front()->session();
    session.record(media::side::trunk, std::make_shared<hurdle>(stall));
    calls_.run(100ms);
    bool kept = calls_.behind() < pace_kept;
    session.record(media::side::trunk, nullptr);
    stall->wait_until_somebody_is_held();
    calls_.run(held_for);
    kept = kept && calls_.behind() < pace_kept;
    stall->open();
    calls_.run(100ms);
    if (!kept || calls_.behind() >= pace_kept) continue;
    ++judged;
    for (std::size_t i = 0; i < number; ++i)
      EXPECT_EQ(harm(before[i]), harm(report(i))) << "call " << i << ", attempt " << attempt;
    calls_.run(500ms);  // a jitter buffer grows bit by bit
    if (calls_.behind() >= pace_kept) continue;
    for (std::size_t i = 0; i < number; ++i) {
      const auto after = report(i);
      EXPECT_LE(after.overlay.playout_delay, before[i].overlay.playout_delay + growth_most);
      EXPECT_LE(after.trunk.playout_delay, before[i].trunk.playout_delay + growth_most);
    }
  }
  if (judged == 0) GTEST_SKIP() << "the far ends could not keep their pace";
}

}  // namespace
