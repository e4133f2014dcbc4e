// SPDX-License-Identifier: Apache-2.0
// A media worker that could not run for a while: what arrived meanwhile waits in the kernel, and none of it
// is taken for lost or for late, though all of its deadlines have passed. Calls go on as if nothing had been:
// nothing is made up, and no jitter buffer grows for the worker's own lateness.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>

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
  std::vector<media_report> reports() {
    std::vector<media_report> all;
    for (const auto& call : calls_.calls()) {
      std::optional<media_report> facts;
      call->session().report([&facts](media_report report) { facts = std::move(report); });
      while (!facts) {
        calls_.signalling().restart();
        calls_.signalling().run_for(5ms);
      }
      all.push_back(*facts);
    }
    return all;
  }
  // What has come to the calls in between; empty: nothing.
  static std::string harm(const std::vector<media_report>& before, const std::vector<media_report>& after) {
    constexpr auto growth_most = 10ms;  // of a jitter buffer
    std::string text;
    const auto compare = [&](std::size_t call, const char* leg, const media::leg_statistics& was,
                             const media::leg_statistics& is) {
      if (is.late == was.late && is.concealed == was.concealed &&
          is.playout_delay <= was.playout_delay + growth_most)
        return;
      text += "call " + std::to_string(call) + " " + leg + ": late " + std::to_string(is.late - was.late) +
              ", concealed " + std::to_string((is.concealed - was.concealed).count()) +
              " ms, jitter buffer from " + std::to_string(was.playout_delay.count()) + " to " +
              std::to_string(is.playout_delay.count()) + " ms\n";
    };
    for (std::size_t call = 0; call < before.size(); ++call) {
      compare(call, "overlay", before[call].overlay, after[call].overlay);
      compare(call, "trunk", before[call].trunk, after[call].trunk);
    }
    return text;
  }

  test::synthetic_calls calls_{1};
};

TEST_F(Stall, WhatWaitsInTheKernelIsNeitherLostNorLate) {
  constexpr std::size_t number = 6;
  // On a busy machine the far ends may not keep their pace, or the kernel may deliver late: one attempt
  // without either shows that a held worker does no harm, and one that does harm does it every time.
  constexpr int attempts_most = 20, judged_most = 8;
  constexpr auto pace_kept = 5ms;  // the jitter buffers let the far ends be this much late
  constexpr auto held_for = 120ms;
  for (std::size_t i = 0; i < number; ++i)
    ASSERT_TRUE(calls_.add(true));
  ASSERT_EQ(0U, calls_.connect());
  calls_.run(2s);

  int judged = 0;
  bool harmless = false;
  std::string harm_done;
  for (int attempt = 0; attempt < attempts_most && judged < judged_most && !harmless; ++attempt) {
    const auto before = reports();
    const auto stall = std::make_shared<gate>();
    auto& session = calls_.calls().front()->session();
    session.record(media::side::trunk, std::make_shared<hurdle>(stall));
    bool kept = true;
    const auto run = [&](std::chrono::milliseconds time) {
      calls_.run(time);
      kept = kept && calls_.behind() < pace_kept;
    };
    run(100ms);
    session.record(media::side::trunk, nullptr);
    stall->wait_until_somebody_is_held();
    run(held_for);
    stall->open();
    run(600ms);  // a jitter buffer grows bit by bit
    if (!kept) continue;
    ++judged;
    harm_done = harm(before, reports());
    harmless = harm_done.empty();
  }
  if (!harmless && judged < judged_most) GTEST_SKIP() << "the far ends could not keep their pace";
  EXPECT_TRUE(harmless) << harm_done;
}

}  // namespace
