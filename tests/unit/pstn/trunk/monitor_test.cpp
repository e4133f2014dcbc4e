// SPDX-License-Identifier: Apache-2.0
#include "pstn/trunk/monitor.hpp"

#include <gtest/gtest.h>

#include "example_trunk.hpp"

namespace tollgate::pstn::trunk {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(TrunkMonitor, CountsCallsAndTheirRate) {
  trunk_monitor monitor;
  const std::vector<trunk> trunks{example_trunk(1)};
  const uuid id = trunks[0].id;
  monitor.configure(trunks);
  const time_point start = time_point{} + seconds{100};
  monitor.call_started(id, start);
  monitor.call_started(id, start + milliseconds{900});
  EXPECT_EQ(monitor.state(id, start + milliseconds{950}).live_calls, 2);
  EXPECT_EQ(monitor.state(id, start + milliseconds{950}).calls_last_second, 2);
  EXPECT_EQ(monitor.state(id, start + milliseconds{1000}).calls_last_second, 1);
  monitor.call_ended(id);
  monitor.call_ended(id);
  monitor.call_ended(id);  // one too many changes nothing
  EXPECT_EQ(monitor.state(id, start + seconds{5}).live_calls, 0);
  EXPECT_EQ(monitor.state(id, start + seconds{5}).calls_last_second, 0);
}

TEST(TrunkMonitor, ProbesWhatIsDueOnceAndJudges) {
  trunk_monitor monitor{
      {.failures_to_go_down = 2, .probe_interval_up = seconds{30}, .probe_interval_down = seconds{5}}};
  trunk silent = example_trunk(2);
  silent.probes = false;
  const std::vector<trunk> trunks{example_trunk(1), silent};
  const uuid id = trunks[0].id;
  monitor.configure(trunks);
  time_point now = time_point{} + seconds{100};
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(monitor.take_due_probes(now), std::vector<uuid>{id});
    EXPECT_TRUE(monitor.take_due_probes(now).empty());
    EXPECT_FALSE(monitor.next_probe());
    monitor.probe_answered(id, 408, now);
    EXPECT_EQ(monitor.next_probe(), now + seconds{5});
    now += seconds{5};
  }
  EXPECT_FALSE(monitor.state(id, now).up);
  for (int call = 0; call < 9; ++call)
    monitor.call_answered(silent.id, 503, now);
  EXPECT_TRUE(monitor.state(silent.id, now).up);  // nothing would bring it back
}

TEST(TrunkMonitor, KeepsStateOverReconfigurationAndForgetsTheRemoved) {
  trunk_monitor monitor;
  const std::vector<trunk> both{example_trunk(1), example_trunk(2)};
  monitor.configure(both);
  const time_point now = time_point{} + seconds{100};
  monitor.call_started(both[0].id, now);
  monitor.call_started(both[1].id, now);
  monitor.configure(std::vector<trunk>{both[0]});
  EXPECT_EQ(monitor.state(both[0].id, now).live_calls, 1);
  EXPECT_EQ(monitor.state(both[1].id, now).live_calls, 1);  // until its call has ended
  EXPECT_EQ(monitor.take_due_probes(now), std::vector<uuid>{both[0].id});
  monitor.call_ended(both[1].id);
  EXPECT_EQ(monitor.state(both[1].id, now).calls_last_second, 0);
  monitor.probe_answered(both[1].id, 408, now);  // too late, no matter
  EXPECT_TRUE(monitor.state(both[1].id, now).up);
}

}  // namespace
}  // namespace tollgate::pstn::trunk
