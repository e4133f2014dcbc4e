// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/media_call.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <random>

#include "pstn/media/rtp.hpp"

namespace tollgate::gateway::call {

namespace asio = boost::asio;
namespace media = pstn::media;
using asio::ip::udp;

namespace {

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

// Whether the far end says with this packet that it sends no more until somebody speaks: comfort noise (RFC
// 3389 §4), or a packet of G.729 that ends with a frame of it (RFC 3551 §4.5.6).
bool announces_silence(std::span<const std::byte> packet) {
  constexpr std::uint8_t comfort_noise = 13, g729 = 18;
  constexpr std::size_t g729_voice_bytes = 10, g729_noise_bytes = 2;
  const auto read = media::parse_rtp(packet);
  if (!read) return false;
  return read->header.payload_type == comfort_noise ||
         (read->header.payload_type == g729 && read->payload.size() % g729_voice_bytes == g729_noise_bytes);
}

}  // namespace

media_call::media_call(media_worker& worker, std::shared_ptr<media_teller> teller)
    : worker_(worker),
      teller_(std::move(teller)),
      bridge_(*this, random_seed()),
      watches_{silence_watch(worker.options().silence_timeout),
               silence_watch(worker.options().silence_timeout)} {}

media_call::~media_call() = default;

void media_call::begin() {
  deadline_.emplace(worker_.deadlines(), [this](time_point now) { on_deadline(now); });
}

void media_call::tell(media_message message) {
  asio::post(worker_.signalling(), [teller = teller_, message = std::move(message)]() mutable {
    if (teller->open) teller->tell(std::move(message));
  });
}

void media_call::add_device(device_index index, overlay::ice_credentials local) {
  if (shut_) return;
  overlay_transport::callbacks callbacks;
  callbacks.send = [this](auto datagram, const auto& to) { worker_.send_overlay(datagram, to); };
  callbacks.refused = [this](bad_packet why) { worker_.counters().refused(media::side::overlay, why); };
  callbacks.media = [this, index](auto packet, bool rtcp, time_point now) {
    on_overlay_media(index, packet, rtcp, now);
  };
  callbacks.connected = [this, index] {
    tell(media_event::overlay_connected{index, devices_[index].transport->profile()});
  };
  callbacks.failed = [this, index](std::string_view why) {
    tell(media_event::overlay_failed{index, std::string(why)});
  };
  if (devices_.size() <= index) devices_.resize(index + 1);
  worker_.add_device(local.username_fragment, this, index);
  devices_[index].transport = std::make_unique<overlay_transport>(std::move(local), std::move(callbacks));
}

void media_call::connect_overlay(device_index index, const overlay_remote& remote) {
  if (shut_ || index >= devices_.size() || !devices_[index].transport) return;
  devices_[index].leg = remote.leg;
  devices_[index].transport->connect(worker_.certificate(), remote.own_role, remote.certificate, remote.ice);
  if (chosen_ == index) attach_overlay();
}

void media_call::restart_overlay(device_index index, overlay::ice_credentials local,
                                 overlay::ice_credentials remote) {
  if (shut_ || index >= devices_.size() || !devices_[index].transport) return;
  auto& transport = *devices_[index].transport;
  worker_.renew_device(transport.local().username_fragment, local.username_fragment);
  transport.restart(std::move(local), std::move(remote));
}

void media_call::choose_device(device_index index) {
  if (shut_ || index >= devices_.size()) return;
  chosen_ = index;
  for (device_index other = 0; other < devices_.size(); ++other)
    if (other != index) close_device(other);
  attach_overlay();
}

void media_call::attach_overlay() {
  const auto& chosen = devices_[*chosen_];
  if (!chosen.leg || !chosen.transport) return;
  auto* transport = chosen.transport.get();
  bridge_.attach(
      media::side::overlay, *chosen.leg, [transport](auto packet) { transport->send(packet, false); },
      [transport](auto packet) { transport->send(packet, true); });
  watch_of(media::side::overlay).agreed(false, worker_.time().steady());
  schedule();
}

void media_call::close_device(device_index index) {
  auto& transport = devices_[index].transport;
  if (!transport) return;
  worker_.remove_device(transport->local().username_fragment, this, index);
  transport->close();
  transport.reset();
}

void media_call::open_trunk(std::shared_ptr<trunk_ports> ports, media::side at) {
  if (shut_) return;
  auto& phone = telephone_at(at);
  close_ports(phone);  // of the other family
  phone.ports = std::move(ports);
  const auto watch_socket = [this, at](const datagram_socket& socket, bool rtcp) {
    return worker_.sockets().watch(socket,
                                   [this, at, rtcp](auto packet, const auto& source, auto arrived_at) {
                                     on_trunk_datagram(at, packet, source, rtcp, arrived_at);
                                   });
  };
  phone.rtp_watched = watch_socket(phone.ports->rtp, false);
  phone.rtcp_watched = watch_socket(phone.ports->rtcp, true);
}

void media_call::close_ports(telephone& of) {
  if (!of.ports) return;
  worker_.sockets().forget(of.rtp_watched);
  worker_.sockets().forget(of.rtcp_watched);
  of.ports->rtp.close();
  of.ports->rtcp.close();
  of.rtp_to = of.rtcp_to = {};
}

void media_call::connect_trunk(const trunk_remote& remote, media::side at) {
  auto& phone = telephone_at(at);
  if (shut_ || !phone.ports) return;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(remote.address, error);
  if (error) return;
  // 0.0.0.0 is hold in the manner of RFC 2543 (RFC 3264 §8.4): an address of nobody, or, to the kernel, of
  // this machine.
  const bool is_somewhere = !address.is_unspecified();
  phone.rtp_to = {address, is_somewhere ? remote.port : std::uint16_t{0}};
  phone.rtcp_to = {address, is_somewhere ? remote.rtcp_port : std::uint16_t{0}};
  if (!std::exchange(phone.connected, true) && at == media::side::trunk) worker_.call_talks(true);
  phone.latched = false;
  if (remote.srtp && !phone.cipher) phone.cipher = std::make_unique<trunk_cipher>();
  if (phone.cipher) phone.cipher->use(remote.srtp);
  auto* to = &phone;
  bridge_.attach(
      at, remote.leg, [this, to](auto packet) { send_trunk(*to, packet, false); },
      [this, to](auto packet) { send_trunk(*to, packet, true); });
  watch_of(at).agreed(!remote.leg.sending, worker_.time().steady());
  schedule();
}

void media_call::disconnect_trunk(media::side at) {
  auto& phone = telephone_at(at);
  if (shut_ || !std::exchange(phone.connected, false)) return;
  if (at == media::side::trunk) worker_.call_talks(false);
  bridge_.detach(at);
  watch_of(at).arm(false, worker_.time().steady());
}

void media_call::send_trunk(telephone& at, std::span<const std::byte> packet, bool rtcp) {
  const udp::endpoint& to = rtcp ? at.rtcp_to : at.rtp_to;
  if (to.port() == 0) return;
  if (at.cipher) packet = at.cipher->sealed(packet, rtcp);
  if (packet.empty()) return;
  worker_.counters().sent(media::side::trunk);
  (rtcp ? at.ports->rtcp : at.ports->rtp).send(packet, to);
}

void media_call::with_bridge(const std::function<void(media::bridge&)>& change) {
  if (shut_) return;
  change(bridge_);
  schedule();
}

void media_call::watch_silence(media::side from, bool on) {
  watch_of(from).arm(on, worker_.time().steady());
  schedule();
}

media_report media_call::report() const {
  media_report report;
  report.overlay = bridge_.statistics(media::side::overlay);
  report.trunk = bridge_.statistics(media::side::trunk);
  report.foreign_packets = foreign_;
  for (device_index index = 0; index < devices_.size(); ++index) {
    if (!devices_[index].transport) continue;
    if (chosen_ == index) report.srtp_profile = devices_[index].transport->profile();
    report.foreign_packets += devices_[index].transport->dropped();
  }
  return report;
}

media_report media_call::shut() {
  if (shut_) return {};
  shut_ = true;
  const media_report last = report();
  deadline_.reset();
  if (telephone_at(media::side::trunk).connected) worker_.call_talks(false);
  bridge_.detach(media::side::overlay);
  bridge_.detach(media::side::trunk);
  for (device_index index = 0; index < devices_.size(); ++index)
    close_device(index);
  for (auto& phone : telephones_)
    close_ports(phone);
  return last;
}

bool media_call::has_validated(device_index index, const overlay::transport_address& source) const {
  return index < devices_.size() && devices_[index].transport && devices_[index].transport->validated(source);
}

void media_call::on_overlay_datagram(device_index index, std::span<const std::byte> datagram,
                                     const overlay::transport_address& source, time_point arrived_at) {
  if (shut_ || index >= devices_.size() || !devices_[index].transport) return;
  devices_[index].transport->receive(datagram, source, arrived_at);
  schedule();
}

void media_call::on_overlay_media(device_index index, std::span<const std::byte> packet, bool rtcp,
                                  time_point arrived_at) {
  if (chosen_ != index) return;
  receive(media::side::overlay, media::side::overlay, packet, rtcp, arrived_at);
}

void media_call::receive(media::side from, media::side counted, std::span<const std::byte> packet, bool rtcp,
                         time_point arrived_at) {
  auto& counters = worker_.counters();
  counters.received(counted);
  if (rtcp) {
    watch_of(from).reported(arrived_at);
    return bridge_.receive_rtcp(from, packet, arrived_at);
  }
  switch (bridge_.receive_rtp(from, packet, arrived_at)) {
    case media::packet_fate::taken:
      return watch_of(from).heard(arrived_at, counted == media::side::trunk && announces_silence(packet));
    case media::packet_fate::stray:
      return counters.refused(counted, bad_packet::wrong_ssrc);
    case media::packet_fate::malformed:
      return counters.refused(counted, bad_packet::malformed);
  }
}

bool media_call::from_trunk(telephone& at, const udp::endpoint& source, bool rtcp) {
  const auto& expected = rtcp ? at.rtcp_to : at.rtp_to;
  if (source == expected) return true;
  // One correction of the port, by the first RTP packet from the negotiated host (a carrier's NAT); nothing
  // after that.
  if (rtcp || at.latched || source.address() != expected.address()) return false;
  at.rtp_to = source;
  at.rtcp_to = {source.address(), static_cast<std::uint16_t>(source.port() + 1)};
  return true;
}

void media_call::on_trunk_datagram(media::side at, std::span<const std::byte> packet,
                                   const udp::endpoint& source, bool rtcp, time_point arrived_at) {
  auto& phone = telephone_at(at);
  if (shut_ || !phone.connected) return;
  auto& counters = worker_.counters();
  if (packet.size() > datagram_max_bytes) return counters.refused(media::side::trunk, bad_packet::oversized);
  const auto refuse_foreign = [&] {
    ++foreign_;
    counters.refused(media::side::trunk, bad_packet::foreign_address);
  };
  if (phone.cipher) {
    if (source.address() != (rtcp ? phone.rtcp_to : phone.rtp_to).address()) return refuse_foreign();
    const auto opened = phone.cipher->opened(packet, rtcp);
    if (!opened) return counters.refused(media::side::trunk, reason_of(opened.error()));
    packet = *opened;
  }
  if (!from_trunk(phone, source, rtcp)) return refuse_foreign();  // learns a port from what is genuine
  if (!rtcp && !std::exchange(phone.latched, true)) tell(media_event::heard{at});
  receive(at, media::side::trunk, packet, rtcp, arrived_at);
  schedule();
}

void media_call::digit_received(media::side from, char digit, std::chrono::milliseconds duration) {
  tell(media_event::digit{from, digit, duration});  // a mailbox listens, or SIP INFO carries it on
}

void media_call::playback_finished(media::side toward) {
  tell(media_event::playback_finished{toward});
}

void media_call::schedule() {
  if (!deadline_) return;
  auto next = time_point::max();
  const auto consider = [&next](const std::optional<time_point>& at) {
    if (at && *at < next) next = *at;
  };
  consider(bridge_.next_deadline());
  for (const auto& one : devices_)
    if (one.transport) consider(one.transport->next_deadline());
  for (const auto& one : watches_)
    consider(one.due());
  if (next >= deadline_->at()) return;  // it comes earlier anyway, and looks again then
  deadline_->set(next);
  worker_.deadline_set();
}

void media_call::on_deadline(time_point now) {
  bridge_.advance(now);
  for (auto& one : devices_)
    if (one.transport) one.transport->advance(now);
  check_silence(now);
  schedule();
}

void media_call::check_silence(time_point now) {
  for (const auto from : {media::side::overlay, media::side::trunk})
    if (watch_of(from).is_over(now)) tell(media_event::silent{from});
}

}  // namespace tollgate::gateway::call
