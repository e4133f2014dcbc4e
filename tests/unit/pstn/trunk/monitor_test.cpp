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

TEST(TrunkMonitor, ACallThatGoesOnToTheNextTargetIsBegunOnce) {
  trunk_monitor monitor;
  const std::vector<trunk> trunks{example_trunk(1)};
  monitor.configure(trunks);
  const time_point now = time_point{} + seconds{100};
  monitor.call_started(trunks[0].id, now);
  monitor.call_ended(trunks[0].id);
  monitor.call_started(trunks[0].id, now, false);
  EXPECT_EQ(monitor.state(trunks[0].id, now).live_calls, 1);
  EXPECT_EQ(monitor.state(trunks[0].id, now).calls_last_second, 1);
}

TEST(TrunkMonitor, CallsInAreCounted) {
  trunk_monitor monitor;
  const std::vector<trunk> trunks{example_trunk(1)};
  monitor.configure(trunks);
  monitor.call_came(trunks[0].id, true);
  monitor.call_came(trunks[0].id, true);
  monitor.call_came(trunks[0].id, false);
  EXPECT_EQ(monitor.totals(trunks[0].id).calls_in, 2U);
  EXPECT_EQ(monitor.totals(trunks[0].id).refused_in, 1U);
}

TEST(TrunkMonitor, ProbesWhatIsDueOnceAndJudges) {
  trunk_monitor monitor{
      {.failures_to_go_down = 2, .probe_interval_up = seconds{30}, .probe_interval_doubt = seconds{5}}};
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
    monitor.call_answered(silent.id, call_sign::dead, now);
  EXPECT_TRUE(monitor.state(silent.id, now).up);  // nothing would bring it back
}

TEST(TrunkMonitor, CountsOverAllTrunksOfACarrier) {
  trunk_monitor monitor;
  std::vector<trunk> trunks{example_trunk(1), example_trunk(2), example_trunk(3)};
  trunks[2].carrier_id.data[15] = 9;
  monitor.configure(trunks);
  const time_point now = time_point{} + seconds{100};
  for (const trunk& one : trunks)
    monitor.call_started(one.id, now);
  monitor.call_started(trunks[1].id, now + milliseconds{1500});
  const trunk_state state = monitor.state(trunks[0].id, now + milliseconds{1600});
  EXPECT_EQ(state.live_calls, 1);
  EXPECT_EQ(state.carrier_live_calls, 3);
  EXPECT_EQ(state.carrier_calls_last_second, 1);
  EXPECT_EQ(monitor.state(trunks[2].id, now).carrier_live_calls, 1);
}

TEST(TrunkMonitor, LeavesATrunkAloneForAsLongAsItAsks) {
  trunk_monitor monitor;
  const std::vector<trunk> trunks{example_trunk(1)};
  monitor.configure(trunks);
  const time_point now = time_point{} + seconds{100};
  monitor.rest(trunks[0].id, seconds{10}, now);
  EXPECT_TRUE(monitor.state(trunks[0].id, now + seconds{9}).resting);
  EXPECT_FALSE(monitor.state(trunks[0].id, now + seconds{10}).resting);
  monitor.rest(trunks[0].id, std::chrono::hours{10'000}, now);
  EXPECT_FALSE(monitor.state(trunks[0].id, now + longest_rest).resting);
}

TEST(TrunkMonitor, FollowsTheQualityOverItsWindow) {
  trunk_monitor monitor{{}, {.window = seconds{60}, .least_attempts = 3}};
  const std::vector<trunk> trunks{example_trunk(1)};
  const uuid id = trunks[0].id;
  monitor.configure(trunks);
  const time_point now = time_point{} + seconds{100};
  EXPECT_EQ(monitor.state(id, now).quality.answer_seizure_ratio(), 1.0);
  monitor.attempt_done(id, {200, milliseconds{1000}}, now);
  monitor.attempt_done(id, {503, std::nullopt}, now + seconds{30});
  EXPECT_FALSE(monitor.state(id, now + seconds{30}).quality.known);
  monitor.attempt_done(id, {486, milliseconds{3000}}, now + seconds{31});
  const quality_figures all = monitor.state(id, now + seconds{31}).quality;
  EXPECT_TRUE(all.known);
  EXPECT_EQ(all.attempts, 3);
  EXPECT_EQ(all.answered, 1);
  EXPECT_EQ(all.post_dial_delay, milliseconds{2000});
  EXPECT_FALSE(all.call_duration);
  monitor.talked(id, milliseconds{4000}, now + seconds{31});
  monitor.talked(id, milliseconds{1000}, now + seconds{32});
  EXPECT_EQ(monitor.state(id, now + seconds{32}).quality.call_duration, milliseconds{2500});
  EXPECT_EQ(monitor.state(id, now + seconds{91}).quality.call_duration, milliseconds{1000});
  const trunk_totals totals = monitor.totals(id);
  EXPECT_EQ(totals.attempts, 3U);
  EXPECT_EQ(totals.answered, 1U);
  EXPECT_EQ(totals.talk, milliseconds{5000});
  EXPECT_EQ(totals.delay, milliseconds{4000});
  EXPECT_EQ(totals.delays, 2U);
  EXPECT_EQ(totals.codes, (std::map<int, std::uint64_t>{{200, 1}, {486, 1}, {503, 1}}));
  const quality_figures later = monitor.state(id, now + seconds{61}).quality;
  EXPECT_EQ(later.attempts, 2);
  EXPECT_EQ(later.answer_seizure_ratio(), 0);
  EXPECT_FALSE(later.known);
}

// What sip.options_* and sip.invite_timeout_s promise together, with a probe a second at best: no trunk that
// is dead gets calls for longer than 30 s, none that is back waits for longer than 60 s.
TEST(TrunkMonitor, ADeadTrunkIsOutInHalfAMinuteAndBackInAnother) {
  constexpr seconds patience{4};
  for (int phase = 0; phase < 40; ++phase) {
    trunk_monitor monitor;
    const std::vector<trunk> trunks{example_trunk(1)};
    const uuid id = trunks[0].id;
    monitor.configure(trunks);
    const time_point start = time_point{} + seconds{1000};
    const time_point dies = start + seconds{100 + phase};
    const time_point returns = dies + seconds{300 + phase};
    std::optional<time_point> out, back, due;
    bool answers = false;
    for (time_point now = start; now < returns + seconds{120}; now += seconds{1}) {
      if (!monitor.take_due_probes(now).empty()) {
        answers = now < dies || now >= returns;
        due = answers ? now : now + patience;
      }
      if (due && now >= *due) {
        monitor.probe_answered(id, answers ? 200 : 408, now);
        due.reset();
      }
      const bool up = monitor.state(id, now).up;
      if (!up && !out) out = now;
      if (out && up && !back) back = now;
    }
    ASSERT_TRUE(out && back);
    EXPECT_LE(*out - dies, seconds{30});
    EXPECT_GE(*out, dies);
    EXPECT_LE(*back - returns, seconds{60});
    EXPECT_GE(*back, returns);
  }
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
