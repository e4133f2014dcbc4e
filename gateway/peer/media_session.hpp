// SPDX-License-Identifier: Apache-2.0
// The media of one call at the peer: ICE, over it DTLS, from it SRTP, and a bridge with one leg that plays,
// records and sends digits. Runs on one executor; the timers and clock of the bridge are here.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/overlay/dtls.hpp"
#include "gateway/overlay/webrtc_description.hpp"
#include "gateway/peer/ice_agent.hpp"
#include "pstn/media/bridge.hpp"
#include "pstn/media/srtp.hpp"

namespace tollgate::gateway::peer {

/// Each is posted to the executor: a handler may do anything, destroy the session among it.
struct media_events {
  std::function<void()> described;              ///< once: local() is there
  std::function<void()> up;                     ///< once: keys agreed, audio flows
  std::function<void(std::string why)> failed;  ///< once: no path, a refused handshake, or the path is lost
  std::function<void(char digit)> digit;        ///< heard from the far end
  std::function<void()> played;                 ///< what was played has ended by itself
};

class media_session final : public std::enable_shared_from_this<media_session>,
                            private pstn::media::bridge_observer {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `glib` outlives it. Gathering begins at once.
  static std::shared_ptr<media_session> start(glib_thread& glib, boost::asio::any_io_executor executor,
                                              overlay::dtls_context dtls, ice_options options,
                                              media_events events);
  media_session(const media_session&) = delete;
  media_session& operator=(const media_session&) = delete;
  ~media_session();

  /// This end, for an offer or an answer; after events.described only.
  const overlay::answer_parameters& local() const { return local_; }
  overlay::webrtc_description offer() const;
  overlay::webrtc_description answer(const overlay::webrtc_description& offer) const;

  /// The far end's description, and our own a=setup towards it. Checks begin; only the first call counts.
  void connect(const overlay::webrtc_description& remote, overlay::dtls_setup own);

  bool up() const { return srtp_.has_value(); }
  std::string_view srtp_profile() const;  ///< empty before events.up
  std::string_view dtls_cipher() const;

  void play(std::shared_ptr<pstn::media::audio_source> source);
  void record(std::shared_ptr<pstn::media::audio_sink> sink);
  void send_digits(std::string_view digits);
  bool sending_digits() const;
  pstn::media::leg_statistics statistics() const;

  /// RTCP BYE, close_notify, and no event any more.
  void close();

 private:
  class key {};  // only start() constructs

 public:
  media_session(key, boost::asio::any_io_executor executor, overlay::dtls_context dtls, media_events events);

 private:
  void digit_received(pstn::media::side from, char digit, std::chrono::milliseconds duration) override;
  void playback_finished(pstn::media::side toward) override;

  void open(glib_thread& glib, ice_options options);
  void on_gathered(ice_description description);
  void on_connected();
  void on_received(std::span<const std::byte> datagram);
  void after_dtls();
  void begin_media();
  void send_protected(std::span<const std::byte> packet, bool rtcp);
  void fail(std::string why);
  void arm();
  void on_timer();
  template <typename Function>
  void tell(Function function);

  boost::asio::any_io_executor executor_;
  overlay::dtls_context dtls_context_;
  media_events events_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<ice_agent> ice_;
  overlay::answer_parameters local_;
  std::optional<overlay::webrtc_description> remote_;
  overlay::dtls_role role_ = overlay::dtls_role::client;
  std::optional<overlay::dtls_endpoint> dtls_;
  std::optional<pstn::media::srtp_session> srtp_;
  std::array<std::byte, 2048> sending_{};
  std::array<std::byte, 2048> receiving_{};
  bool over_ = false;
  pstn::media::bridge bridge_;  // last: its sinks and its observer are above
};

}  // namespace tollgate::gateway::peer
