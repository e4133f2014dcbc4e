// SPDX-License-Identifier: Apache-2.0
// The trunks that calls may use now, with their health and load. Signalling thread, but for is_trusted().
#pragma once

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

  // A trunk as it was looked at for one call.
  struct candidate {
    trunk_choice trunk;
    pstn::trunk::consideration looked_at;
  };
  // All trunks, those that the call is to be offered to first, in their order (pstn/trunk/router.hpp).
  std::vector<candidate> consider(const pstn::phone_number& number, const pstn::trunk::cost_lookup& cost);
  // Has the trunk room for a call now? It may have been filled since it was chosen.
  bool has_room(const trunk_choice& trunk) const;
  trunk_choice match_inbound(const std::string& source_ip, std::uint16_t source_port) const;
  // Whether an INVITE from there comes over a trunk. Any thread.
  bool is_trusted(const pstn::sip::source_address& source) const;

  void call_started(const trunk_choice& trunk);
  void call_answered(const trunk_choice& trunk, int sip_status);
  void call_ended(const trunk_choice& trunk);
  // An attempt was answered or has failed (trunk_monitor::attempt_done).
  void attempt_done(const trunk_choice& trunk, const pstn::trunk::attempt_outcome& outcome);
  void talked(const trunk_choice& trunk, std::chrono::milliseconds talk);
  // It is to be left alone so long.
  void rest(const trunk_choice& trunk, std::chrono::seconds duration);

  // Sends the OPTIONS that are due; each answer goes to on_probe_answered.
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
  };
  std::vector<status> list() const;

 private:
  using snapshot = std::shared_ptr<const std::vector<pstn::trunk::trunk>>;
  snapshot current() const;

  clocks clocks_;
  pstn::trunk::routing_policy policy_;
  pstn::trunk::trunk_monitor monitor_;
  std::unordered_map<pstn::sip::call_key, boost::uuids::uuid> probes_;
  struct registered {
    pstn::sip::call_key key;
    trunk_choice as;  // configured when it began
    std::string state = "trying";
  };
  std::map<boost::uuids::uuid, registered> registrations_;
  std::mt19937_64 chance_{std::random_device{}()};
  mutable std::mutex mutex_;  // guards the pointer below
  snapshot trunks_ = std::make_shared<const std::vector<pstn::trunk::trunk>>();
};

}  // namespace tollgate::gateway::call
