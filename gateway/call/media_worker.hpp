// SPDX-License-Identifier: Apache-2.0
// The thread behind media_engine: its event loop, the shared overlay socket with its two look-ups (ufrag,
// then address; RFC 7983), and the trunk ports. Everything but the constructor, stop() and bind_trunk_ports()
// runs on the worker's thread.
#pragma once

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <map>
#include <string>
#include <thread>
#include <unordered_map>

#include "gateway/call/media_engine.hpp"

namespace tollgate::gateway::call {

using udp_socket = boost::asio::ip::udp::socket;

// An RTP socket and, on the next port, an RTCP socket (RFC 3550 §11).
struct trunk_ports {
  udp_socket rtp;
  udp_socket rtcp;
  std::uint16_t port;
};

// Receives until the socket is closed: `on_datagram` gets each with its source. Batches what is ready, so
// that a burst costs one wake-up.
class datagram_reader : public std::enable_shared_from_this<datagram_reader> {
 public:
  using handler = std::function<void(std::span<const std::byte>, const boost::asio::ip::udp::endpoint&)>;
  datagram_reader(udp_socket& socket, handler on_datagram)
      : socket_(socket), on_datagram_(std::move(on_datagram)) {}
  void start();
  void stop() { on_datagram_ = nullptr; }  // before the socket goes

 private:
  void wait();

  udp_socket& socket_;
  handler on_datagram_;
  std::array<std::byte, 2048> buffer_{};
};

class media_worker : public std::enable_shared_from_this<media_worker> {
 public:
  media_worker(media_options options, clocks c, overlay::dtls_context certificate,
               boost::asio::any_io_executor signalling);
  ~media_worker();

  void start();
  void stop();  // joins the thread
  void attach(std::shared_ptr<media_call> call);
  void detach(const std::shared_ptr<media_call>& call);

  void add_device(const std::string& username_fragment, media_call* call, device_index device);
  void remove_device(const std::string& username_fragment, const media_call* call, device_index device);
  void send_overlay(std::span<const std::byte> datagram, const boost::asio::ip::udp::endpoint& to);

  // Any thread (one at a time: the signalling thread).
  boost::system::result<trunk_ports> bind_trunk_ports();

  boost::asio::io_context& context() { return context_; }
  const clocks& time() const { return clocks_; }
  const media_options& options() const { return options_; }
  const overlay::dtls_context& certificate() const { return certificate_; }
  const boost::asio::any_io_executor& signalling() const { return signalling_; }
  std::uint16_t overlay_port() const { return overlay_port_; }

 private:
  struct owner {
    media_call* call;
    device_index device;
  };
  void run();
  void on_overlay_datagram(std::span<const std::byte> datagram, const boost::asio::ip::udp::endpoint& source);
  const owner* find_owner(std::span<const std::byte> datagram,
                          const boost::asio::ip::udp::endpoint& source) const;

  media_options options_;
  clocks clocks_;
  overlay::dtls_context certificate_;
  boost::asio::any_io_executor signalling_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  udp_socket overlay_socket_;
  std::uint16_t overlay_port_ = 0;
  std::shared_ptr<datagram_reader> overlay_reader_;
  std::map<std::string, owner, std::less<>> by_fragment_;
  std::map<boost::asio::ip::udp::endpoint, owner> by_address_;
  std::unordered_map<const media_call*, std::shared_ptr<media_call>> calls_;
  std::uint32_t next_port_;
  std::thread thread_;
};

}  // namespace tollgate::gateway::call
