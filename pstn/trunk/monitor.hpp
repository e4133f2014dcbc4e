// SPDX-License-Identifier: Apache-2.0
// What is known of every trunk at this moment, by id: in service or not, live calls, calls begun in the last
// second. Free of IO; one thread.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "pstn/trunk/health.hpp"
#include "pstn/trunk/trunk.hpp"

namespace tollgate::pstn::trunk {

/// What routing asks of a trunk.
struct trunk_state {
  bool up = true;
  int live_calls = 0;
  int calls_last_second = 0;
};

class trunk_monitor {
 public:
  explicit trunk_monitor(health_options options = {}) : options_(options) {}

  /// The trunks as they are configured now. Those that stay keep their state, removed ones lose it.
  void configure(std::span<const trunk> trunks);

  /// A call takes a channel (when its INVITE is sent, or arrives); every one is given back by call_ended.
  void call_started(const uuid& trunk_id, time_point now);
  void call_ended(const uuid& trunk_id);
  /// How the trunk answered a call first: 18x, 2xx or the failure.
  void call_answered(const uuid& trunk_id, int sip_status, time_point now);

  /// Trunks whose OPTIONS is due: send it, and tell probe_answered with the status (408 for none). They count
  /// as sent.
  std::vector<uuid> take_due_probes(time_point now);
  void probe_answered(const uuid& trunk_id, int sip_status, time_point now);
  /// When take_due_probes should be asked next; nothing if no trunk is probed.
  std::optional<time_point> next_probe() const;

  /// Unknown trunks are up and idle.
  trunk_state state(const uuid& trunk_id, time_point now) const;

 private:
  struct entry {
    explicit entry(health_options options) : health(options) {}
    trunk_health health;
    bool probes = false;
    bool configured = false;  // an entry that is not lives on only while it has calls
    int live_calls = 0;
    std::deque<time_point> begun;  // within the last second, bounded
  };
  std::map<uuid, entry> entries_;
  health_options options_;
};

}  // namespace tollgate::pstn::trunk
