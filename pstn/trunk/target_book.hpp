// SPDX-License-Identifier: Apache-2.0
// The targets behind the trunks that are known by a name (RFC 3263), and which of them answer. Free of IO.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "pstn/sip/target.hpp"
#include "pstn/trunk/health.hpp"
#include "pstn/trunk/trunk.hpp"

namespace tollgate::pstn::trunk {

/// Has a trunk targets beyond the one that stands in it: a name instead of an address?
bool needs_targets(const trunk& one);
sip::target_query query_of(const trunk& one);

class target_book {
 public:
  static constexpr std::chrono::seconds freshest{10};  ///< names are not asked for more often

  explicit target_book(health_options options = {}) : options_(options) {}

  /// The trunks as they are now: others are forgotten, those whose name has changed are asked for anew.
  void configure(std::span<const trunk> trunks);

  /// Trunks whose targets are to be looked up now; each is told once until resolved() answers.
  std::vector<uuid> take_due(time_point now);
  /// What was found. Targets that stay keep what is known of them; an empty answer changes none.
  void resolved(const uuid& trunk_id, const sip::target_answer& answer, time_point now);

  /// The order in which a call tries them: those that answer first, among them those that rest last. Empty:
  /// there are none, the trunk itself is the target.
  std::vector<sip::target> targets(const uuid& trunk_id, time_point now = {}) const;
  /// The same with what is known of each.
  struct target_state {
    sip::target where;
    bool up = true;
  };
  std::vector<target_state> states(const uuid& trunk_id, time_point now = {}) const;

  /// Of an OPTIONS to a target.
  void probe_answered(const uuid& trunk_id, const sip::target& which, int sip_status, time_point now);
  /// What a call's first answer tells of it (attempt_sign).
  void call_answered(const uuid& trunk_id, const sip::target& which, call_sign sign, time_point now);
  /// It is to be left alone so long (503 with Retry-After is of one server: RFC 3263 §4.3). False: no other
  /// one is up and awake, so it is the whole trunk's.
  bool rest(const uuid& trunk_id, const sip::target& which, std::chrono::seconds duration, time_point now);

 private:
  struct known_target {
    sip::target where;
    trunk_health health;
    time_point resting_until{};
  };
  known_target* find(const uuid& trunk_id, const sip::target& which);
  struct entry {
    sip::target_query query;
    std::vector<known_target> targets;
    std::optional<time_point> due = time_point{};  // none: it is being looked up
  };

  health_options options_;
  std::map<uuid, entry> entries_;
};

}  // namespace tollgate::pstn::trunk
