// SPDX-License-Identifier: Apache-2.0
// An outbound call as a pure state machine: events and times in, actions out. No IO, no clock, no thread.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "gateway/call/credit_clock.hpp"
#include "pstn/trunk/failure.hpp"

namespace tollgate::gateway::call {

// Who ended the call; goes into the CDR.
enum class party { caller, callee, gateway };

// Why a call ended, for the CDR and for the subscriber.
struct ending {
  party by = party::gateway;
  std::string reason;  // stable code: "normal", "busy", "credit_exhausted", …
  std::string text;    // one English sentence for the subscriber
  int sip_code = 0;    // last status of the trunk, 0 if none came
  int q850 = 16;       // ITU-T Q.850 cause
};

namespace action {
struct invite_trunk {
  std::size_t index;
};  // send INVITE over the trunk with this place in the route
struct drop_trunk {
  int q850;
};  // CANCEL, or BYE once answered
struct tell_ringing {
  bool early_media;
};                  // 18x towards the caller
struct connect {};  // 200: bridge and tell the caller
struct extend {
  int request;
  std::chrono::seconds used;
  billing::money more;
};
struct warn {
  std::chrono::seconds left;
};  // tone and event: credit runs out
struct relieve {
  std::chrono::seconds left;
};                 // credit was added after a warning: so long it lasts now
struct finish {};  // the call is over: see outcome()
}  // namespace action
using call_action =
    std::variant<action::invite_trunk, action::drop_trunk, action::tell_ringing, action::connect,
                 action::extend, action::warn, action::relieve, action::finish>;
using call_actions = std::vector<call_action>;

class call_machine {
 public:
  using time_point = credit_clock::time_point;
  enum class state { idle, trying, ringing, talking, ended };

  struct settings {
    // While another trunk is left: so long without a word on how the call gets on (101 to 199). A 100 is
    // none: the next hop says that, whoever is behind it.
    std::chrono::seconds progress{12};
    std::chrono::seconds ringing{120};  // longest time from INVITE to answer
    // Whatever a trunk says, the next one is tried: an emergency must reach somebody.
    bool try_all = false;
  };

  // `route_length` trunks may be tried in order; `clock` has had its first grant.
  call_machine(settings s, credit_clock clock, std::size_t route_length);

  call_actions start(time_point now);
  // The trunk that was to be invited had no room after all, and has had no INVITE.
  call_actions on_trunk_skipped(time_point now);
  call_actions on_provisional(int status, bool has_media, time_point now);
  call_actions on_answered(time_point now);
  // `failover_codes`: the trunk's own (pstn/trunk/failure.hpp).
  call_actions on_trunk_failed(int sip_status, std::optional<int> q850, time_point now,
                               std::span<const int> failover_codes = {});
  // Answered, but with nothing that we can talk by: final, for the far end has answered.
  call_actions on_unusable_answer(time_point now);
  call_actions on_trunk_hung_up(int q850, time_point now);
  call_actions on_caller_hung_up(time_point now);
  // The gateway ends it: an operator, a lost media path, a shutdown.
  call_actions on_gateway_ends(std::string reason, std::string text, int q850, time_point now);
  call_actions on_extended(billing::money total, bool final, time_point now);
  call_actions on_extension_failed(time_point now);
  // A top-up, or the like: see credit_clock::credit_grew.
  call_actions on_credit_grew(time_point now);
  // The ledger does not know the hold any more (an operator or another node settled it): the call must end
  // now.
  call_actions on_hold_lost(time_point now);
  call_actions on_time(time_point now);

  std::optional<time_point> next_deadline() const;
  state current() const { return state_; }
  const credit_clock& credit() const { return credit_; }
  const ending& outcome() const { return ending_; }
  // Another trunk would have been tried after the last failure, but there was none.
  bool exhausted() const { return exhausted_; }
  // From the answer to the end: zero for a call that was not answered; never longer than what was granted.
  std::chrono::milliseconds talk_duration() const;

 private:
  call_actions end(ending e, bool drop, time_point now);
  call_actions next_trunk(time_point now);
  ending failed() const;  // by the last failure

  settings settings_;
  credit_clock credit_;
  std::size_t route_length_;
  std::size_t tried_ = 0;
  int requests_ = 0;
  bool provisional_seen_ = false;
  bool exhausted_ = false;
  state state_ = state::idle;
  time_point attempt_deadline_{};
  time_point ringing_deadline_{};
  time_point answered_at_{};
  time_point ended_at_{};
  pstn::trunk::classified last_failure_{};
  int last_status_ = 0;
  ending ending_;
};

}  // namespace tollgate::gateway::call
