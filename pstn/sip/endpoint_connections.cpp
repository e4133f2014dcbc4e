// SPDX-License-Identifier: Apache-2.0
// Connections of strangers: opened, closed and cut.
#include <algorithm>
#include <exception>

#include "pstn/sip/call.hpp"
#include "pstn/sip/endpoint.hpp"

namespace tollgate::pstn::sip {
namespace {

constexpr int looks_per_idle_time = 4;

}  // namespace

bool endpoint::admits(const source_address& from) noexcept {
  try {
    if (!is_stranger(from) || connections_.admits(from)) return true;
    ++connections_cut_;
  } catch (const std::exception& error) {
    log(error.what());
  }
  return false;
}

void endpoint::opened(const void* transport, const source_address& from) noexcept {
  guarded([&] {
    if (!is_stranger(from)) return;
    const bool is_first = connections_.size() == 0;
    connections_.opened(transport, from, options_.now());
    if (is_first) plan_cuts();
  });
}

void endpoint::closed(const void* transport) noexcept {
  connections_.closed(transport);
}

void endpoint::plan_cuts() {
  if (!cut_timer_) cut_timer_ = std::make_unique<timer>(root_, [this] { cut_idle_connections(); });
  const auto pause = std::chrono::milliseconds(options_.stranger_connections.idle) / looks_per_idle_time;
  cut_timer_->start(std::max(pause, std::chrono::milliseconds(100)));
}

void endpoint::cut_idle_connections() {
  const auto is_spared = [this](const source_address& from) { return !is_stranger(from); };
  for (const void* transport : connections_.take_idle(options_.now(), is_spared)) {
    ++connections_cut_;
    cut_connection(transport);
  }
  if (connections_.size() > 0) plan_cuts();
}

}  // namespace tollgate::pstn::sip
