// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/media_worker.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include "gateway/call/media_call.hpp"
#include "gateway/overlay/datagram.hpp"
#include "gateway/overlay/stun.hpp"

namespace tollgate::gateway::call {

namespace asio = boost::asio;
using asio::ip::udp;

void datagram_reader::start() {
  wait();
}

void datagram_reader::wait() {
  socket_.async_wait(udp_socket::wait_read, [self = shared_from_this()](boost::system::error_code error) {
    if (error || !self->on_datagram_) return;
    for (int i = 0; i < 64; ++i) {  // then let the timers have their turn
      udp::endpoint source;
      const auto size = self->socket_.receive_from(asio::buffer(self->buffer_), source, 0, error);
      if (error == asio::error::would_block) break;
      if (error) continue;  // an ICMP error of an earlier send
      self->on_datagram_(std::span(self->buffer_).first(size), source);
      if (!self->on_datagram_) return;
    }
    self->wait();
  });
}

media_worker::media_worker(media_options options, clocks c, overlay::dtls_context certificate,
                           asio::any_io_executor signalling)
    : options_(std::move(options)),
      clocks_(std::move(c)),
      certificate_(std::move(certificate)),
      signalling_(std::move(signalling)),
      work_(context_.get_executor()),
      overlay_socket_(context_),
      next_port_(options_.trunk_port_low) {
  const udp::endpoint local(asio::ip::make_address(options_.address), options_.overlay_port);
  overlay_socket_.open(local.protocol());
  overlay_socket_.bind(local);
  overlay_socket_.non_blocking(true);
  boost::system::error_code ignored;  // the kernel may grant less
  overlay_socket_.set_option(asio::socket_base::receive_buffer_size(4 << 20), ignored);
  overlay_port_ = overlay_socket_.local_endpoint().port();
}

media_worker::~media_worker() {
  stop();
}

void media_worker::start() {
  overlay_reader_ = std::make_shared<datagram_reader>(
      overlay_socket_, [this](auto datagram, const auto& source) { on_overlay_datagram(datagram, source); });
  overlay_reader_->start();
  thread_ = std::thread([this] { run(); });
}

void media_worker::run() {
  for (;;) {
    try {
      context_.run();
      return;
    } catch (const std::exception& e) {  // of one packet or one call: the others go on
      spdlog::critical("event=handler_failed thread=media error=\"{}\"", e.what());
    }
  }
}

void media_worker::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] {
    overlay_reader_->stop();
    overlay_socket_.close();
    for (auto calls = std::exchange(calls_, {}); const auto& [key, call] : calls)
      call->shut();
    work_.reset();
  });
  thread_.join();
}

void media_worker::attach(std::shared_ptr<media_call> call) {
  calls_.emplace(call.get(), call);
}

void media_worker::detach(const std::shared_ptr<media_call>& call) {
  calls_.erase(call.get());
}

void media_worker::add_device(const std::string& fragment, media_call* call, device_index device) {
  by_fragment_.insert_or_assign(fragment, owner{call, device});
}

void media_worker::remove_device(const std::string& fragment, const media_call* call, device_index device) {
  by_fragment_.erase(fragment);
  std::erase_if(by_address_, [&](const auto& entry) {
    return entry.second.call == call && entry.second.device == device;
  });
}

const media_worker::owner* media_worker::find_owner(std::span<const std::byte> datagram,
                                                    const udp::endpoint& source) const {
  if (overlay::classify(datagram) == overlay::datagram_kind::stun) {
    const auto found = by_fragment_.find(overlay::local_username_fragment(datagram));
    return found == by_fragment_.end() ? nullptr : &found->second;
  }
  const auto found = by_address_.find(source);
  return found == by_address_.end() ? nullptr : &found->second;
}

void media_worker::on_overlay_datagram(std::span<const std::byte> datagram, const udp::endpoint& source) {
  const auto* found = find_owner(datagram, source);
  if (!found) return;
  const auto [call, device] = *found;
  call->on_overlay_datagram(device, datagram, source, clocks_.steady());
  // An address that has just passed a check is the call's from now on: DTLS and RTP are found by it.
  if (call->has_validated(device, source)) by_address_.insert_or_assign(source, owner{call, device});
}

void media_worker::send_overlay(std::span<const std::byte> datagram, const udp::endpoint& to) {
  boost::system::error_code ignored;  // a full socket buffer or an ICMP error is packet loss
  overlay_socket_.send_to(asio::buffer(datagram.data(), datagram.size()), to, 0, ignored);
}

boost::system::result<trunk_ports> media_worker::bind_trunk_ports() {
  const auto address = asio::ip::make_address(options_.address);
  const std::uint32_t low = (options_.trunk_port_low + 1U) & ~1U;  // RTP ports are even
  const std::uint32_t high = options_.trunk_port_high;
  if (low + 1 > high) return boost::system::error_code(asio::error::address_in_use);
  for (std::uint32_t tried = 0; tried <= high - low; tried += 2) {
    if (next_port_ < low || next_port_ + 1 > high) next_port_ = low;
    const auto port = static_cast<std::uint16_t>(next_port_ & ~1U);
    next_port_ = port + 2U;
    trunk_ports ports{udp_socket(context_), udp_socket(context_), port};
    boost::system::error_code error;
    const auto bind = [&](udp_socket& socket, std::uint16_t number) {
      const udp::endpoint local(address, number);
      if (!error) socket.open(local.protocol(), error);
      if (!error) socket.bind(local, error);
      if (!error) socket.non_blocking(true, error);
    };
    bind(ports.rtp, port);
    bind(ports.rtcp, static_cast<std::uint16_t>(port + 1));
    if (!error) return ports;
  }
  return boost::system::error_code(asio::error::address_in_use);
}

}  // namespace tollgate::gateway::call
