// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/media_engine.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <thread>
#include <utility>

#include "gateway/call/media_worker.hpp"

namespace tollgate::gateway::call {

media_engine::media_engine(media_options options, clocks c, overlay::dtls_context certificate,
                           boost::asio::any_io_executor signalling) {
  std::optional<boost::asio::ip::address> second;
  if (!options.address6.empty()) second = boost::asio::ip::make_address(options.address6);
  const auto range =
      std::make_shared<trunk_port_range>(boost::asio::ip::make_address(options.address), second,
                                         options.trunk_port_low, options.trunk_port_high);
  const std::size_t count =
      options.workers != 0 ? options.workers : std::max<std::size_t>(std::thread::hardware_concurrency(), 1);
  for (std::size_t number = 0; number < count; ++number)
    workers_.push_back(std::make_shared<media_worker>(options, number, c, certificate, signalling, range));
  for (const auto& worker : workers_)  // only when all have their ports
    worker->start();
}

media_engine::~media_engine() {
  for (const auto& worker : workers_)
    worker->stop();
}

std::shared_ptr<media_session> media_engine::open(std::function<void(media_message)> tell, urgency of) {
  const auto goes_before = [](const auto& one, const auto& other) {
    return std::pair(!one->has_room(), one->sessions()) < std::pair(!other->has_room(), other->sessions());
  };
  const auto& best = *std::min_element(workers_.begin(), workers_.end(), goes_before);
  if (of == urgency::emergency || best->has_room())
    return std::make_shared<media_session>(best, std::move(tell));
  ++refused_;
  return nullptr;
}

bool media_engine::admit() {
  const auto with_room = [](const auto& worker) { return worker->has_room(); };
  if (std::any_of(workers_.begin(), workers_.end(), with_room)) return true;
  ++refused_;
  return false;
}

media_figures media_engine::figures() const {
  using pstn::media::side;
  media_figures all;
  all.calls_refused = refused_;
  const auto add = [](media_figures::side_figures& to, const media_counters& from, side which) {
    to.received += from.packets_received(which);
    to.sent += from.packets_sent(which);
    for (std::size_t kind = 0; kind < bad_packet_kinds; ++kind)
      to.refused[kind] += from.packets_refused(which, static_cast<bad_packet>(kind));
  };
  for (const auto& worker : workers_) {
    all.workers.push_back({worker->level(), worker->cpu_share(), worker->sessions()});
    add(all.overlay, std::as_const(*worker).counters(), side::overlay);
    add(all.trunk, std::as_const(*worker).counters(), side::trunk);
  }
  return all;
}

std::uint16_t media_engine::first_overlay_port() const {
  return workers_.front()->overlay_port();
}

const overlay::fingerprint& media_engine::fingerprint() const {
  return workers_.front()->certificate().own_certificate().digest();
}

bool media_engine::takes_tcp() const {
  return workers_.front()->options().ice_tcp;
}

}  // namespace tollgate::gateway::call
