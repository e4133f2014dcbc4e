// SPDX-License-Identifier: Apache-2.0
#include "gateway/call/media_engine.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <thread>

#include "gateway/call/media_worker.hpp"

namespace tollgate::gateway::call {

media_engine::media_engine(media_options options, clocks c, overlay::dtls_context certificate,
                           boost::asio::any_io_executor signalling) {
  const auto range = std::make_shared<trunk_port_range>(boost::asio::ip::make_address(options.address),
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

std::shared_ptr<media_session> media_engine::open(std::function<void(media_message)> tell) {
  const auto fewer = [](const auto& a, const auto& b) { return a->sessions() < b->sessions(); };
  const auto least = std::min_element(workers_.begin(), workers_.end(), fewer);
  return std::make_shared<media_session>(*least, std::move(tell));
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
