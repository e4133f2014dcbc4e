// SPDX-License-Identifier: Apache-2.0
// What is known of every trunk at this moment, by id: in service or not, live calls, calls begun in the last
// second, how its calls of late went. Free of IO; one thread.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "pstn/trunk/call_quality.hpp"
#include "pstn/trunk/health.hpp"
#include "pstn/trunk/trunk.hpp"

namespace tollgate::pstn::trunk {

/// What routing asks of a trunk.
struct trunk_state {
  bool up = true;
  int live_calls = 0;
  int calls_last_second = 0;
  int carrier_live_calls = 0;  // over all trunks of its carrier
  int carrier_calls_last_second = 0;
  bool resting = false;  // has asked to be left alone for a while (RFC 3261 §20.33)
  quality_figures quality{};
};

/// Of one trunk, since this process knows it.
struct trunk_totals {
  std::uint64_t attempts = 0;  // INVITEs over it that are decided: answered, failed or given up
  std::uint64_t answered = 0;
  std::map<int, std::uint64_t> codes{};  // by final SIP status
  std::chrono::milliseconds talk{0};     // of the answered ones that have ended
  std::chrono::milliseconds delay{0};    // sum of the post-dial delays
  std::uint64_t delays = 0;              // of so many attempts
  std::uint64_t calls_in = 0;            // that were taken
  std::uint64_t refused_in = 0;          // for want of room
};

/// How one attempt over a trunk ended.
struct attempt_outcome {
  int sip_status = 0;                                          // 200: answered
  std::optional<std::chrono::milliseconds> post_dial_delay{};  // INVITE to the first 18x or 2xx, if one came
};

class trunk_monitor {
 public:
  explicit trunk_monitor(health_options options = {}, quality_options quality = {})
      : options_(options), quality_options_(quality) {}

  /// The trunks as they are configured now. Those that stay keep their state, removed ones lose it.
  void configure(std::span<const trunk> trunks);

  /// A call takes a channel (when its INVITE is sent, or arrives); every one is given back by call_ended. One
  /// that only goes on to the trunk's next target is not begun once more: `is_new` is false.
  void call_started(const uuid& trunk_id, time_point now, bool is_new = true);
  void call_ended(const uuid& trunk_id);
  /// A call in, for the totals; not taken: it was refused for want of room.
  void call_came(const uuid& trunk_id, bool taken);
  /// What its first answer tells of the trunk (attempt_sign).
  void call_answered(const uuid& trunk_id, call_sign sign, time_point now);
  /// An attempt was answered, has failed or was given up (487): once for each INVITE, it counts for the
  /// quality. A seizure that its caller gave up is one (ITU-T E.425): a trunk that keeps callers waiting is
  /// known by those.
  void attempt_done(const uuid& trunk_id, const attempt_outcome& outcome, time_point now);
  /// An answered call has ended after so much talk.
  void talked(const uuid& trunk_id, std::chrono::milliseconds talk, time_point now);
  trunk_totals totals(const uuid& trunk_id) const;
  /// The trunk has asked for no calls for so long (503 with Retry-After; believed_rest).
  void rest(const uuid& trunk_id, std::chrono::seconds duration, time_point now);

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
    entry(health_options of_health, quality_options of_quality) : health(of_health), quality(of_quality) {}
    trunk_health health;
    call_quality quality;
    uuid carrier_id{};
    time_point resting_until{};
    trunk_totals totals{};
    bool probes = false;
    bool configured = false;  // an entry that is not lives on only while it has calls
    int live_calls = 0;
    std::deque<time_point> begun;  // within the last second, bounded
    int begun_last_second(time_point now) const;
  };
  entry& entry_of(const uuid& trunk_id);

  std::map<uuid, entry> entries_;
  health_options options_;
  quality_options quality_options_;
};

}  // namespace tollgate::pstn::trunk
