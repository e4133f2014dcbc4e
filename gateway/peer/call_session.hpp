// SPDX-License-Identifier: Apache-2.0
// One call at the peer, placed or taken: brings together the signalling's frames, the media and the options,
// and reports what happens. Runs on one executor; ends exactly once.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/overlay/client.hpp"
#include "gateway/overlay/dtls.hpp"
#include "gateway/peer/call_charge.hpp"
#include "gateway/peer/call_timeline.hpp"
#include "gateway/peer/command_line.hpp"
#include "gateway/peer/media_session.hpp"
#include "gateway/peer/output.hpp"
#include "gateway/peer/sound.hpp"

namespace tollgate::gateway::peer {

/// What calls need of their surroundings; all of it outlives them.
struct call_environment {
  boost::asio::any_io_executor executor;
  overlay::client& client;
  glib_thread& glib;
  const overlay::dtls_context& dtls;
  output& out;
  ice_options ice;
  const sound_options& options;
  const sound& to_play;
};

/// How a call ended.
struct call_outcome {
  exit_code code = exit_code::call_refused;
  bool answered = false;
};

class call_session : public std::enable_shared_from_this<call_session> {
 public:
  using end_handler = std::function<void(call_outcome)>;

  /// `number_in_run` counts from 1 and tells the recordings apart. `ended` is posted, once.
  call_session(const call_environment& environment, std::uint32_t number_in_run, end_handler ended);
  call_session(const call_session&) = delete;
  call_session& operator=(const call_session&) = delete;
  ~call_session();

  /// `credit`: the body of a balance reply, for the live line; may be empty.
  void place(const std::string& number, const std::string& own_name, const boost::json::object& credit);
  /// Rings so long before it answers; without a time until accept(). `waiting`: while another call is up.
  void take(const overlay::incoming_call& incoming, std::optional<std::chrono::milliseconds> ring_for, bool waiting = false);
  void accept();

  const std::string& id() const { return id_; }
  bool rings() const { return incoming_ && state_ == state::ringing && !accepting_; }
  bool talks() const { return state_ == state::talking; }

  /// What is played stops while the user listens to another call, and goes on afterwards.
  void hold();
  void resume();
  bool held() const { return *held_; }

  /// From the signalling.
  void rang(const overlay::call_progress& progress);
  void answered(const overlay::call_progress& progress);
  void taken();
  void hung_up(const overlay::call_end& end);
  void happened(const std::string& kind, const boost::json::object& body);
  void disconnected(const overlay::refusal& reason);

  /// Hangs up and waits, bounded, for the gateway's word on the charge.
  void hang_up(std::string_view why);
  void press(char digit);

 private:
  enum class state : std::uint8_t { preparing, calling, ringing, talking, ending, over };

  void start_media();
  void on_described();
  void on_media_up();
  void begin_talk();
  void send_answer();
  void play();
  void schedule_dtmf();
  void check_through();
  void tick();
  void show_live();
  void fail(const std::string& code, const std::string& text);
  void begin_ending(const std::string& code);
  void end_media();
  void finish(const std::string& code, const std::string& text, const boost::json::object& summary,
              exit_code result);
  exit_code result_of(const std::string& code) const;
  boost::json::object named() const;
  boost::json::object heard() const;
  void after(boost::asio::steady_timer& timer, std::chrono::milliseconds delay,
             void (*function)(call_session&));

  call_environment environment_;
  end_handler ended_;
  std::string id_;
  std::string to_;
  std::string own_name_;
  std::optional<overlay::incoming_call> incoming_;  // set: we were called
  state state_ = state::preparing;
  call_timeline timeline_;
  call_charge charge_;
  std::optional<call_timeline::time_point> credit_ends_at_;
  std::optional<std::int64_t> granted_;      // seconds that the credit lasts for, counted from the answer
  std::optional<overlay::refusal> failure_;  // why this end gave the call up
  std::shared_ptr<media_session> media_;
  std::shared_ptr<pstn::media::wav_recorder> recorder_;
  bool described_ = false;
  bool accepting_ = false;     // rung for long enough
  bool waiting_ = false;       // another call is the one that is heard
  std::shared_ptr<bool> held_ = std::make_shared<bool>(false);  // shared with what is played
  bool played_ = false;        // the file has ended
  bool digits_given_ = false;  // handed to the bridge
  std::string recording_;
  boost::asio::steady_timer ring_timer_;
  boost::asio::steady_timer dtmf_timer_;
  boost::asio::steady_timer duration_timer_;
  boost::asio::steady_timer tick_timer_;
  boost::asio::steady_timer end_timer_;
};

}  // namespace tollgate::gateway::peer
