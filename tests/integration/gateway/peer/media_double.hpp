// SPDX-License-Identifier: Apache-2.0
// The media end of a gateway for the peer's tests: ICE-lite on a UDP port of its own, DTLS, SRTP, and a
// bridge that plays a tone and listens.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/overlay/dtls.hpp"
#include "gateway/overlay/ice_lite.hpp"
#include "gateway/overlay/webrtc_description.hpp"
#include "pstn/media/bridge.hpp"
#include "pstn/media/srtp.hpp"

namespace tollgate::gateway::peer::test {

class media_double : public std::enable_shared_from_this<media_double>, private pstn::media::bridge_observer {
 public:
  media_double(boost::asio::io_context& context, const overlay::dtls_context& dtls);
  virtual ~media_double() = default;

  overlay::webrtc_description offer() const;
  /// Answers and begins to listen. `claimed`: a fingerprint other than the true one, to be caught.
  overlay::webrtc_description answer(const overlay::webrtc_description& offer,
                                     std::optional<overlay::fingerprint> claimed);
  void accept(const overlay::webrtc_description& answer);
  void close();

  const std::string& digits() const { return digits_; }
  const std::vector<std::int16_t>& heard() const { return *heard_; }
  int heard_rate_hz() const { return heard_rate_hz_; }
  bool connected() const { return srtp_.has_value(); }

 private:
  class listener;

  void digit_received(pstn::media::side, char digit, std::chrono::milliseconds) override { digits_ += digit; }
  void playback_finished(pstn::media::side) override {}

  void begin(const overlay::webrtc_description& remote, overlay::dtls_setup own);
  void receive();
  void on_datagram(std::size_t length);
  void on_stun(std::span<const std::byte> datagram);
  void on_dtls(std::span<const std::byte> datagram);
  void on_media(std::span<const std::byte> datagram, bool rtp);
  void begin_media();
  void send_protected(std::span<const std::byte> packet, bool rtcp);
  void arm();

  overlay::dtls_context dtls_context_;
  boost::asio::ip::udp::socket socket_;
  boost::asio::steady_timer timer_;
  overlay::ice_credentials local_;
  overlay::answer_parameters own_;
  std::optional<overlay::webrtc_description> remote_;
  std::optional<overlay::ice_lite_agent> ice_;
  overlay::dtls_role role_ = overlay::dtls_role::server;
  std::optional<overlay::dtls_endpoint> dtls_;
  std::optional<pstn::media::srtp_session> srtp_;
  std::array<std::byte, 2048> incoming_{};
  std::array<std::byte, 2048> outgoing_{};
  boost::asio::ip::udp::endpoint source_;
  std::string digits_;
  std::shared_ptr<std::vector<std::int16_t>> heard_ = std::make_shared<std::vector<std::int16_t>>();
  int heard_rate_hz_ = 0;
  bool closed_ = false;
  pstn::media::bridge bridge_;
};

}  // namespace tollgate::gateway::peer::test
