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
  const udp::endpoint local(asio::ip::make_address(options_.address), static_cast<std::uint16_t>(port));
  boost::system::error_code error;
  overlay_socket_.open(local.protocol(), error);
  if (port > 65'535) error = asio::error::invalid_argument;  // more cores than ports above the first
  if (!error) overlay_socket_.bind(local, error);
  if (error) throw boost::system::system_error(error, "media.overlay_port " + std::to_string(port));
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

}  // namespace tollgate::gateway::call
