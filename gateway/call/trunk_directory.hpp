// SPDX-License-Identifier: Apache-2.0
// The trunks that calls may use now, with their health and load. Signalling thread, but for admit().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/call/clocks.hpp"
#include "pstn/sip/user_agent.hpp"
#include "pstn/trunk/monitor.hpp"
#include "pstn/trunk/router.hpp"
#include "pstn/trunk/target_book.hpp"
#include "pstn/trunk/trunk.hpp"

namespace tollgate::gateway::call {

// A trunk as it was configured when it was chosen: a call keeps it whatever an admin changes meanwhile.
using trunk_choice = std::shared_ptr<const pstn::trunk::trunk>;

struct routing_options {
  pstn::trunk::routing_policy policy{};
  pstn::trunk::health_options health{};
  pstn::trunk::quality_options quality{};
};

class trunk_directory {
 public:
  trunk_directory(clocks c, routing_options options);

  void configure(std::vector<pstn::trunk::trunk> trunks);
  // Hears when a trunk goes out of service or comes back, with the SIP status by which it did (0: none).
  using health_observer = std::function<void(const pstn::trunk::trunk& trunk, bool up, int sip_status)>;
  void on_health(health_observer observer) { health_observer_ = std::move(observer); }

  // A trunk as it was looked at for one call.
  struct candidate {
    trunk_choice trunk;
    pstn::trunk::consideration looked_at;
  };
  // All trunks, those that the call is to be offered to first, in their order (pstn/trunk/router.hpp).
  std::vector<candidate> consider(const pstn::phone_number& number, const pstn::trunk::cost_lookup& cost);
  // The trunk once for each of the targets that a call tries, in their order: itself where it has but one.
  std::vector<trunk_choice> targets_of(const trunk_choice& trunk) const;
  // Has the trunk room for a call now? It may have been filled since it was chosen; verdict::chosen: it has.
  // `again`: the call was sent to another target of it a moment ago, and counts once in its calls a second.
  pstn::trunk::verdict room(const trunk_choice& trunk, bool again = false) const;
  // For one more call in: a carrier that wants no calls from us for a while may still have some for us.
  bool has_room_for_call_in(const trunk_choice& trunk) const;
  // Over which trunk an admitted INVITE came.
  trunk_choice match_inbound(const pstn::sip::incoming_invite& invite) const;
  // What an INVITE from there, which claims to be of this user, has to show. Any thread.
  pstn::sip::admission admit(const pstn::sip::source_address& source, std::string_view user) const;

  // A call takes its channel, which call_ended() gives back. `again`: as for room().
  void call_started(const trunk_choice& trunk, bool again = false);
  // What its first answer tells of the trunk and of the target (pstn::trunk::attempt_sign).
  void call_answered(const trunk_choice& trunk, pstn::trunk::call_sign sign, int sip_status);
  void call_ended(const trunk_choice& trunk);
  // A call in was taken, or refused for want of room: for the totals.
  void call_came(const trunk_choice& trunk, bool taken);
  // An attempt was answered, has failed or was given up (trunk_monitor::attempt_done).
  void attempt_done(const trunk_choice& trunk, const pstn::trunk::attempt_outcome& outcome);
  void talked(const trunk_choice& trunk, std::chrono::milliseconds talk);
  // The target is to be left alone so long; the trunk, where it has no other one to go to.
  void rest(const trunk_choice& trunk, std::chrono::seconds duration);

  // A call to an emergency number that nobody took: the alarm that /metrics shows, beside the log.
  void emergency_failed() noexcept { ++emergencies_failed_; }
  std::uint64_t emergencies_failed() const noexcept { return emergencies_failed_; }  // since the start

  // What the names of trunks lead to is asked by `ask`, and told to take_targets.
  using lookup =
      std::function<void(const boost::uuids::uuid& trunk_id, const pstn::sip::target_query& query)>;
  void look_up_due(const lookup& ask);
  void take_targets(const boost::uuids::uuid& trunk_id, const pstn::sip::target_answer& answer);

  // Sends the OPTIONS that are due, to every target; each answer goes to on_probe_answered.
  void send_due_probes(pstn::sip::user_agent& agent);
  void on_probe_answered(const pstn::sip::options_result& result);
  // Registers the trunks that want it, as they are configured now; unregisters those that do not any more.
  void keep_registered(pstn::sip::user_agent& agent);
  void on_registration(const pstn::sip::registration_result& result);
  std::optional<std::chrono::steady_clock::time_point> next_probe() const { return monitor_.next_probe(); }

  struct status {
    trunk_choice trunk;
    pstn::trunk::trunk_state state;
    pstn::trunk::trunk_totals totals;
    std::string registration;  // empty: it does not register; "registered", "trying", "refused (403)"
    std::vector<pstn::trunk::target_book::target_state> targets;  // of its name; empty: it is an address
  };
  std::vector<status> list() const;

 private:
  using snapshot = std::shared_ptr<const std::vector<pstn::trunk::trunk>>;
  snapshot current() const;
  void tell_health(const boost::uuids::uuid& trunk_id, bool before, int sip_status) const;
  void publish(std::vector<pstn::trunk::trunk> trunks);  // with the addresses that their names lead to
  std::vector<trunk_choice> every_target(const trunk_choice& trunk) const;

  clocks clocks_;
  pstn::trunk::routing_policy policy_;
  pstn::trunk::trunk_monitor monitor_;
  health_observer health_observer_;
  pstn::trunk::target_book targets_;
  std::unordered_map<pstn::sip::call_key, trunk_choice> probes_;  // each to one target
  struct probe_round {
    std::size_t missing = 0;  // answers
    int best_status = 0;      // of those that have come: of a far end that lives, if any does
  };
  std::map<boost::uuids::uuid, probe_round> rounds_;
  struct registered {
    pstn::sip::call_key key;
    trunk_choice as;  // configured when it began
    std::string state = "trying";
    std::vector<pstn::sip::target> failed{};  // in this round over the targets of the name
    bool elsewhere = false;                   // another target is to be tried, without a pause
  };
  void move_registrations(pstn::sip::user_agent& agent);
  std::map<boost::uuids::uuid, registered> registrations_;
  std::uint64_t emergencies_failed_ = 0;
  std::mt19937_64 chance_{std::random_device{}()};
  mutable std::mutex mutex_;  // guards the pointer below
  snapshot trunks_ = std::make_shared<const std::vector<pstn::trunk::trunk>>();
};

}  // namespace tollgate::gateway::call
