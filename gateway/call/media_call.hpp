// SPDX-License-Identifier: Apache-2.0
// One call's media on its worker: transports of the overlay devices, the trunk's sockets, the bridge, and one
// timer for all of their deadlines. Every member runs on the worker's thread.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "gateway/call/deadline_queue.hpp"
#include "gateway/call/media_session.hpp"
#include "gateway/call/media_worker.hpp"
#include "gateway/call/overlay_transport.hpp"
#include "gateway/call/silence_watch.hpp"
#include "gateway/call/trunk_cipher.hpp"

namespace tollgate::gateway::call {

// Carries messages to the signalling thread, until closed there.
struct media_teller {
  std::function<void(media_message)> tell;
  bool open = true;  // signalling thread only
};

class media_call final : private pstn::media::bridge_observer {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  media_call(media_worker& worker, std::shared_ptr<media_teller> teller);
  ~media_call();

  void begin();  // on the worker's thread, before anything else

  void add_device(device_index index, overlay::ice_credentials local);
  void connect_overlay(device_index index, const overlay_remote& remote);
  void restart_overlay(device_index index, overlay::ice_credentials local, overlay::ice_credentials remote);
  void choose_device(device_index index);
  // A telephone stands on the trunk's side, and in a forwarded call on the devices' side as well.
  void open_trunk(std::shared_ptr<trunk_ports> ports, pstn::media::side at);
  void connect_trunk(const trunk_remote& remote, pstn::media::side at);
  void disconnect_trunk(pstn::media::side at);
  // Something on the bridge was changed by `change`; deadlines follow.
  void with_bridge(const std::function<void(pstn::media::bridge&)>& change);
  void watch_silence(pstn::media::side from, bool on);
  media_report report() const;  // so far
  void set_complexity(int complexity) { bridge_.set_complexity(complexity); }
  media_report shut();

  bool has_validated(device_index index, const overlay::transport_address& source) const;
  void on_overlay_datagram(device_index index, std::span<const std::byte> datagram,
                           const overlay::transport_address& source, time_point arrived_at);

 private:
  struct device {
    std::unique_ptr<overlay_transport> transport;
    std::optional<pstn::media::leg_parameters> leg;  // attached to the bridge when this device is chosen
  };
  struct telephone {
    std::shared_ptr<trunk_ports> ports;
    std::shared_ptr<datagram_poller::watched> rtp_watched, rtcp_watched;
    std::unique_ptr<trunk_cipher> cipher;  // none: it was plain RTP always
    boost::asio::ip::udp::endpoint rtp_to, rtcp_to;
    bool connected = false;
    bool latched = false;
  };
  void digit_received(pstn::media::side from, char digit, std::chrono::milliseconds duration) override;
  void playback_finished(pstn::media::side toward) override;

  void on_overlay_media(device_index index, std::span<const std::byte> packet, bool rtcp,
                        time_point arrived_at);
  void on_trunk_datagram(pstn::media::side at, std::span<const std::byte> packet,
                         const boost::asio::ip::udp::endpoint& source, bool rtcp, time_point arrived_at);
  // False for one of neither the negotiated address nor, once, its other port.
  static bool from_trunk(telephone& at, const boost::asio::ip::udp::endpoint& source, bool rtcp);
  void send_trunk(telephone& at, std::span<const std::byte> packet, bool rtcp);
  // `counted`: as what the packet goes into the counters.
  void receive(pstn::media::side from, pstn::media::side counted, std::span<const std::byte> packet,
               bool rtcp, time_point arrived_at);
  void close_ports(telephone& of);
  void attach_overlay();
  void close_device(device_index index);
  void tell(media_message message);
  void schedule();
  void on_deadline(time_point now);
  void check_silence(time_point now);
  static std::size_t place_of(pstn::media::side which) { return which == pstn::media::side::overlay ? 0 : 1; }
  silence_watch& watch_of(pstn::media::side from) { return watches_[place_of(from)]; }
  telephone& telephone_at(pstn::media::side which) { return telephones_[place_of(which)]; }

  media_worker& worker_;
  std::shared_ptr<media_teller> teller_;
  pstn::media::bridge bridge_;
  std::vector<device> devices_;
  std::optional<device_index> chosen_;
  std::array<telephone, 2> telephones_;
  std::array<silence_watch, 2> watches_;
  std::uint64_t foreign_ = 0;
  std::optional<deadline_queue::deadline> deadline_;  // from begin() until shut()
  bool shut_ = false;
};

}  // namespace tollgate::gateway::call
