// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/media_worker.hpp"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include "gateway/call/media_call.hpp"
#include "gateway/logging/line.hpp"
#include "gateway/overlay/stun.hpp"

namespace tollgate::gateway::call {

namespace asio = boost::asio;
namespace media = pstn::media;

namespace {

// Turns and deadlines fall on it: one wake-up then serves those of a millisecond, instead of one each. It
// delays a frame by half of that on the average.
using turn_grid = std::chrono::milliseconds;
// The checks of a sample, half a second of them, fall on all phases of a frame's 20 ms: what the worker
// always does at one of them is no queue that stands.
constexpr auto load_check_interval = std::chrono::milliseconds(63);
constexpr int load_checks_a_sample = 8;

// All peers' packets wait in one socket. A process with CAP_NET_ADMIN gets what it asks for, others get at
// most net.core.rmem_max.
void make_room(datagram_socket& socket) {
  constexpr int wanted = 4 << 20;
  const int granted = socket.make_room(wanted);
  if (granted < wanted)
    spdlog::info("event=media_buffer_small bytes={} wanted={} remedy=\"sysctl net.core.rmem_max={}\"", granted,
                 wanted, wanted);
}

deadline_queue::time_point on_grid(deadline_queue::time_point at) {
  return deadline_queue::time_point(std::chrono::ceil<turn_grid>(at.time_since_epoch()));
}

}  // namespace

media_worker::media_worker(const media_options& options, std::size_t number, clocks c,
                           overlay::dtls_context certificate, asio::any_io_executor signalling,
                           std::shared_ptr<trunk_port_range> trunk_range)
    : options_(options),
      clocks_(std::move(c)),
      certificate_(std::move(certificate)),
      signalling_(std::move(signalling)),
      work_(context_.get_executor()),
      load_timer_(context_),
      policy_(options_.load),
      share_of_a_call_(policy_.share_of_a_call()),
      sockets_(clocks_),
      packet_comes_(context_),
      turn_timer_(context_),
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
  make_room(overlay_socket_);
}

// UDP, and TCP on the same number. Any port will do for 0: then one that is free for both.
void media_worker::bind_overlay(std::uint16_t port) {
  constexpr int attempts = 16;
  const auto address = asio::ip::make_address(options_.address);
  for (int attempt = 1;; ++attempt) {
    overlay_socket_ = datagram_socket::bind({address, port}).value();
    overlay_port_ = overlay_socket_.port();
    if (!options_.ice_tcp) return;
    try {
      overlay_streams_ = std::make_shared<ice_tcp_listener>(
          context_, asio::ip::tcp::endpoint(address, overlay_port_), ice_tcp_limits{},
          [this](auto packet, const auto& source) {
            return on_overlay_datagram(packet, source, clocks_.steady());
          });
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
  overlay_watched_ =
      sockets_.watch(overlay_socket_, [this](auto datagram, const auto& source, auto arrived_at) {
        on_overlay_datagram(datagram, {source}, arrived_at);
      });
  packet_comes_.assign(sockets_.descriptor());
  wait();
  if (overlay_streams_) overlay_streams_->start();
  watch_load();
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), ("media-" + std::to_string(number_)).c_str());
}

void media_worker::run() {
  meter_.begin(clocks_.steady());
  for (;;) {
    try {
      context_.run();
      return;
    } catch (const std::exception& e) {  // of one packet or one call: the others go on
      spdlog::critical("event=handler_failed thread=media error={}", logging::text(e.what()));
      if (std::exchange(in_turn_, false)) wait();
    }
  }
}

void media_worker::turn() {
  if (!overlay_socket_.is_open()) return;  // stopped
  in_turn_ = true;
  const auto now = clocks_.steady();
  packets_came_ = sockets_.read(now) > 0;
  deadlines_.run(now);
  in_turn_ = false;
  wait();
}

void media_worker::wait() {
  // While packets come the next is not far: it would only wake the worker before the turn that takes it in.
  if (packets_came_) return wait_for(std::min(deadlines_.next(), clocks_.steady()));
  wait_for(deadlines_.next());
  wait_for_packet();
}

// A turn on the grid, at that time or after it.
void media_worker::wait_for(deadline_queue::time_point at) {
  if (in_turn_ || at == deadline_queue::never) return;
  at = on_grid(at);
  if (at >= turn_at_) return;  // the timer comes earlier anyway, and looks again then
  turn_at_ = at;
  turn_timer_.expires_at(at);
  const auto due = [this](boost::system::error_code error) {
    if (error) return;
    turn_at_ = deadline_queue::never;
    turn();
  };
  turn_timer_.async_wait(asio::bind_allocator(handler_allocator<void>(memory_), due));
}

