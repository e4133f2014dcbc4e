// SPDX-License-Identifier: Apache-2.0
// The SIP thread's half of the user agent: owns the Sofia stack, takes commands from other threads through an
// eventfd, holds the calls. Everything but post() runs on the SIP thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "pstn/sip/connection_guard.hpp"
#include "pstn/sip/connection_hook.hpp"
#include "pstn/sip/digest_server.hpp"
#include "pstn/sip/handle_owner.hpp"
#include "pstn/sip/realm_pins.hpp"
#include "pstn/sip/sofia.hpp"
#include "pstn/sip/stack.hpp"
#include "pstn/sip/stranger_gate.hpp"
#include "pstn/sip/timer.hpp"
#include "pstn/sip/user_agent.hpp"

namespace tollgate::pstn::sip {

class call;

class endpoint : private connection_watch {
 public:
  using command = std::function<void(endpoint&)>;

  endpoint(const user_agent_options& options, user_agent::event_handler handler,
           std::function<call_key()> next_key);
  ~endpoint() override;
  endpoint(const endpoint&) = delete;
  endpoint& operator=(const endpoint&) = delete;

  /// The SIP thread's body: `started` is told success or the reason of failure, then it runs until
  /// begin_stop() is through.
  void run(std::promise<void> started);

  /// From any thread: the command runs on the SIP thread, in order; after the end it is dropped.
  void post(command work);

  /// From any thread.
  stranger_figures strangers() const {
    return {strangers_answered_, strangers_dropped_, connections_cut_};
  }

  // Commands.
  void start_call(call_key key, invite request);
  void start_probe(call_key key, const std::string& uri,
                   const std::optional<notice>& what);  // nothing: OPTIONS
  void start_registration(call_key key, registration_request request);
  void stop_registration(call_key key);
  void with_call(call_key key, const std::function<void(call&)>& action);
  void set_draining(bool draining) { draining_ = draining; }
  void set_admission(user_agent::admission_rule rule) { admission_ = std::move(rule); }
  void begin_stop();

  // For calls and probes.
  realm_pins& pins() { return pins_; }
  void log(std::string_view line) noexcept;
  const user_agent_options& options() const { return options_; }
  su_root_t* root() const { return root_; }
  nua_t* stack() const { return stack_; }
  void tell(event what);
  void retire(call_key key);  // destroys the owner once the current callback is over

  /// A copy of a reason phrase that lives as long as the stack, which keeps the pointer that nua_respond() is
  /// given; nullptr, the status's usual phrase, for an empty or an unsuitable one, and when there are many
  /// different ones already.
  const char* lasting_phrase(const std::string& phrase);

  /// Runs work that the stack called back into: nothing is thrown through Sofia, retired owners are destroyed
  /// afterwards.
  void guarded(const std::function<void()>& work) noexcept;

 private:
  static int on_wakeup(su_root_magic_t* home, su_wait_t* wait, su_wakeup_arg_t* self);
  static void on_stack_event(nua_event_t what, int status, const char* phrase, nua_t* stack,
                             nua_magic_t* self, nua_handle_t* handle, nua_hmagic_t* owner,
                             const sip_t* message, tagi_t tags[]);

  void listen_to_stack(bool on);
  void create_stack();
  void destroy_stack();
  void run_commands();
  void take_unowned(const stack_event& signal, nua_handle_t* handle);
  void take_invite(const stack_event& signal, nua_handle_t* handle);
  bool admits(const source_address& from, std::string_view sip_call_id);
  bool is_stranger(const source_address& from);
  bool admits(const source_address& from) noexcept override;
  void opened(const void* transport, const source_address& from) noexcept override;
  void closed(const void* transport) noexcept override;
  void cut_idle_connections();
  void plan_cuts();
  bool is_proven(const std::string& ip);
  void note_proven(const std::string& ip);
  /// Whether the INVITE has shown what it must, and then as whom (empty: nobody in particular); otherwise it
  /// is refused or challenged here.
  std::optional<std::string> admit(const sip_t* message, const source_address& source, nua_handle_t* handle);
  void challenge(nua_handle_t* handle, bool stale);
  void refuse(nua_handle_t* handle, int status, const char* phrase, bool retry_after);
  void destroy_retired();
  void continue_stop();

  const user_agent_options options_;
  const user_agent::event_handler handler_;
  const std::function<call_key()> next_key_;

  std::mutex mutex_;  // guards the two below
  std::vector<command> commands_;
  bool closed_ = false;
  int wakeup_ = -1;  // eventfd
  int wakeup_index_ = -1;

  su_root_t* root_ = nullptr;
  nua_t* stack_ = nullptr;
  std::unordered_map<call_key, std::unique_ptr<handle_owner>> probes_;  // and registrations
  std::unordered_map<call_key, std::unique_ptr<call>> calls_;
  std::unordered_multiset<std::string> dialogs_;  // SIP Call-IDs of calls_, as far as they are known
  std::vector<call_key> retired_;
  std::set<std::string> phrases_;
  message_tap tap_;
  const request_filter filter_;
  const dialog_test dialog_test_;
  stranger_gate gate_;
  std::atomic<std::uint64_t> strangers_answered_ = 0;
  std::atomic<std::uint64_t> strangers_dropped_ = 0;
  std::atomic<std::uint64_t> connections_cut_ = 0;
  connection_guard connections_;
  std::unique_ptr<timer> cut_timer_;  // runs while there is a connection to cut
  user_agent::admission_rule admission_;
  digest_server authenticator_;
  realm_pins pins_;
  std::map<std::string, std::chrono::steady_clock::time_point> proven_;  // by address: a right digest came
  bool draining_ = false;
  bool stopping_ = false;
  bool shutdown_asked_ = false;
  bool shutdown_done_ = false;
  std::unique_ptr<timer> stop_timer_;
};

}  // namespace tollgate::pstn::sip
