// SPDX-License-Identifier: Apache-2.0
// A media worker is offered one and a half times the calls that it carries with the best encoding: it refines
// less, then refuses, the calls that it has stay clean meanwhile, and it recovers when they have gone. The
// worker judges by what it really uses, so how many calls that takes is found by trying: nothing here depends
// on how fast the machine is, but other programs must leave the worker the core that it asks for.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <thread>

#include "synthetic_calls.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tollgate::gateway::call;
using std::chrono::steady_clock;
using seconds_of = std::chrono::duration<double>;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t step = 5;
// The far ends run in this process, too, and are not known to keep their pace with so many calls when they
// are sanitized: only the steps are judged, not the sound.
constexpr bool judges_sound = false;
#else
constexpr std::size_t step = 30;
constexpr bool judges_sound = true;
#endif
constexpr std::size_t most = 3000, listened = 5;
constexpr double clean = 0.97;
constexpr double denied_most = 0.05;
constexpr int windows_most = 8;

// With one core for the worker and the far ends, a smaller part of it is the worker's.
load_limits limits() {
  load_limits chosen;
  if (std::thread::hardware_concurrency() < 2) chosen.share_high = 0.3;
  return chosen;
}

// Tells which share of the time the worker was ready to run while the kernel ran somebody else.
class denial {
 public:
  denial() {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      std::string name;
      std::getline(std::ifstream(task.path() / "comm"), name);
      if (name == "media-0") file_ = task.path() / "schedstat";
    }
    share();
  }
  double share() {  // since it was asked before
    double running_ns = 0, waiting_ns = 0;
    std::ifstream(file_) >> running_ns >> waiting_ns;
    const auto now = steady_clock::now();
    const double share = (waiting_ns - waiting_ns_) / 1e9 / seconds_of(now - since_).count();
    waiting_ns_ = waiting_ns;
    since_ = now;
    return share;
  }

 private:
  std::filesystem::path file_;
  double waiting_ns_ = 0;
  steady_clock::time_point since_;
};

class Overload : public testing::Test {
 protected:
  load_level level() {
    const auto now = calls_.engine().figures().workers.front().level;
    seen_.insert(now);
    return now;
  }
  std::function<void()> watch() {
    return [this] { level(); };
  }

  // The first calls are listened to: more would be work for the far ends rather than for the worker.
  void offer() {
    for (std::size_t i = 0; i < step; ++i, ++offered_)
      if (!calls_.add(i == 0 && offered_ < listened * step)) ++refused_;
    lost_ += calls_.connect(watch());
    calls_.run(500ms, watch());
    if (carried_at_best_ == 0 && level() != load_level::normal) carried_at_best_ = calls_.calls().size();
  }

  struct sums {
    double sent = 0, heard = 0, listened = 0, right = 0;
  };
  sums sum() {
    sums all;
    for (const auto& each : calls_.calls()) {
      all.sent += 2 * static_cast<double>(each->sent());
      all.heard += static_cast<double>(each->peer().packets + each->trunk().packets);
      for (const auto* by : {&each->peer(), &each->trunk()}) {
        all.right += static_cast<double>(by->frames_right);
        all.listened += static_cast<double>(by->frames_right + by->frames_wrong);
      }
    }
    return all;
  }
  // The share of packets that arrive, or of frames that are right: whichever is less.
  double cleanliness(std::chrono::milliseconds time) {
    const sums before = sum();
    calls_.run(time, watch());
    const sums after = sum();
    const double arrived = (after.heard - before.heard) / (after.sent - before.sent);
    const double right = (after.right - before.right) / std::max(after.listened - before.listened, 1.0);
    std::cout << arrived << " arrived, " << right << " right\n";
    return std::min(arrived, right);
  }

  test::synthetic_calls calls_{1, true, limits()};
  std::set<load_level> seen_;
  std::size_t offered_ = 0, carried_at_best_ = 0, refused_ = 0, lost_ = 0;
};

TEST_F(Overload, DegradesWithGraceRefusesAndRecovers) {
  denial denied;
  while (offered_ < most && (carried_at_best_ == 0 || refused_ == 0 || offered_ < carried_at_best_ * 3 / 2)) {
    offer();
    if (const double share = denied.share(); share > 4 * denied_most)
      GTEST_SKIP() << "other programs take " << share << " of the worker's time";
  }
  ASSERT_GT(carried_at_best_, 0U) << "never loaded";
  ASSERT_GT(refused_, 0U) << "never refused";
  // Room is asked for as with the cheapest encoder, which the live calls may get a moment later.
  const auto soon = steady_clock::now() + 10s;
  while (!seen_.contains(load_level::least) && steady_clock::now() < soon)
    calls_.run(100ms, watch());
  EXPECT_TRUE(seen_.contains(load_level::reduced));
  EXPECT_TRUE(seen_.contains(load_level::least));
  EXPECT_EQ(refused_, calls_.engine().figures().calls_refused);
  EXPECT_EQ(0U, lost_) << "calls that were let in do not connect";

  // More is offered all the time; the live ones are clean. A worker that has too much to do does not get well
  // by waiting, one from which something else took the core for a moment does.
  double best = -1, denied_then = 0;
  for (int window = 0; judges_sound && window < windows_most && best < clean; ++window) {
    for (std::size_t i = 0; i < step; ++i, ++offered_)
      if (!calls_.add(false)) ++refused_;
    lost_ += calls_.connect(watch());
    denied.share();
    const double now = cleanliness(2s);
    if (now > best) denied_then = denied.share();
    best = std::max(best, now);
  }
  std::cout << "carried at complexity 5: " << carried_at_best_ << ", offered " << offered_ << ", accepted "
            << calls_.calls().size() << ", " << best << " clean\n";
  if (judges_sound && best < clean && denied_then > denied_most)
    GTEST_SKIP() << "other programs take " << denied_then << " of the worker's time";
  if (judges_sound) {
    EXPECT_GE(best, clean);
  }

  // With the calls goes the load: new ones are taken again, and at last all is as before.
  calls_.calls().resize(std::max<std::size_t>(calls_.calls().size() / 10, 1));
  const auto patience = steady_clock::now() + 60s;
  while (level() != load_level::normal && steady_clock::now() < patience)
    calls_.run(100ms);
  EXPECT_EQ(load_level::normal, level());
  EXPECT_TRUE(calls_.add(false));
}

}  // namespace
