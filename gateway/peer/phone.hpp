// SPDX-License-Identifier: Apache-2.0
// The peer as a telephone: an attached connection to the gateway, and at most two calls, placed or taken: one is
// heard, the other one rings or is held. Runs on one executor.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/overlay/client.hpp"
#include "gateway/overlay/dtls.hpp"
#include "gateway/peer/call_session.hpp"
#include "gateway/peer/command_line.hpp"
#include "gateway/peer/glib_thread.hpp"
#include "gateway/peer/output.hpp"
#include "gateway/peer/sound.hpp"
#include "gateway/peer/state_directory.hpp"

namespace tollgate::gateway::peer {

/// What is done with calls that come. Without one they are refused as busy.
struct taking_policy {
  std::chrono::milliseconds ring_for{0};
  bool reject = false;
  second_call second = second_call::refuse;  ///< while a call is up
};

class phone final : private overlay::client_handler {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Everything given outlives the phone. Throws std::runtime_error when no DTLS certificate can be made.
  phone(boost::asio::any_io_executor executor, output& out, const account_state& account,
        overlay::client_options options, const sound_options& sounds, const sound& to_play,
        std::optional<taking_policy> taking);
  ~phone();
  phone(const phone&) = delete;
  phone& operator=(const phone&) = delete;

  /// Connects and attaches; also again after lost().
  boost::asio::awaitable<overlay::answer<void>> open();
  boost::asio::awaitable<void> close();
  overlay::client& client() { return client_; }

  void place(const std::string& number, const boost::json::object& credit);
  void press(char digit);
  void hang_up();
  /// Ctrl-C: hangs up, and interrupted() from now on.
  void interrupt();

  /// Call waiting: the second call that rings is taken, and the first one held or hung up; or it is declined.
  void take_second(bool end_first);
  void refuse_second();
  /// From one call to the other that is held.
  void swap();

  bool busy() const { return !lines_.empty(); }
  bool interrupted() const { return interrupted_; }
  std::uint32_t calls_ended() const { return calls_ended_; }
  call_outcome last_outcome() const { return last_outcome_; }
  bool voicemail_announced() const { return voicemail_announced_; }
  const std::optional<overlay::refusal>& lost() const { return lost_; }

  /// Returns when any of the above has changed, or at the deadline.
  boost::asio::awaitable<void> changed(std::optional<time_point> deadline);

 private:
  void offered(const overlay::incoming_call& call) override;
  void rang(const overlay::call_progress& progress) override;
  void answered(const overlay::call_progress& progress) override;
  void restarted(const overlay::call_progress& progress) override;
  void taken(const std::string& call) override;
  void hung_up(const overlay::call_end& end) override;
  void trickled(const std::string& call, const std::vector<overlay::ice_candidate>& candidates) override;
  void happened(const std::string& kind, const std::string& call, const boost::json::object& body) override;
  void complained(const std::string& call, const overlay::refusal& error) override;
  void disconnected(const overlay::refusal& reason) override;

  void decline(const overlay::incoming_call& call);
  void offer_second(const overlay::incoming_call& call);
  void tell_refused(const overlay::incoming_call& call);
  std::shared_ptr<call_session> make_call();
  void ended(std::uint32_t number, call_outcome outcome);
  call_session* heard() const { return lines_.empty() ? nullptr : lines_.front().call.get(); }
  call_session* second() const { return lines_.size() < 2 ? nullptr : lines_.back().call.get(); }
  call_session* find(const std::string& call) const;
  void notify();

  output& out_;
  const account_state& account_;
  std::optional<taking_policy> taking_;
  glib_thread glib_;
  overlay::dtls_context dtls_;
  overlay::client client_;
  call_environment environment_;
  boost::asio::steady_timer change_;
  struct line {
    std::uint32_t number;  // in this run
    std::shared_ptr<call_session> call;
  };
  std::vector<line> lines_;  // the first is the one that is heard
  boost::asio::steady_timer second_timer_;
  std::uint32_t calls_begun_ = 0;
  std::uint32_t calls_ended_ = 0;
  call_outcome last_outcome_;
  bool interrupted_ = false;
  bool voicemail_announced_ = false;
  std::optional<overlay::refusal> lost_;
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  // a call's end may be posted beyond the phone's
};

}  // namespace tollgate::gateway::peer
