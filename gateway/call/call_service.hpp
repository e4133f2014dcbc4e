// SPDX-License-Identifier: Apache-2.0
// All calls of this node: begins them, hands each what happens to it, reports their use to the ledger, and
// ends them. Signalling thread only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "gateway/call/environment.hpp"
#include "gateway/call/target_lookup.hpp"
#include "gateway/call/task_group.hpp"

namespace tollgate::gateway::call {

struct service_options {
  std::chrono::seconds report_interval{5};   // use of all live calls, to the ledger
  std::chrono::seconds reaper_interval{15};  // abandoned holds of any node
  std::chrono::seconds reaper_grace{30};
  std::chrono::seconds replay_interval{2};    // of what is spooled
  std::string resolver = "/etc/resolv.conf";  // by which names of trunks are looked up
  pstn::sip::address_families reached;        // by our SIP: which of their addresses count
  bool has_tls = true;                        // our SIP
};

class call_service {
 public:
  call_service(const environment& e, task_group& tasks, service_options options);

  // Settles what an earlier run left behind: spooled records first, then its holds. To be called before the
  // first call.
  boost::asio::awaitable<void> recover();
  // Begins the periodic work.
  void start();

  void place_call(const overlay::session_ptr& device, const overlay::call_offer& offer);
  void on_sip(pstn::sip::event event);
  // To the account's call with this id on the overlay; nothing happens if there is none.
  void to_call(const uuid& account_id, const std::string& overlay_call, call_event event);
  void on_attached(const overlay::session_ptr& device);
  void on_detached(const overlay::session_ptr& device);

  // New calls are refused from now on (or taken again); live ones go on.
  void set_draining(bool draining);
  bool draining() const { return draining_; }
  // False if there is no such call.
  // The account may have more free credit than it had, whoever gave it; none named: any account may.
  void credit_grew(const std::optional<uuid>& account_id);

  // `spares_emergencies`: also one that is not known for an emergency call yet.
  bool hang_up(const uuid& call_id, const std::string& reason, const std::string& text, bool spares_emergencies = false);
  // Hangs up every call and returns when all are settled or spooled, at most `deadline` later.
  boost::asio::awaitable<void> end_all(std::chrono::seconds deadline);
  // Returns when no call is left, at the deadline, or after hurry().
  boost::asio::awaitable<void> wait_for_end(std::chrono::seconds deadline);
  void hurry() { hurried_ = true; }
  // Ends the periodic work.
  void stop();

 private:
  boost::asio::awaitable<void> report_periodically();
  boost::asio::awaitable<void> reap_periodically();
  boost::asio::awaitable<void> replay_periodically();
  boost::asio::awaitable<void> probe_periodically();
  boost::asio::awaitable<void> report_use();
  boost::asio::awaitable<void> check_policies();
  boost::asio::awaitable<bool> pause(std::chrono::steady_clock::duration time);  // false: stopped
  void take_call(pstn::sip::incoming_invite invite);

  const environment& environment_;
  task_group& tasks_;
  service_options options_;
  target_lookup targets_;
  bool draining_ = false;
  bool stopped_ = false;
  bool hurried_ = false;
  std::vector<std::weak_ptr<boost::asio::steady_timer>> pauses_;
};

}  // namespace tollgate::gateway::call
