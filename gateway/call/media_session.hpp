// SPDX-License-Identifier: Apache-2.0
// One call's media as its signalling sees it: devices on the overlay side, a port on the trunk side, and a
// bridge between. Called on the signalling thread; the work is done by the media worker that the call is
// pinned to.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/call/media_event.hpp"
#include "gateway/overlay/dtls.hpp"
#include "gateway/overlay/ice_lite.hpp"
#include "pstn/media/bridge.hpp"
#include "pstn/media/srtp_keys.hpp"
#include "pstn/sip/address_family.hpp"

namespace tollgate::gateway::call {

class media_worker;
class media_call;
struct media_teller;

// What an overlay device said of itself in its offer or answer.
struct overlay_remote {
  overlay::ice_credentials ice;
  overlay::fingerprint certificate;
  overlay::dtls_role own_role;  // ours, by both a=setup
  pstn::media::leg_parameters leg;
};

// Where a trunk wants its RTP, by its offer or answer. RTP is accepted from this address only, until it has
// been learnt once from the first packet (RTP Bleed; carriers behind NAT).
struct trunk_remote {
  std::string address;
  std::uint16_t port = 0;
  std::uint16_t rtcp_port = 0;
  pstn::media::leg_parameters leg;
  std::optional<pstn::media::srtp_keys> srtp{};  // none: plain RTP
};

class media_session {
 public:
  media_session(std::shared_ptr<media_worker> worker, std::function<void(media_message)> tell);
  ~media_session();
  media_session(const media_session&) = delete;
  media_session& operator=(const media_session&) = delete;

  // UDP port of the worker that the call is pinned to: where its peers send, for every description that we
  // make.
  std::uint16_t overlay_port() const;

  // Our ICE credentials for one more device; valid at once, answered after connect_overlay.
  struct local_device {
    device_index index;
    overlay::ice_credentials ice;
  };
  local_device add_device();
  void connect_overlay(device_index device, overlay_remote remote);
  // An ICE restart of a live device: its new credentials for ours.
  local_device restart_overlay(device_index device, overlay::ice_credentials remote);
  // The voice of this device, and no other's, is the call's from now on; the others are closed.
  void choose_device(device_index device);

  // Binds an RTP and an RTCP port (the next odd one) for the telephone on that side: the trunk's, or, in a
  // call without a device, the other one; of that family, or of the only one there is. Those that the side
  // has already stay, unless they are of the other family: then they are closed, and the telephone is to be
  // connected anew. Error: every port of the range is taken; what there was stays.
  boost::system::result<std::uint16_t> open_trunk(
      pstn::media::side at = pstn::media::side::trunk,
      pstn::sip::address_family family = pstn::sip::address_family::ipv4);
  // Also with what a re-INVITE has changed.
  void connect_trunk(trunk_remote remote, pstn::media::side at = pstn::media::side::trunk);
  // That telephone has gone; another one may be connected by the same port.
  void disconnect_trunk(pstn::media::side at);

  void connect_voice(bool connected);
  void play(pstn::media::side toward, std::shared_ptr<pstn::media::audio_source> source,
            pstn::media::play_mode mode);
  void stop_playing(pstn::media::side toward);
  // Records whole (pstn::media::record_mode). `finished` is called on the signalling thread after the last
  // sample, once stop_recording has taken effect.
  void record(pstn::media::side from, std::shared_ptr<pstn::media::audio_sink> sink);
  void stop_recording(pstn::media::side from, std::function<void()> finished);
  void send_digits(pstn::media::side toward, std::string digits, std::chrono::milliseconds duration);
  // Whether a side that falls silent for the configured time is told. One that has put the call on hold is
  // silent by right, and so is one that has announced it by comfort noise, for ten times as long.
  void watch_silence(pstn::media::side from, bool on);

  // What the media has amounted to so far; arrives on the signalling thread, unless it is closed before.
  void report(std::function<void(media_report)> report);
  // Ends all media at once; the report arrives on the signalling thread. Only the first close reports.
  void close(std::function<void(media_report)> report);

 private:
  template <class Work>
  void on_worker(Work work);

  std::shared_ptr<media_worker> worker_;
  std::shared_ptr<media_teller> teller_;
  std::shared_ptr<media_call> call_;
  device_index devices_ = 0;
  struct opened {
    pstn::sip::address_family family;
    std::uint16_t port;
  };
  std::array<std::optional<opened>, 2> opened_;  // by side
};

}  // namespace tollgate::gateway::call
