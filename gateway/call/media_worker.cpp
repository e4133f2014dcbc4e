// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/media_worker.hpp"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include "gateway/call/media_call.hpp"
#include "gateway/overlay/datagram.hpp"
#include "gateway/overlay/stun.hpp"

namespace tollgate::gateway::call {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

constexpr int overlay_datagrams_at_once = 64;

}  // namespace

media_worker::media_worker(const media_options& options, std::size_t number, clocks c,
                           overlay::dtls_context certificate, asio::any_io_executor signalling,
                           std::shared_ptr<trunk_port_range> trunk_range)
    : options_(options),
      clocks_(std::move(c)),
      certificate_(std::move(certificate)),
      signalling_(std::move(signalling)),
      work_(context_.get_executor()),
      overlay_socket_(context_),
      trunk_range_(std::move(trunk_range)),
      number_(number) {
  const auto port = options_.overlay_port == 0 ? 0 : options_.overlay_port + number_;
  try {
    if (port > 65'535)  // more cores than ports above the first
      throw boost::system::system_error(asio::error::invalid_argument);
    bind_overlay(static_cast<std::uint16_t>(port));
  } catch (const boost::system::system_error& e) {
    throw boost::system::system_error(e.code(), "media.overlay_port " + std::to_string(port));
  }
  overlay_socket_.non_blocking(true);
  boost::system::error_code ignored;  // the kernel may grant less
  overlay_socket_.set_option(asio::socket_base::receive_buffer_size(4 << 20), ignored);
}

// UDP, and TCP on the same number. Any port will do for 0: then one that is free for both.
void media_worker::bind_overlay(std::uint16_t port) {
  constexpr int attempts = 16;
  const auto address = asio::ip::make_address(options_.address);
  for (int attempt = 1;; ++attempt) {
    const udp::endpoint local(address, port);
    overlay_socket_.open(local.protocol());
    overlay_socket_.bind(local);
    overlay_port_ = overlay_socket_.local_endpoint().port();
    if (!options_.ice_tcp) return;
    try {
      overlay_streams_ = std::make_shared<ice_tcp_listener>(
          context_, asio::ip::tcp::endpoint(address, overlay_port_), ice_tcp_limits{},
          [this](auto packet, const auto& source) { return on_overlay_datagram(packet, source); });
      return;
    } catch (const boost::system::system_error&) {
      if (port != 0 || attempt == attempts) throw;
      overlay_socket_.close();
    }
  }
}

media_worker::~media_worker() {
  stop();
}

void media_worker::start() {
  overlay_reader_ = std::make_shared<datagram_reader>(
      overlay_socket_, [this](auto datagram, const auto& source) { on_overlay_datagram(datagram, {source}); },
      overlay_datagrams_at_once);
  overlay_reader_->start();
  if (overlay_streams_) overlay_streams_->start();
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), ("media-" + std::to_string(number_)).c_str());
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
    if (overlay_streams_) overlay_streams_->stop();
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
    const bool its = entry.second.call == call && entry.second.device == device;
    if (its && overlay_streams_ && entry.first.protocol == overlay::transport_protocol::tcp)
      overlay_streams_->close(entry.first);
    return its;
  });
}

void media_worker::renew_device(const std::string& old_fragment, const std::string& new_fragment) {
  auto entry = by_fragment_.extract(old_fragment);
  if (entry.empty()) return;
  entry.key() = new_fragment;
  by_fragment_.insert(std::move(entry));
}

const media_worker::owner* media_worker::find_owner(std::span<const std::byte> datagram,
                                                    const overlay::transport_address& source) const {
  if (overlay::classify(datagram) == overlay::datagram_kind::stun) {
    const auto found = by_fragment_.find(overlay::local_username_fragment(datagram));
    return found == by_fragment_.end() ? nullptr : &found->second;
  }
  const auto found = by_address_.find(source);
  return found == by_address_.end() ? nullptr : &found->second;
}

bool media_worker::on_overlay_datagram(std::span<const std::byte> datagram,
                                       const overlay::transport_address& source) {
  const auto* found = find_owner(datagram, source);
  if (!found) return false;
  const auto [call, device] = *found;
  call->on_overlay_datagram(device, datagram, source, clocks_.steady());
  // An address that has just passed a check is the call's from now on: DTLS and RTP are found by it.
  if (overlay::classify(datagram) == overlay::datagram_kind::stun && call->has_validated(device, source)) {
    by_address_.insert_or_assign(source, owner{call, device});
    if (source.protocol == overlay::transport_protocol::tcp) overlay_streams_->prove(source);
  }
  return true;
}

void media_worker::send_overlay(std::span<const std::byte> datagram, const overlay::transport_address& to) {
  if (to.protocol == overlay::transport_protocol::tcp) {
    if (overlay_streams_) overlay_streams_->send(datagram, to);
    return;
  }
  boost::system::error_code ignored;  // a full socket buffer or an ICMP error is packet loss
  overlay_socket_.send_to(asio::buffer(datagram.data(), datagram.size()), to.endpoint, 0, ignored);
}

}  // namespace tollgate::gateway::call
