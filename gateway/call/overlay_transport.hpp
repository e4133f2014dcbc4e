// SPDX-License-Identifier: Apache-2.0
// The path to one overlay device: ICE-lite, DTLS and SRTP in the order in which they must come up. Lives on a
// media worker; free of IO itself: datagrams come in with their source, go out through a sink.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "gateway/call/media_counters.hpp"
#include "gateway/overlay/datagram.hpp"
#include "gateway/overlay/dtls.hpp"
#include "gateway/overlay/ice_lite.hpp"
#include "pstn/media/srtp.hpp"

namespace tollgate::gateway::call {

class overlay_transport {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  struct callbacks {
    std::function<void(std::span<const std::byte>, const overlay::transport_address&)> send;
    std::function<void(std::span<const std::byte>, bool rtcp, time_point)> media;  // decrypted
    std::function<void(bad_packet why)> refused;
    std::function<void()> connected;                   // keys are there
    std::function<void(std::string_view why)> failed;  // DTLS will not come up
  };

  overlay_transport(overlay::ice_credentials local, callbacks c);

  // What the other end signed for. Nothing is answered before this. Once.
  void connect(const overlay::dtls_context& context, overlay::dtls_role role,
               const overlay::fingerprint& fingerprint, overlay::ice_credentials remote);

  // New ICE credentials of both ends; keys and DTLS stay (RFC 8445 §9).
  void restart(overlay::ice_credentials local, overlay::ice_credentials remote);
  // Whether this address has passed a check.
  bool validated(const overlay::transport_address& source) const;

  void receive(std::span<const std::byte> datagram, const overlay::transport_address& source, time_point now);
  // Protects and sends a plain packet; dropped before the keys are there.
  void send(std::span<const std::byte> packet, bool rtcp);
  void close();

  std::optional<time_point> next_deadline() const;
  void advance(time_point now);

  const overlay::ice_credentials& local() const { return local_; }
  std::string profile() const;
  // Packets that were not for this call: unknown address, failed authentication, replay.
  std::uint64_t dropped() const { return dropped_; }

 private:
  void receive_stun(std::span<const std::byte> datagram, const overlay::transport_address& source,
                    time_point now);
  void receive_media(std::span<const std::byte> datagram, bool rtcp, time_point now);
  void check_dtls();
  void refuse(bad_packet why);

  overlay::ice_credentials local_;
  callbacks callbacks_;
  std::optional<overlay::ice_lite_agent> ice_;
  std::optional<overlay::dtls_endpoint> dtls_;
  std::optional<pstn::media::srtp_session> srtp_;
  bool started_ = false;
  bool settled_ = false;  // connected or failed has been told
  std::uint64_t dropped_ = 0;
  std::array<std::byte, 2048> buffer_{};  // a datagram being decrypted
  std::array<std::byte, 2048>
      send_buffer_{};  // a packet being encrypted: one may be sent while one is received
};

}  // namespace tollgate::gateway::call