void media_worker::wait_for_packet() {
  if (std::exchange(waits_for_packet_, true)) return;
  const auto comes = [this](boost::system::error_code error) {
    waits_for_packet_ = false;
    if (!error) turn();
  };
  packet_comes_.async_wait(asio::posix::stream_descriptor::wait_read,
                           asio::bind_allocator(handler_allocator<void>(memory_), comes));
}

void media_worker::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] {
    sockets_.forget(overlay_watched_);
    overlay_socket_.close();
    packet_comes_.release();  // the poller closes it
    turn_timer_.cancel();
    load_timer_.cancel();
    if (overlay_streams_) overlay_streams_->stop();
    for (auto calls = std::exchange(calls_, {}); const auto& [key, call] : calls)
      call->shut();
    work_.reset();
  });
  thread_.join();
}

void media_worker::watch_load() {
  load_timer_.expires_after(load_check_interval);
  const auto due = [this](boost::system::error_code error) {
    if (error || !overlay_socket_.is_open()) return;  // stopped
    meter_.note_lag(asio::steady_timer::clock_type::now() - load_timer_.expiry());
    if (++load_checks_ % load_checks_a_sample == 0) judge_load();
    watch_load();
  };
  load_timer_.async_wait(asio::bind_allocator(handler_allocator<void>(memory_), due));
}

void media_worker::judge_load() {
  const auto now = clocks_.steady();
  auto sample = meter_.take(now);
  const auto talking = this->talking();
  sample.talking = std::min(talking, std::exchange(talking_before_, talking));
  cpu_share_.store(sample.cpu_share, std::memory_order_relaxed);
  if (!options_.shed_load) return;
  const auto before = policy_.level();
  const auto level = policy_.update(sample, now);
  share_of_a_call_.store(policy_.share_of_a_call(), std::memory_order_relaxed);
  if (level == before) return;
  level_.store(level, std::memory_order_relaxed);
  spdlog::warn(
      "event=media_load worker={} level={} before={} cpu_share={:.2f} lag_ms={:.1f} calls={}",
      number_, to_string(level), to_string(before), sample.cpu_share,
      std::chrono::duration<double, std::milli>(sample.standing_lag).count(), calls_.size());
  for (const auto& [key, call] : calls_)
    call->set_complexity(opus_complexity(level));
}

std::size_t media_worker::talking() const {
  return static_cast<std::size_t>(std::max(talking_.load(std::memory_order_relaxed), 0));
}

bool media_worker::has_room() const {
  if (!options_.shed_load) return true;
  load_prospect prospect{level(), cpu_share(), share_of_a_call_.load(std::memory_order_relaxed), talking()};
  prospect.coming = sessions_ - std::min(sessions_, prospect.talking);
  return call::has_room(options_.load, prospect);
}

void media_worker::attach(std::shared_ptr<media_call> call) {
  call->set_complexity(opus_complexity(policy_.level()));
  calls_.emplace(call.get(), call);
  call->begin();
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

const media_worker::owner* media_worker::find_owner(overlay::datagram_kind kind,
                                                    std::span<const std::byte> datagram,
                                                    const overlay::transport_address& source) const {
  if (kind == overlay::datagram_kind::stun) {
    const auto found = by_fragment_.find(overlay::local_username_fragment(datagram));
    return found == by_fragment_.end() ? nullptr : &found->second;
  }
  const auto found = by_address_.find(source);
  return found == by_address_.end() ? nullptr : &found->second;
}

bool media_worker::on_overlay_datagram(std::span<const std::byte> datagram,
                                       const overlay::transport_address& source,
                                       deadline_queue::time_point arrived_at) {
  const auto refuse = [this](bad_packet why) {
    counters_.refused(media::side::overlay, why);
    return false;
  };
  const auto kind = overlay::classify(datagram);
  if (datagram.size() > datagram_max_bytes) return refuse(bad_packet::oversized);
  if (kind == overlay::datagram_kind::unknown) return refuse(bad_packet::malformed);
  const auto* found = find_owner(kind, datagram, source);
  if (!found) return refuse(bad_packet::foreign_address);
  const auto [call, device] = *found;
  call->on_overlay_datagram(device, datagram, source, arrived_at);
  // An address that has just passed a check is the call's from now on: DTLS and RTP are found by it.
  if (kind == overlay::datagram_kind::stun && call->has_validated(device, source)) {
    by_address_.insert_or_assign(source, owner{call, device});
    if (source.protocol == overlay::transport_protocol::tcp) overlay_streams_->prove(source);
  }
  return true;
}

void media_worker::send_overlay(std::span<const std::byte> datagram, const overlay::transport_address& to) {
  counters_.sent(media::side::overlay);
  if (to.protocol == overlay::transport_protocol::tcp) {
    if (overlay_streams_) overlay_streams_->send(datagram, to);
    return;
  }
  overlay_socket_.send(datagram, to.endpoint);
}

}  // namespace tollgate::gateway::call
